/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/doctor: `apache2ctl -t -D TWAUTH_CHECK`, and twauthctl doctor.
 *
 * Looks at each virtual host as its visitors and X will find it: verdicts in
 * the order of one table (doctor.c, which docs/troubleshooting.md shows), each
 * with what to do in a sentence.  First what only root can see, then, for good,
 * as the server's user, who will have to do with the rest.  It changes nothing,
 * and is done within a minute, whoever does not answer.
 */
#ifndef TW_ADMIN_DOCTOR_H
#define TW_ADMIN_DOCTOR_H

#include <httpd.h>

#include "admin/output.h"
#include "config/site.h"

typedef struct {
    server_rec *base_server;
    const apr_array_header_t *sites;    /* const tw_site_t *; NULL: all */
    const char *who;                    /* one person, in place of all else:
                                           see admin/exam_person; or NULL */
    int offline;                        /* nobody is asked: X, PostgreSQL,
                                           the name service */
    tw_output_t *out;                   /* the caller ends it */
} tw_doctor_t;

/* 0: all is well, or not to be known; 1: there are warnings; 2: something is
 * wrong.  The process is root no more. */
int tw_doctor_run(const tw_doctor_t *doctor, apr_pool_t *pool);

/* The hook test_config.  Beside TWAUTH_CHECK there are -D TWAUTH_CHECK_OFFLINE
 * and -D TWAUTH_CHECK_JSON; the status is httpd's. */
void tw_doctor(apr_pool_t *pconf, server_rec *base_server);

#endif
