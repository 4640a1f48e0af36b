/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/notices: what works, and should be known all the same.
 *
 * Hosts that are off, and secrets that the server's own user can read.
 */
#ifndef TW_CONFIG_NOTICES_H
#define TW_CONFIG_NOTICES_H

#include <httpd.h>

/*
 * Logs it for each host; startup is APLOG_STARTUP before there is a log.
 * Said on the terminal by a test and by the first reading of the two at a
 * start, and in the log as soon as there is one.
 */
void tw_notices_log(server_rec *base_server, int startup, apr_pool_t *pool);

#endif
