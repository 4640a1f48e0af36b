/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/start: how the module starts, and restarts.
 *
 * The hooks that httpd calls before there are requests, and what a process
 * has from then on.  The shared memory, and the last secrets that were good,
 * outlive graceful restarts, in which the module itself is loaded anew.
 */
#ifndef TW_CONFIG_START_H
#define TW_CONFIG_START_H

#include <httpd.h>

#include "base/http.h"
#include "config/site.h"
#include "sealed/cache.h"

/* pre_config, check_config, post_config and child_init; see mod_twauth.c. */
int tw_start_pre_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp);
int tw_start_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *base_server);
int tw_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *base_server);
void tw_start_child_init(apr_pool_t *pchild, server_rec *base_server);

/* Whether any server here has a site: then headers are scrubbed on all. */
int tw_start_any(void);

/* How many ended sessions the shared memory has room for (tw_shared_entries),
 * by what the hosts say: the most counts. */
int tw_start_entries(const server_rec *base_server);

/*
 * This process's connections to X for a site; NULL as long as a library that
 * the site's protocol needs does not work in it (config/protocols), and no
 * sign-in at that site does.
 */
tw_http_pool_t *tw_start_http(const tw_site_t *site);

/* This process's cache of session cookies; NULL when there is no memory. */
tw_cache_t *tw_start_cache(void);

#endif
