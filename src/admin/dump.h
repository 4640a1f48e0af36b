/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/dump: `apache2ctl -t -D DUMP_TWAUTH`.
 *
 * For each virtual host what an administrator has to register at X, and
 * warnings of what will not work or will surprise.
 */
#ifndef TW_ADMIN_DUMP_H
#define TW_ADMIN_DUMP_H

#include <httpd.h>

/* The hook test_config. */
void tw_dump(apr_pool_t *pconf, server_rec *base_server);

#endif
