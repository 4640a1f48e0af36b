/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam: the examination of one virtual host by the doctor.
 *
 * What checks are given, what they share, and what they find: verdicts, each
 * of which says what is so and, where it should be otherwise, what to do.
 * Whatever is looked at stays as it was.
 */
#ifndef TW_ADMIN_EXAM_H
#define TW_ADMIN_EXAM_H

#include <apr_hash.h>

#include "admin/findings.h"
#include "config/conftree.h"
#include "config/exposed.h"
#include "config/site.h"

typedef enum {
    TW_VERDICT_OK,
    TW_VERDICT_UNKNOWN,                 /* not to be known, here or now */
    TW_VERDICT_WARNING,                 /* it works, and should be mended */
    TW_VERDICT_WRONG                    /* people cannot sign in, or somebody
                                           gets in who should not */
} tw_verdict_kind_t;

typedef struct {
    tw_verdict_kind_t kind;
    const char *check;                  /* which one says so */
    const char *says;
    const char *fix;                    /* NULL: nothing */
} tw_verdict_t;

/* The longest that one call takes; its site's own limit may be shorter. */
#define TW_EXAM_CALL_MAX apr_time_from_sec(8)

typedef struct tw_exam_t {
    const server_rec *server;
    const tw_site_t *site;              /* NULL: it has none, and findings */
    const tw_conftree_t *tree;
    const tw_findings_t *findings;      /* of all hosts */
    const tw_exposed_t *user;           /* before rights are dropped */
    apr_hash_t *known;                  /* what several hosts have in common,
                                           and was found out before */
    int offline;                        /* nobody is asked */
    const char *who;                    /* the one person that it is about;
                                           NULL: it is about the host */
    apr_pool_t *pool;
    apr_array_header_t *verdicts;       /* of tw_verdict_t */
    const char *check;                  /* the one in hand */
} tw_exam_t;

/* Adds a verdict of the check in hand. */
void tw_exam_say(tw_exam_t *exam, tw_verdict_kind_t kind, const char *fix,
                 const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of what an error says; fix is for where it has no advice. */
void tw_exam_say_err(tw_exam_t *exam, tw_verdict_kind_t kind, const char *fix,
                     const tw_err_t *err);

/* Whether a finding is for the check of connections, and of this host. */
int tw_exam_is_about_connections(const tw_exam_t *exam,
                                 const tw_finding_t *finding);

/* Whether a verdict of the check in hand is there. */
int tw_exam_has_said(const tw_exam_t *exam);

#endif
