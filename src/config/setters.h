/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/setters: the functions behind directives, which httpd calls.
 *
 * Most directives set the one value of a row (config/settings), and have
 * tw_setters_server or tw_setters_dir with the row as the command's info.
 * The others have a function of their own.  All return NULL, or what would be
 * right; httpd adds the line.
 */
#ifndef TW_CONFIG_SETTERS_H
#define TW_CONFIG_SETTERS_H

#include <httpd.h>
#include <http_config.h>

/* The value of the row that is the command's info. */
const char *tw_setters_server(cmd_parms *cmd, void *dir, const char *text);
const char *tw_setters_dir(cmd_parms *cmd, void *dir, const char *text);

/* TwAuthKey, once for each of its words. */
const char *tw_setters_key(cmd_parms *cmd, void *dir, const char *text);

/* TwAuthHubFor, once for each of its origins. */
const char *tw_setters_hub_for(cmd_parms *cmd, void *dir, const char *text);

/* TwAuthProvider: two URLs, or one for both. */
const char *tw_setters_provider(cmd_parms *cmd, void *dir, const char *api,
                                const char *browser);

/* TwAuthStartLimit: two rates, or the first alone. */
const char *tw_setters_start_limit(cmd_parms *cmd, void *dir,
                                   const char *client, const char *all);

/* TwAuthSessionRecheck: the server's, or a place's own. */
const char *tw_setters_recheck(cmd_parms *cmd, void *dir, const char *text);

/* TwAuthSessionFeed: a time, or Off. */
const char *tw_setters_feed(cmd_parms *cmd, void *dir, const char *text);

/* TwAuthClearSiteData: two words of the row, or one. */
const char *tw_setters_clear_site_data(cmd_parms *cmd, void *dir,
                                       const char *one, const char *two);

/* TwAuthUnauthenticated: not every word in .htaccess. */
const char *tw_setters_unauthenticated(cmd_parms *cmd, void *dir,
                                       const char *text);

/* TwAuthHeader: the name of a header, and what it tells. */
const char *tw_setters_header(cmd_parms *cmd, void *dir, const char *name,
                              const char *field);

/* TwAuthExport: a list. */
const char *tw_setters_export(cmd_parms *cmd, void *dir, const char *args);

/* TwAuthFresh: a time; .htaccess can but shorten it. */
const char *tw_setters_fresh(cmd_parms *cmd, void *dir, const char *text);

#endif
