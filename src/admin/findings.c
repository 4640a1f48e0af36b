/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/findings.h"

#include <string.h>

#include <apr_strings.h>

tw_findings_t *tw_findings_make(apr_pool_t *pool)
{
    tw_findings_t *findings = apr_pcalloc(pool, sizeof(*findings));

    findings->pool = pool;
    findings->list = apr_array_make(pool, 8, sizeof(tw_finding_t));
    return findings;
}

void tw_findings_add(tw_findings_t *findings, const tw_finding_t *finding,
                     const char *sentence, ...)
{
    tw_finding_t found = *finding;
    va_list ap;
    int i;

    va_start(ap, sentence);
    found.sentence = apr_pvsprintf(findings->pool, sentence, ap);
    va_end(ap);
    for (i = 0; i < findings->list->nelts; i++) {
        const tw_finding_t *other = &APR_ARRAY_IDX(findings->list, i,
                                                   tw_finding_t);

        if (other->server == found.server
            && !strcmp(other->sentence, found.sentence)) {
            return;
        }
    }
    APR_ARRAY_PUSH(findings->list, tw_finding_t) = found;
}

const char *tw_findings_host(const server_rec *s, apr_pool_t *pool)
{
    return s->is_virtual ? apr_psprintf(pool, "%s:%u", s->defn_name,
                                        s->defn_line_number)
                         : "main server";
}
