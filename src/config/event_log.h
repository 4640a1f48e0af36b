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

#include "config/site.h"

/* What is wrong with what stands behind the directive, and would be right;
 * NULL: nothing. */
const char *tw_event_log_wrong(const char *to, apr_pool_t *pool);

/* The hook open_logs. */
int tw_event_log_open(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *base_server);

/* The hook post_config, after all that can fail: says that httpd starts. */
int tw_event_log_started(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *base_server);

/*
 * For a command that runs beside the server: the site's log, to add to.  What a
 * program gets is a copy of its own of that program, which ends with this
 * process.  log->file is NULL where the site has no event log; not
 * APR_SUCCESS: it has one that cannot be opened.
 */
apr_status_t tw_event_log_join(tw_event_log_t *log, const tw_site_t *site,
                               apr_pool_t *pool);

#endif
