/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sign_call.h"

#include <string.h>

#include <apr_hooks.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_proxy.h>

#include "admin/signed.h"
#include "auth/authn.h"
#include "auth/refresh.h"
#include "auth/sign_answer.h"
#include "auth/sign_form.h"
#include "auth/sign_target.h"
#include "base/table.h"
#include "base/target.h"
#include "private.h"
#include "request/auth_type.h"
#include "request/address.h"
#include "request/line.h"
#include "request/navigation.h"
#include "x/oauth1.h"
#include "x/user_call.h"

/* ---- whether the request may ---------------------------------------------
 * Each step returns GO_ON, or what the handler returns.
 */
#define GO_ON (-100)

static int refuse(tw_signed_call_t *call, int status, const char *title,
                  const char *detail)
{
    tw_sign_refusal_t refusal = { status, title, detail, NULL, 0 };

    return tw_sign_answer_refuse(call->r, call->visitor, &refusal);
}

/* TRACE would show the credentials, OPTIONS is for other sites. */
static int allowed_method(tw_signed_call_t *call)
{
    static const char *const allowed[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (!strcmp(call->r->method, allowed[i])) {
            return GO_ON;
        }
    }
    apr_table_setn(call->r->err_headers_out, "Allow",
                   "GET, HEAD, POST, PUT, PATCH, DELETE");
    return refuse(call, HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed",
                  "calls are signed with GET, HEAD, POST, PUT, PATCH and "
                  "DELETE");
}

/*
 * Only from pages of the site itself: the browser says so, or the origin.
 * What a person types in may read.  Where nothing says anything, as with
 * browsers before Fetch metadata, a read passes unless the page that it names
 * is another site's, and a write does not.
 */
static int is_from_here(tw_signed_call_t *call)
{
    request_rec *r = call->r;
    const tw_site_t *site = call->visitor->site;
    const char *origin = apr_table_get(r->headers_in, "Origin");
    int reads = r->method_number == M_GET;

    switch (tw_navigation_from(r)) {
    case TW_FROM_HERE:
        return 1;
    case TW_FROM_USER:
        return reads && !origin;
    case TW_FROM_ELSEWHERE:
        return 0;
    default:
        if (origin) {
            return !strcmp(origin, site->address.origin);
        }
        return reads && (!apr_table_get(r->headers_in, "Referer")
                         || tw_address_referer(r, site));
    }
}

static int from_here(tw_signed_call_t *call)
{
    if (is_from_here(call)) {
        return GO_ON;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, call->r, TWLOGNO(0425)
                  "a call to X that did not come from a page of this site is "
                  "refused");
    return refuse(call, HTTP_FORBIDDEN, "Forbidden",
                  "calls are signed for pages of this site alone");
}

/* Who has no session, or no tokens, is told where to get some: back to the
 * page that asked. */
static int ask_to_sign_in(tw_signed_call_t *call, const char *detail,
                          tw_login_t how)
{
    tw_sign_refusal_t refusal = { HTTP_UNAUTHORIZED, "Unauthorized", detail,
                                  NULL, 0 };
    const tw_site_t *site = call->visitor->site;
    const char *next = tw_address_referer(call->r, site);

    next = tw_target_ok(next, &site->paths.own) ? next : "/";
    refusal.login = tw_address_login(call->r, site, next, how);
    return tw_sign_answer_refuse(call->r, call->visitor, &refusal);
}

static int misconfigured(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0429)
                  "TwAuthSign is On here, but %s: refused", why);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int is_signed_in(tw_signed_call_t *call)
{
    if (!tw_auth_type_is_ours(call->r)) {
        return misconfigured(call->r, "nobody can be signed in: say "
                             "AuthType Twitter and Require valid-user");
    }
    return tw_authn_visitor(call->r)
           && call->visitor->state == TW_VISITOR_SIGNED_IN
           ? GO_ON : ask_to_sign_in(call, "nobody is signed in",
                                    TW_LOGIN_PLAIN);
}

/* ---- what is called ------------------------------------------------------ */

