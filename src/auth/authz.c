/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/authz.h"

#include <string.h>

#include <ap_provider.h>
#include <apr_cstr.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>

#include "auth/authn.h"
#include "auth/export.h"
#include "base/id.h"
#include "base/roles.h"
#include "private.h"
#include "request/auth_type.h"
#include "request/line.h"
#include "request/page.h"
#include "request/report.h"
#include "x/protocol.h"

typedef int (*good_word_t)(const char *word);

/* A Require line as a list of words, each checked at the start. */
static const char *parse(cmd_parms *cmd, const char *line,
                         const void **parsed, const char *name,
                         good_word_t good, const char *right)
{
    apr_array_header_t *words = apr_array_make(cmd->pool, 2,
                                               sizeof(const char *));
    const char *word = ap_getword_conf(cmd->pool, &line);

    for (; *word; word = ap_getword_conf(cmd->pool, &line)) {
        if (good == tw_provider_handle_ok && *word == '@') {
            word++;
        }
        if (!good(word)) {
            /* never the word itself: see tw_settings_wrong() */
            return apr_psprintf(cmd->pool, "Require %s: word %d %s", name,
                                words->nelts + 1, right);
        }
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    if (!words->nelts) {
        return apr_psprintf(cmd->pool, "Require %s needs at least one name",
                            name);
    }
    *parsed = words;
    return NULL;
}

static const char *parse_users(cmd_parms *cmd, const char *line,
                               const void **parsed)
{
    return parse(cmd, line, parsed, "twitter-user", tw_provider_handle_ok,
                 "must be a handle: letters, digits and _, with or without @");
}

static const char *parse_ids(cmd_parms *cmd, const char *line,
                             const void **parsed)
{
    return parse(cmd, line, parsed, "twitter-id", tw_id_twitter_ok,
                 "must be an id: 1 to 20 digits, no zero in front");
}

static const char *parse_roles(cmd_parms *cmd, const char *line,
                               const void **parsed)
{
    return parse(cmd, line, parsed, "twitter-role", tw_roles_name_ok,
                 "must be a role: 1 to 64 of a-z, 0-9, _ and -");
}

/* ASCII alone, whatever the locale is: no letter becomes another's twin. */
static int has_handle(const tw_session_t *session, const char *word)
{
    return !apr_cstr_casecmp(session->screen_name, word);
}

static int has_id(const tw_session_t *session, const char *word)
{
    return !strcmp(session->twitter_id, word);
}

static int has_role(const tw_session_t *session, const char *word)
{
    return tw_roles_has(tw_session_roles(session), word);
}

static authz_status authorize(request_rec *r, const void *parsed,
                              int (*has)(const tw_session_t *, const char *))
{
    const apr_array_header_t *words = parsed;
    const tw_visitor_t *visitor;
    int i;

    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    /* somebody whom another module authenticated is nobody here, whatever
     * the name */
    visitor = tw_authn_visitor(r);
    if (!visitor || visitor->state != TW_VISITOR_SIGNED_IN) {
        return AUTHZ_DENIED;
    }
    for (i = 0; i < words->nelts; i++) {
        if (has(&visitor->session, APR_ARRAY_IDX(words, i, const char *))) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

static authz_status check_users(request_rec *r, const char *line,
                                const void *parsed)
{
    (void)line;
    return authorize(r, parsed, has_handle);
}

static authz_status check_ids(request_rec *r, const char *line,
                              const void *parsed)
{
    (void)line;
    return authorize(r, parsed, has_id);
}

static authz_status check_roles(request_rec *r, const char *line,
                                const void *parsed)
{
    (void)line;
    return authorize(r, parsed, has_role);
}

static const authz_provider users = { check_users, parse_users };
static const authz_provider ids = { check_ids, parse_ids };
static const authz_provider roles = { check_roles, parse_roles };

/*
 * httpd checks expressions and variables before it asks anybody to sign in,
 * and takes their no for final.  Where they are about the user, it is a "not
 * before there is a user": then the visitor is asked first, and they are
 * checked again.
 */
enum { BY_EXPR, BY_ENV, ABOUT_USER };
static const char *const about_user[ABOUT_USER] = { "expr", "env" };
static const authz_provider *httpd_s[ABOUT_USER];
static authz_provider ours[ABOUT_USER];

static authz_status authorize_again(request_rec *r, const char *line,
                                    const void *parsed, int by)
{
    int is_about = ap_strcasestr(line, "TWAUTH_")
                   || ap_strcasestr(line, "REMOTE_USER");
    authz_status status;

    if (is_about && tw_site(r->server) && !tw_authn_visitor(r)) {
        tw_export_clean(r, TW_EXPORT_TOKENS);
    }
    status = httpd_s[by]->check_authorization(r, line, parsed);
    return status == AUTHZ_DENIED && is_about && !r->user
           && tw_auth_type_is_ours(r) ? AUTHZ_DENIED_NO_USER : status;
}

static authz_status check_expr(request_rec *r, const char *line,
                               const void *parsed)
{
    return authorize_again(r, line, parsed, BY_EXPR);
}

static authz_status check_env(request_rec *r, const char *line,
                              const void *parsed)
{
    return authorize_again(r, line, parsed, BY_ENV);
}

int tw_authz_pre_config(apr_pool_t *pool, apr_pool_t *plog, apr_pool_t *ptemp)
{
    int i;

    (void)plog;
    (void)ptemp;
    for (i = 0; i < ABOUT_USER; i++) {
        httpd_s[i] = ap_lookup_provider(AUTHZ_PROVIDER_GROUP, about_user[i],
                                        AUTHZ_PROVIDER_VERSION);
        if (httpd_s[i]) {
            ours[i] = *httpd_s[i];
            ours[i].check_authorization = i == BY_EXPR ? check_expr
                                                       : check_env;
            ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP,
                                      about_user[i], AUTHZ_PROVIDER_VERSION,
                                      &ours[i], AP_AUTH_INTERNAL_PER_CONF);
        }
    }
    return OK;
}

void tw_authz_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "twitter-user",
                              AUTHZ_PROVIDER_VERSION, &users,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "twitter-id",
                              AUTHZ_PROVIDER_VERSION, &ids,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "twitter-role",
                              AUTHZ_PROVIDER_VERSION, &roles,
                              AP_AUTH_INTERNAL_PER_CONF);
}

int tw_authz_check(request_rec *r)
{
    tw_visitor_t *visitor = tw_authn_visitor(r);
    const request_rec *outer;
    const char *person;
    tw_page_t page = { 0 };
    tw_line_t line;
    int status;

    if (!visitor || visitor->authorizing == r) {
        return DECLINED;
    }
    /* Run the hook again without this function, so that mod_authz_core
     * decides; then its 401 becomes a 403. */
    outer = visitor->authorizing;
    visitor->authorizing = r;
    status = ap_run_auth_checker(r);
    visitor->authorizing = outer;
    if (status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN) {
        return status;
    }
    person = tw_line_person(r->pool, &visitor->session);
    tw_line_begin(&line, r, visitor->site, APLOG_NOTICE, "TW0310", person);
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0310)
                  "not allowed: %s", person);
    tw_report(r, visitor->site, TW_EVENT_REFUSED_FORBIDDEN, &visitor->session,
              NULL, NULL);
    page.kind = TW_PAGE_FORBIDDEN;
    page.next = tw_visitor_target(r, visitor->site);
    page.screen_name = visitor->session.screen_name;
    return tw_page_refuse(r, visitor, &page);
}
