/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/check: what will not work, or will surprise, in a configuration that
 * httpd takes.
 */
#ifndef TW_ADMIN_CHECK_H
#define TW_ADMIN_CHECK_H

#include "admin/findings.h"
#include "config/conftree.h"

/* All that there is to be said of all hosts. */
tw_findings_t *tw_check(const tw_conftree_t *tree, apr_pool_t *pool);

/* The hook post_config: at a start the serious ones are logged. */
int tw_check_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *base_server);

#endif
