/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/taken: is part of what a section protects taken out of it?
 *
 * <Directory> and <Files> protect files.  What ProxyPass, a rewrite rule with
 * [P] or an Alias takes elsewhere is no such file, and open to everybody.  And
 * <Location "/app/"> is not for /app.
 */
#ifndef TW_ADMIN_TAKEN_H
#define TW_ADMIN_TAKEN_H

#include <apr_tables.h>

#include "admin/findings.h"

/* hosts: tw_host_t; places: tw_place_t. */
void tw_taken_check(tw_findings_t *findings,
                    const apr_array_header_t *hosts,
                    const apr_array_header_t *places);

#endif
