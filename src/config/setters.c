/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setters.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "config/conf.h"
#include "config/values.h"

static int in_htaccess(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL;
}

/* ---- the value of a row ------------------------------------------------- */

const char *tw_setters_server(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return tw_settings_set(cmd, tw_conf_server(cmd->server), cmd->info, text);
}

const char *tw_setters_dir(cmd_parms *cmd, void *dir, const char *text)
{
    return tw_settings_set(cmd, dir, cmd->info, text);
}

/* ---- what is more than one value ---------------------------------------- */

/* In a directory it can only be shortened; see tw_conf_dir_merge(). */
const char *tw_setters_recheck(cmd_parms *cmd, void *dir, const char *text)
{
    return cmd->path
           ? tw_settings_set(cmd, dir, TW_DIR_ROW(recheck), text)
           : tw_settings_set(cmd, tw_conf_server(cmd->server),
                             TW_SERVER_ROW(session.recheck), text);
}

const char *tw_setters_feed(cmd_parms *cmd, void *dir, const char *text)
{
    const char *why;

    if (!strcasecmp(text, "Off")) {
        tw_conf_server(cmd->server)->session.feed = 0;
        return NULL;
    }
    why = tw_setters_server(cmd, dir, text);
    return why ? apr_pstrcat(cmd->pool, why, ", or Off", NULL) : NULL;
}

const char *tw_setters_unauthenticated(cmd_parms *cmd, void *dir,
                                       const char *text)
{
    if (!strcasecmp(text, "pass") && in_htaccess(cmd)) {
        return "TwAuthUnauthenticated pass is not allowed in .htaccess: it "
               "opens a place, which is for the server configuration";
    }
    return tw_setters_dir(cmd, dir, text);
}

const char *tw_setters_clear_site_data(cmd_parms *cmd, void *dir,
                                       const char *one, const char *two)
{
    apr_int64_t *clear = &tw_conf_server(cmd->server)->session.clear_site_data;
    apr_int64_t before;
    const char *why = tw_setters_server(cmd, dir, one);

    if (!why && two) {
        before = *clear;
        why = tw_setters_server(cmd, dir, two);
        if (!why && (!before || !*clear || before == *clear)) {
            return tw_settings_wrong(cmd, "must be Off, or one or both of: "
                                     "cache, storage");
        }
        *clear |= before;
    }
    return why;
}

const char *tw_setters_key(cmd_parms *cmd, void *dir, const char *text)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why;

    (void)dir;
    if (!tw_secret_ok(&why, text)) {
        return tw_settings_wrong(cmd, why);
    }
    if (!conf->keys) {
        conf->keys = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(conf->keys, const char *) = text;
    return NULL;
}

const char *tw_setters_provider(cmd_parms *cmd, void *dir, const char *api,
                                const char *browser)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why = tw_values_provider(api);

    (void)dir;
    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    why = browser ? tw_values_provider(browser) : NULL;
    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    conf->provider.api = tw_values_base_url(cmd->pool, api);
    conf->provider.browser = browser ? tw_values_base_url(cmd->pool, browser)
                                     : conf->provider.api;
    return NULL;
}

const char *tw_setters_hub_for(cmd_parms *cmd, void *dir, const char *text)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why = tw_values_origin(text);

    (void)dir;
    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    if (!conf->own.hub_for) {
        conf->own.hub_for = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    APR_ARRAY_PUSH(conf->own.hub_for, const char *) =
        tw_values_base_url(cmd->pool, text);
    return NULL;
}

const char *tw_setters_start_limit(cmd_parms *cmd, void *dir,
                                   const char *client, const char *all)
{
    static const char right[] =
        "must be a number of 1 to 65535 and one of /s, /min, /h, "
        "such as 60/min";
    tw_server_conf_t *conf = tw_conf_server(cmd->server);

    (void)dir;
    if (!tw_values_rate(&conf->sign_in.limit_client, client)) {
        return tw_settings_wrong(cmd, right);
    }
    if (all && !tw_values_rate(&conf->sign_in.limit_all, all)) {
        return tw_settings_wrong(cmd, right);
    }
    return NULL;
}

const char *tw_setters_header(cmd_parms *cmd, void *dir, const char *name,
                              const char *field)
{
    tw_dir_conf_t *conf = dir;
    const char *why = tw_told_wrong_name(name, cmd->pool);
    tw_told_t told = tw_told_field(field);

    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    if (told > TW_TOLD_NOTHING) {
        return tw_settings_wrong(cmd, "must have one of these behind the "
                                 "name: user, username, screen_name, id, "
                                 "account, signed_in_at, name, avatar, "
                                 "email, verified, roles; or none");
    }
    tw_told_add(&conf->headers, name, told, cmd->pool);
    if (told >= TW_TOLD_NAME && told < TW_TOLD_ROLES) {
        tw_conf_server(cmd->server)->tells.profile = 1;
    }
    return NULL;
}

/* The whole list replaces what was inherited, hence RAW and not ITERATE. */
const char *tw_setters_export(cmd_parms *cmd, void *dir, const char *args)
{
    tw_dir_conf_t *conf = dir;
    const char *word = ap_getword_conf(cmd->pool, &args);
    int exports = 0, none = 0;

    if (!*word) {
        return "TwAuthExport must have a list of: env, headers, profile, "
               "tokens; or none";
    }
    for (; *word; word = ap_getword_conf(cmd->pool, &args)) {
        if (!strcasecmp(word, "env")) {
            exports |= TW_EXPORT_ENV;
        }
        else if (!strcasecmp(word, "headers")) {
            exports |= TW_EXPORT_HEADERS;
        }
        else if (!strcasecmp(word, "tokens")) {
            if (in_htaccess(cmd)) {
                return "TwAuthExport tokens is not allowed in .htaccess: "
                       "users' credentials are for the server configuration "
                       "to give away";
            }
            exports |= TW_EXPORT_TOKENS;
        }
        else if (!strcasecmp(word, "profile")) {
            if (in_htaccess(cmd)) {
                return "TwAuthExport profile is not allowed in .htaccess: "
                       "what is kept in cookies is for the server "
                       "configuration to say";
            }
            exports |= TW_EXPORT_PROFILE;
            tw_conf_server(cmd->server)->tells.profile = 1;
        }
        else if (!strcasecmp(word, "none")) {
            none = 1;
        }
        else {
            return tw_settings_wrong(cmd, "must be a list of: env, headers, "
                                     "profile, tokens; or none");
        }
    }
    if (none && exports) {
        return "TwAuthExport none stands alone";
    }
    if (exports & TW_EXPORT_PROFILE
        && !(exports & (TW_EXPORT_ENV | TW_EXPORT_HEADERS))) {
        return "TwAuthExport profile stands beside env or headers, which say "
               "how it is told";
    }
    conf->exports = exports;
    return NULL;
}

const char *tw_setters_fresh(cmd_parms *cmd, void *dir, const char *text)
{
    tw_dir_conf_t *conf = dir;
    tw_setting_t row = { .kind = TW_SETTINGS_TIME, .least = APR_USEC_PER_SEC,
                         .most = apr_time_from_sec(366 * 24 * 3600) };
    apr_int64_t *shortest = &conf->fresh.htaccess;
    apr_int64_t before = *shortest;
    const char *why;

    row.offset = in_htaccess(cmd)
                 ? offsetof(tw_dir_conf_t, fresh.htaccess)
                 : offsetof(tw_dir_conf_t, fresh.configured);
    why = tw_settings_set(cmd, conf, &row, text);
    if (before && *shortest > before) {
        *shortest = before;     /* said twice in one file */
    }
    return why;
}
