/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/event_log: TwAuthEventLog, opened as httpd opens its logs.
 *
 * A file, relative to ServerRoot, for appending, which is opened anew at each
 * restart, while children of before go on with the one they have; or a program
 * that httpd starts, and starts again when it ends, and that lives on over
 * restarts: children of before still have lines for it.  Hosts that name the
 * same one share it.
 */
#ifndef TW_CONFIG_EVENT_LOG_H
#define TW_CONFIG_EVENT_LOG_H

#include <httpd.h>

/* What is wrong with what stands behind the directive, and would be right;
 * NULL: nothing. */
const char *tw_event_log_wrong(const char *to, apr_pool_t *pool);

/* The hook open_logs. */
int tw_event_log_open(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *base_server);

/* The hook post_config, after all that can fail: says that httpd starts. */
int tw_event_log_started(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *base_server);

#endif