static int goes_to_x(tw_signed_call_t *call)
{
    tw_sign_target_t target;

    switch (tw_sign_target_read(&target, call->r, call->visitor->site)) {
    case TW_SIGN_TARGET_X:
        return GO_ON;
    case TW_SIGN_TARGET_CREDENTIALS:
        return refuse(call, HTTP_FORBIDDEN, "Forbidden",
                      "what gives out credentials is not called in a user's "
                      "name");
    case TW_SIGN_TARGET_MALFORMED:
        return refuse(call, HTTP_BAD_REQUEST, "Invalid Request",
                      "the path or query cannot be signed: a '%' without two "
                      "hex digits, or a parameter whose name begins with "
                      "oauth_");
    default:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->r, TWLOGNO(0422)
                      "TwAuthSign is On here, but the request goes elsewhere "
                      "than to %s (TwAuthProvider): refused; say ProxyPass "
                      "\"%s/\" here, or TwAuthSign Off",
                      call->visitor->site->provider.client.api,
                      call->visitor->site->provider.client.api);
        return refuse(call, HTTP_INTERNAL_SERVER_ERROR,
                      "Internal Server Error",
                      "this place is not configured to call X");
    }
}

/* The signature of OAuth 1.0a is over a form's fields too. */
static int read_form(tw_signed_call_t *call)
{
    request_rec *r = call->r;
    apr_off_t most = (apr_off_t)tw_conf_dir(r)->sign_body;
    tw_signed_text_t form = { NULL, 0 };
    int status;

    if (call->visitor->site->provider.protocol != &tw_oauth1
        || !tw_sign_form_is(r)) {
        return GO_ON;
    }
    status = tw_sign_form_read(&form, r, most);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return refuse(call, status, "Content Too Large",
                      apr_psprintf(r->pool, "a form of more than %"
                                   APR_OFF_T_FMT " bytes is not signed",
                                   most));
    }
    if (status == HTTP_UNSUPPORTED_MEDIA_TYPE) {
        return refuse(call, status, "Unsupported Media Type",
                      "a form with a Content-Encoding is not signed");
    }
    if (status != OK) {
        return status;
    }
    if (tw_base_string_has(&form, "oauth_", r->pool)) {
        return refuse(call, HTTP_BAD_REQUEST, "Invalid Request",
                      "the form cannot be signed: a '%' without two hex "
                      "digits, or a field whose name begins with oauth_");
    }
    call->form = form;
    return GO_ON;
}

/* ---- with what ----------------------------------------------------------- */

static int come_back(tw_signed_call_t *call, int retry_after,
                     const char *detail)
{
    tw_sign_refusal_t refusal = { HTTP_SERVICE_UNAVAILABLE,
                                  "Service Unavailable", detail, NULL,
                                  retry_after };

    return tw_sign_answer_refuse(call->r, call->visitor, &refusal);
}

static int take_lease(tw_signed_call_t *call)
{
    int wait = tw_call_carry_retry_after(&call->lease, call->r,
                                         call->visitor->site,
                                         tw_sign_answer_patience(call->r));

    if (wait) {
        return come_back(call, wait, "too many calls to X at the moment");
    }
    call->leased = 1;
    tw_sign_answer_watch(call);
    return GO_ON;
}

static int read_tokens(tw_signed_call_t *call)
{
    tw_visitor_t *visitor = call->visitor;
    tw_refresh_t found = tw_refresh_own(visitor);

    call->tokens = &visitor->tokens.own;
    if (found == TW_REFRESH_LATER) {
        tw_sign_answer_end(call);
        return come_back(call, TW_RETRY_AFTER,
                         "the user's token cannot be had at the moment");
    }
    if (found != TW_REFRESH_GOOD
        || !tw_user_call_can(visitor->site->provider.protocol, call->tokens)) {
        tw_sign_answer_end(call);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, call->r, TWLOGNO(0426)
                      "no call to X without a token: %s",
                      tw_line_person(call->r->pool, &visitor->session));
        return ask_to_sign_in(call, "there is no token of this user: sign in "
                              "again", TW_LOGIN_SWITCH);
    }
    return GO_ON;
}

/* ---- the hooks ----------------------------------------------------------- */

