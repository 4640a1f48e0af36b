/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/rights: the rights of a command at the configuration test.
 *
 * An administrator runs it as root, for the secrets; what it does then with
 * the outside has to be done as the server does it.  PostgreSQL asks the
 * socket who is there, and files that SQLite makes beside its own must not be
 * root's.
 */
#ifndef TW_STORE_RIGHTS_H
#define TW_STORE_RIGHTS_H

#include <httpd.h>

#include "base/err.h"

/*
 * Whoever began as root goes on as the server's User and Group, for good.
 * Others stay who they are.
 */
apr_status_t tw_rights_drop(server_rec *server, apr_pool_t *pool,
                            tw_err_t *err);

#endif
