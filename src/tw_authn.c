#include "tw_authn.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "tw_address.h"
#include "tw_browser.h"
#include "tw_headers.h"
#include "tw_navigation.h"
#include "tw_page.h"
#include "tw_private.h"
#include "tw_refresh.h"

/* r->ap_auth_type points here when, and only when, the user is ours. */
static char auth_type[] = "Twitter";

#define NOTE_INTERVAL apr_time_from_sec(60)

static apr_int64_t set_or(apr_int64_t value, apr_int64_t unset)
{
    return value == TW_UNSET ? unset : value;
}

static int exports_of(const tw_dir_conf_t *dir)
{
    return (int)set_or(dir->exports, TW_EXPORT_ENV);
}

/* A directory can only ask for it more often than the server does. */
static apr_interval_time_t recheck_of(const tw_site_t *site,
                                      const tw_dir_conf_t *dir)
{
    apr_int64_t recheck = site->conf->session_recheck;

    return dir->recheck != TW_UNSET && dir->recheck < recheck ? dir->recheck
                                                              : recheck;
}

tw_visitor_t *tw_authn_visitor(request_rec *r)
{
    return r->user && r->ap_auth_type == auth_type ? tw_visitor(r) : NULL;
}

/* Makes the session's user the request's; 0 when it has no such name. */
static int set_user(request_rec *r, const tw_visitor_t *visitor,
                    const tw_dir_conf_t *dir)
{
    const tw_session_t *session = &visitor->session;
    const char *user = session->username;

    if (dir->remote_user == TW_USER_SCREEN_NAME) {
        user = session->screen_name;
    }
    else if (dir->remote_user == TW_USER_ID) {
        user = session->twitter_id;
    }
    if (!*user) {
        return 0;
    }
    r->user = (char *)user;
    r->ap_auth_type = auth_type;
    return 1;
}

/* ---- without a session -------------------------------------------------- */

static int redirect_to_login(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    tw_browser_t browser;

    if (tw_address_is_own(r, site) && !tw_browser_read(&browser, visitor)) {
        tw_browser_set(r, site, &browser);
    }
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location",
                   tw_address_login(r, site, visitor->next, 0));
    return HTTP_MOVED_TEMPORARILY;
}

static int unauthenticated(request_rec *r, tw_visitor_t *visitor,
                           const tw_dir_conf_t *dir)
{
    apr_int64_t mode = set_or(dir->unauthenticated, TW_UNAUTH_LOGIN);
    tw_page_t page = { 0 };
    tw_browser_t browser;

    if (!tw_navigation_is(r) || r->proxyreq == PROXYREQ_PROXY
        || mode == TW_UNAUTH_401 || mode == TW_UNAUTH_PASS) {
        /* scripts and robots come in numbers, and nobody asks where to */
        if (tw_page_has_document(r, HTTP_UNAUTHORIZED)) {
            visitor->next = tw_visitor_target(r, visitor->site);
        }
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    visitor->next = tw_visitor_target(r, visitor->site);
    /* who has just left is not signed in again without being asked */
    if (mode == TW_UNAUTH_PAGE
        || (tw_browser_read(&browser, visitor) && browser.left)) {
        page.kind = TW_PAGE_SIGN_IN;
        page.next = visitor->next;
        return tw_page_answer(r, visitor, &page);
    }
    return redirect_to_login(r, visitor);
}

static int database_away(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };

    if (tw_navigation_is_denied(r)) {
        apr_table_setn(r->err_headers_out, "Retry-After",
                       APR_STRINGIFY(TW_RETRY_AFTER));
        return tw_page_bare(r, visitor, HTTP_SERVICE_UNAVAILABLE);
    }
    page.kind = TW_PAGE_DATABASE;
    page.retry_after = TW_RETRY_AFTER;
    return tw_page_answer(r, visitor, &page);
}

static int plain_http(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    tw_page_t page = { 0 };

    if (tw_shared_note(site->shared, site->slot, NOTE_PLAIN_HTTP, NULL,
                       NOTE_INTERVAL, apr_time_now())) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0306)
                      "a protected page over plain http: refused; nobody can "
                      "be signed in here (use https, or TwAuthAllowHTTP On on "
                      "a loopback address)");
    }
    if (tw_navigation_is_denied(r)) {
        return tw_page_bare(r, visitor, HTTP_FORBIDDEN);
    }
    page.kind = TW_PAGE_PLAIN_HTTP;
    return tw_page_answer(r, visitor, &page);
}

static int no_name(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0307)
                  "account %" APR_INT64_T_FMT " has lost its handle to "
                  "another one, and TwAuthRemoteUser is screen_name",
                  visitor->session.account);
    page.kind = TW_PAGE_FORBIDDEN;
    page.screen_name = "";
    return tw_page_answer(r, visitor, &page);
}

/* ---- hooks -------------------------------------------------------------- */

static int is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && !apr_cstr_casecmp(type, auth_type);
}

int tw_authn_check(request_rec *r)
{
    const tw_dir_conf_t *dir;
    tw_visitor_t *visitor;

    if (!is_ours(r)) {
        return DECLINED;
    }
    visitor = tw_visitor(r);
    if (!visitor) {
        const tw_site_t *site = tw_site(r->server);

        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0308)
                      "AuthType Twitter, but mod_twauth is off for this "
                      "host: %s", site && site->off ? site->off
                      : "it has no credentials, or TwAuthEngine is Off");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (visitor->site->plain_http) {
        return plain_http(r, visitor);
    }
    dir = tw_conf_dir(r);
    switch (tw_visitor_look(visitor, r, recheck_of(visitor->site, dir), 1)) {
    case TW_VISITOR_SIGNED_IN:
        return set_user(r, visitor, dir) ? OK : no_name(r, visitor);
    case TW_VISITOR_UNCERTAIN:
        return database_away(r, visitor);
    default:
        return unauthenticated(r, visitor, dir);
    }
}