static int handle(request_rec *r)
{
    static int (*const steps[])(tw_signed_call_t *) = {
        allowed_method, from_here, is_signed_in, goes_to_x, read_form,
        take_lease, read_tokens
    };
    int is_proxied = r->proxyreq || (r->handler
                                     && !strncmp(r->handler, "proxy:", 6));
    tw_signed_call_t *call;
    apr_size_t i;
    int status = GO_ON;

    if (!is_proxied || tw_conf_dir(r)->sign != 1) {
        return DECLINED;
    }
    call = apr_pcalloc(r->pool, sizeof(*call));
    call->r = r;
    call->visitor = tw_visitor_get(r);
    if (!call->visitor) {
        return misconfigured(r, "mod_twauth is off for this host");
    }
    for (i = 0; status == GO_ON && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        status = steps[i](call);
    }
    if (status != GO_ON) {
        return status;
    }
    tw_sign_answer_mark(r, call->visitor);
    /* no other protocol than HTTP, and no answers before the answer: what is
     * in them does not pass through the filters */
    apr_table_unset(r->headers_in, "Upgrade");
    if (!r->expecting_100) {
        apr_table_setn(r->subprocess_env, "proxy-interim-response",
                       "Suppress");
    }
    call->visitor->tokens.call = call;
    return DECLINED;
}

/* What goes along, of what the client sent and mod_proxy has added; with a
 * '-' at the end, all that begins so. */
static const char *const wanted[] = {
    "Accept", "Accept-Language", "Cache-Control", "Content-", "Expect",
    "Host", "If-", "Max-Forwards", "Range", NULL
};

static int is_unwanted(const char *name, const void *nothing)
{
    (void)nothing;
    return !tw_table_is_listed(name, wanted);
}

static void strip(apr_table_t *headers)
{
    tw_table_remove(headers, is_unwanted, NULL);
    apr_table_setn(headers, "User-Agent", "mod_twauth");
}

/*
 * mod_proxy's own hook, each time that it is about to send a request: the
 * headers are a copy that nobody else sees.  What cannot be signed goes to X
 * without credentials, which is refused there.
 */
static int sign(request_rec *r)
{
    const tw_visitor_t *visitor = tw_visitor_peek(r);
    const tw_signed_call_t *call = visitor ? visitor->tokens.call : NULL;
    tw_base_string_t text = { 0 };
    tw_sign_target_t target;
    const char *header;
    tw_err_t err = { 0 };

    if (!call || call->r != r) {
        return DECLINED;
    }
    strip(r->headers_in);
    if (tw_sign_target_read(&target, r, visitor->site) != TW_SIGN_TARGET_X) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0427)
                      "a call to X has been sent elsewhere by another module: "
                      "it is not signed");
        return DECLINED;
    }
    text.method = r->method;
    text.url = target.url;
    text.query = target.query;
    text.form = call->form;
    if (tw_user_call_authorize(&header, &text, call->tokens,
                               &visitor->site->provider.client, r->pool, &err)
        != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0423)
                      "a call to X cannot be signed: %s", err.why);
        return DECLINED;
    }
    apr_table_setn(r->headers_in, "Host", target.authority);
    apr_table_setn(r->headers_in, "Authorization", header);
    return OK;
}

static void hook_in(void)
{
    static const char *const before_proxy[] = { "mod_proxy.c", NULL };
    const char *name = apr_hook_debug_current;

    apr_hook_debug_current = "mod_twauth.c";
    ap_hook_handler(handle, NULL, before_proxy, APR_HOOK_FIRST);
    APR_OPTIONAL_HOOK(proxy, fixups, sign, NULL, NULL, APR_HOOK_REALLY_LAST);
    apr_hook_debug_current = name;
    tw_sign_form_register_filter();
    tw_sign_answer_register_filter();
    /* httpd has sorted them before it asks whether all is well */
    apr_hook_sort_all();
}

int tw_sign_call_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp, server_rec *base_server)
{
    int places;

    (void)pconf;
    (void)plog;
    if (!tw_signed_check(&places, base_server, ptemp)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (places) {
        hook_in();
    }
    return OK;
}
