/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

static void add(tw_exam_t *exam, tw_verdict_kind_t kind, const char *fix,
                const char *says)
{
    tw_verdict_t verdict = { kind, exam->check, says, fix };

    APR_ARRAY_PUSH(exam->verdicts, tw_verdict_t) = verdict;
}

void tw_exam_say(tw_exam_t *exam, tw_verdict_kind_t kind, const char *fix,
                 const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(exam, kind, fix, apr_pvsprintf(exam->pool, fmt, args));
    va_end(args);
}

void tw_exam_say_err(tw_exam_t *exam, tw_verdict_kind_t kind, const char *fix,
                     const tw_err_t *err)
{
    add(exam, kind, err->advice ? err->advice : fix,
        err->why ? err->why : "a library did not start");
}

int tw_exam_is_about_connections(const tw_exam_t *exam,
                                 const tw_finding_t *finding)
{
    return finding->server == exam->server && finding->place
           && !strcmp(finding->place, "TwAuthDatabaseCalls");
}

int tw_exam_has_said(const tw_exam_t *exam)
{
    int i;

    for (i = 0; i < exam->verdicts->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(exam->verdicts, i, tw_verdict_t).check,
                    exam->check)) {
            return 1;
        }
    }
    return 0;
}
