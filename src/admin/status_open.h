/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/status_open: a status page (SetHandler twauth-status) that is open to
 * everybody.
 *
 * It says nothing of people, but how busy a site is and what is out of order.
 * Looked at are <Location> and <Directory> by name; a host that can be reached
 * on this machine alone is left out.
 */
#ifndef TW_ADMIN_STATUS_OPEN_H
#define TW_ADMIN_STATUS_OPEN_H

#include "admin/findings.h"
#include "config/conftree.h"

/* hosts: as tw_hosts() has them. */
void tw_status_open_check(tw_findings_t *findings,
                          const apr_array_header_t *hosts,
                          const tw_conftree_t *tree);

#endif
