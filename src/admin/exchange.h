/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exchange: `twauthctl exchange`, or `apache2ctl -t -D TWAUTH_EXCHANGE`.
 *
 * Carries the stored tokens of OAuth 1.0a over to OAuth 2.0, for a site that
 * has changed its credentials and whose applications use the tokens.  It may
 * be stopped and started again at any time: each account is one step, what
 * is done is done, and what X refuses stays as it was.
 */
#ifndef TW_ADMIN_EXCHANGE_H
#define TW_ADMIN_EXCHANGE_H

#include <httpd.h>

/* The hook test_config; of the subcommand admin/control has the other. */
void tw_exchange(apr_pool_t *pconf, server_rec *base_server);

#endif
