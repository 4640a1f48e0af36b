/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/findings: what an administrator should look at once more.
 *
 * A list that checks add to, and that whoever talks to the administrator
 * reads.
 */
#ifndef TW_ADMIN_FINDINGS_H
#define TW_ADMIN_FINDINGS_H

#include <httpd.h>

typedef struct {
    const server_rec *server;           /* the host it is told for */
    const char *place;                  /* a path, URL or directive; or NULL */
    const char *sentence;               /* what is so */
    const char *advice;                 /* what to do; NULL: nothing more */
    int serious;                        /* somebody gets in who should not */
} tw_finding_t;

typedef struct {
    apr_pool_t *pool;
    apr_array_header_t *list;           /* of tw_finding_t */
} tw_findings_t;

tw_findings_t *tw_findings_make(apr_pool_t *pool);

/* Adds finding with its sentence, unless the list has that already. */
void tw_findings_add(tw_findings_t *findings, const tw_finding_t *finding,
                     const char *sentence, ...)
    __attribute__((format(printf, 3, 4)));

/* How a host is called: where it begins, or "main server". */
const char *tw_findings_host(const server_rec *s, apr_pool_t *pool);

#endif