/* ---- what the application is told ---------------------------------------- */

static void give_tokens(request_rec *r, tw_visitor_t *visitor)
{
    const tw_tokens_t *tokens = &visitor->tokens;

    /* asked for once, however many subrequests a listing makes */
    if (!visitor->tokens_read) {
        visitor->tokens_read = 1;
        visitor->has_tokens = tw_refresh_tokens(&visitor->tokens, visitor);
    }
    if (!visitor->has_tokens
        || (tokens->kind == TW_TOKEN_OAUTH1 && !tokens->secret)) {
        return;
    }
    visitor->tokens_given = 1;
    apr_table_setn(r->subprocess_env, "TWAUTH_TOKEN", tokens->token);
    /* that of OAuth 2.0 would be the refresh token: nobody else's business */
    if (tokens->kind == TW_TOKEN_OAUTH1) {
        apr_table_setn(r->subprocess_env, "TWAUTH_TOKEN_SECRET",
                       tokens->secret);
    }
}

/* In the order of tw_headers_names. */
static const char *const variables[] = {
    "TWAUTH_USER", "TWAUTH_USERNAME", "TWAUTH_SCREEN_NAME", "TWAUTH_ID",
    "TWAUTH_ACCOUNT", "TWAUTH_SIGNED_IN_AT", NULL
};

static void tell(request_rec *r, tw_visitor_t *visitor, int exports)
{
    const tw_session_t *session = &visitor->session;
    const char *const values[] = {
        r->user, session->username, session->screen_name,
        session->twitter_id,
        apr_off_t_toa(r->pool, (apr_off_t)session->account),
        apr_off_t_toa(r->pool, apr_time_sec(session->signed_in_at))
    };
    int i;

    for (i = 0; variables[i]; i++) {
        if (exports & TW_EXPORT_ENV) {
            apr_table_addn(r->subprocess_env, variables[i], values[i]);
        }
        if (exports & TW_EXPORT_HEADERS) {
            apr_table_addn(r->headers_in, tw_headers_names[i], values[i]);
        }
    }
    visitor->headers_given |= (exports & TW_EXPORT_HEADERS) != 0;
    if (exports & TW_EXPORT_TOKENS) {
        give_tokens(r, visitor);
    }
}

/* Whether name, after any number of "REDIRECT_", begins with prefix. */
static int is_variable(const char *name, const char *prefix)
{
    while (!strncmp(name, "REDIRECT_", 9)) {
        name += 9;
    }
    return !strncmp(name, prefix, strlen(prefix));
}

/* Takes variables out whose names begin so: as they are with first 'T', and
 * their REDIRECT_ copies with first 'R'. */
static void remove_variables(request_rec *r, char first, const char *prefix)
{
    const apr_array_header_t *list = apr_table_elts(r->subprocess_env);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const char *name = entry[i].key;

        if (name[0] == first && is_variable(name, prefix)) {
            apr_table_unset(r->subprocess_env, name);
            i = -1;     /* the table has moved */
        }
    }
}

/* What was given to another directory and is not exported here. */
static void take_back(request_rec *r, int exports)
{
    const tw_visitor_t *visitor = tw_visitor_known(r);

    if (!visitor) {
        return;
    }
    if (visitor->tokens_given && !(exports & TW_EXPORT_TOKENS)) {
        remove_variables(r, 'T', "TWAUTH_TOKEN");
    }
    if (visitor->headers_given && !(exports & TW_EXPORT_HEADERS)) {
        tw_headers_scrub(r->headers_in);
    }
}

void tw_authn_insert_filter(request_rec *r)
{
    tw_visitor_t *visitor;

    if (!tw_site(r->server)) {
        return;
    }
    take_back(r, exports_of(tw_conf_dir(r)));
    visitor = tw_visitor_known(r);
    /* a fast internal redirect has no user, but the AuthType of its target */
    if (visitor && visitor->renewal_due && is_ours(r)) {
        tw_visitor_renew(visitor, r);
    }
}

int tw_authn_fixups(request_rec *r)
{
    const tw_dir_conf_t *dir;
    tw_visitor_t *visitor;
    int exports;

    if (!tw_site(r->server)) {
        return DECLINED;
    }
    dir = tw_conf_dir(r);
    exports = exports_of(dir);
    /* whoever set them, they are not ours */
    remove_variables(r, 'T', "TWAUTH_");
    if (!(exports & TW_EXPORT_TOKENS)) {
        remove_variables(r, 'R', "TWAUTH_TOKEN");
    }
    visitor = tw_authn_visitor(r);
    if (!visitor && dir->unauthenticated == TW_UNAUTH_PASS && is_ours(r)) {
        visitor = tw_visitor(r);
        if (visitor
            && (visitor->site->plain_http
                || tw_visitor_look(visitor, r, recheck_of(visitor->site, dir),
                                   1) != TW_VISITOR_SIGNED_IN
                || !set_user(r, visitor, dir))) {
            visitor = NULL;
        }
    }
    take_back(r, exports & ~TW_EXPORT_HEADERS);
    if (visitor && visitor->state == TW_VISITOR_SIGNED_IN) {
        tell(r, visitor, exports);
    }
    if (r->prev) {
        visitor = tw_visitor_known(r);
        if (visitor) {
            tw_page_environment(r, visitor);
        }
    }
    return DECLINED;
}
