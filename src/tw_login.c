#include "tw_login.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "tw_browser.h"
#include "tw_call.h"
#include "tw_callback.h"
#include "tw_codec.h"
#include "tw_flows.h"
#include "tw_json.h"
#include "tw_logout.h"
#include "tw_page.h"
#include "tw_private.h"
#include "tw_start.h"
#include "tw_target.h"
#include "tw_visitor.h"

#define QUERY_FIELDS_MAX 200

/* ---- login: what is asked ------------------------------------------------ */

typedef struct {
    request_rec *r;
    tw_visitor_t *visitor;
    const tw_site_t *site;
    apr_array_header_t *query;
    const char *next;               /* always a good target */
    int switched;
    tw_browser_t browser;
    int known;                      /* the pre-session cookie was there */
} login_t;

/* The path of a Referer of the own address. */
static const char *referer_target(const login_t *l)
{
    const char *referer = apr_table_get(l->r->headers_in, "Referer");
    apr_size_t len = strlen(l->site->origin);

    return referer && !strncmp(referer, l->site->origin, len)
           && referer[len] == '/' ? referer + len : NULL;
}

static int has(const login_t *l, const char *name)
{
    int count;

    tw_codec_form_get(l->query, name, &count);
    return count > 0;
}

static void read_query(login_t *l)
{
    const char *switched;
    int given;

    /* more fields than anybody needs: none of them counts */
    if (tw_codec_form(&l->query, l->r->args,
                      l->r->args ? strlen(l->r->args) : 0, QUERY_FIELDS_MAX,
                      l->r->pool) != APR_SUCCESS) {
        l->query = apr_array_make(l->r->pool, 1, sizeof(tw_pair_t));
    }
    l->next = tw_codec_form_get(l->query, "next", &given);
    if (!given) {
        l->next = referer_target(l);
    }
    if (!tw_target_ok(l->next, l->site->own)) {
        l->next = "/";
    }
    switched = tw_codec_form_get(l->query, "switch", NULL);
    l->switched = switched && !strcmp(switched, "1");
}

/* ---- login: answers ------------------------------------------------------ */

static int redirect(request_rec *r, const char *url)
{
    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Location", url);
    return HTTP_MOVED_TEMPORARILY;
}

static int page(login_t *l, tw_page_t *p)
{
    p->next = l->next;
    return tw_page_answer(l->r, l->visitor, p);
}

static int page_of_kind(login_t *l, tw_page_kind_t kind, int retry_after)
{
    tw_page_t p = { 0 };

    p.kind = kind;
    p.retry_after = retry_after;
    return page(l, &p);
}

static const char *own_url(const login_t *l, const char *more)
{
    return apr_pstrcat(l->r->pool,
                       tw_page_login_url(l->r->pool, l->site, l->next,
                                         l->switched), more, NULL);
}

/* ---- login: the steps ----------------------------------------------------
 * Each returns GO_ON, or what the handler returns.
 */
#define GO_ON (-100)

/* The sign-in happens at the own address: sent there once, and if it is
 * still another one, a proxy has changed the Host header. */
static int go_home(login_t *l)
{
    if (tw_browser_is_home(l->r, l->site) || has(l, "moved")) {
        return GO_ON;
    }
    return redirect(l->r, apr_pstrcat(l->r->pool, l->site->origin,
                                      own_url(l, "&moved=1"), NULL));
}

static int signed_in_already(login_t *l)
{
    /* the page that sent it here may ask the database more often: what it
     * knows to be over must not be good here, or the two would loop */
    switch (tw_visitor_look(l->visitor, l->r, 0, 1)) {
    case TW_VISITOR_SIGNED_IN:
        return l->switched ? GO_ON : redirect(l->r, l->next);
    case TW_VISITOR_UNCERTAIN:
        return page_of_kind(l, TW_PAGE_DATABASE, TW_RETRY_AFTER);
    default:
        return GO_ON;
    }
}

/*
 * A browser that keeps cookies brings its pre-session cookie.  One that came
 * by a plain link gets it now, and comes back with a mark; a mark without
 * the cookie is a browser that keeps none.
 */
static int demand_cookies(login_t *l)
{
    tw_browser_t likeness = { { 0 }, 0, 0 };
    const char *mark;

    l->known = tw_browser_read(&l->browser, l->visitor);
    if (l->known) {
        return GO_ON;
    }
    /* without a cookie there is but this to know a browser by: enough to
     * tell a link that was copied from another one's */
    tw_seal_digest(likeness.id, apr_pstrcat(
        l->r->pool, l->r->useragent_ip, "\n",
        apr_table_get(l->r->headers_in, "User-Agent"), NULL));
    tw_browser_set(l->r, l->site, &l->browser);
    if (tw_browser_token_ok(l->r, l->site, TW_SEAL_MARK, &likeness, NULL,
                            tw_codec_form_get(l->query, "mark", NULL))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, l->r, TWLOGNO(0230)
                      "no sign-in for a browser that keeps no cookies");
        return page_of_kind(l, TW_PAGE_NO_COOKIES, 0);
    }
    mark = tw_browser_token(l->r, l->site, TW_SEAL_MARK, &likeness, NULL);
    return redirect(l->r, own_url(l, apr_pstrcat(
        l->r->pool, has(l, "moved") ? "&moved=1" : "", "&mark=", mark,
        NULL)));
}

/* Another account: asked first, unless this site's own page asks. */
static int confirm_switch(login_t *l)
{
    const char *from = apr_table_get(l->r->headers_in, "Sec-Fetch-Site");
    const tw_session_t *session =
        l->visitor->state == TW_VISITOR_SIGNED_IN ? &l->visitor->session
                                                  : NULL;
    tw_page_t p = { 0 };

    if (!l->switched || (from && !strcmp(from, "same-origin"))
        || tw_browser_token_ok(l->r, l->site, TW_SEAL_SWITCH, &l->browser,
                               session,
                               tw_codec_form_get(l->query, "token", NULL))) {
        return GO_ON;
    }
    p.kind = TW_PAGE_SWITCH;
    p.screen_name = session ? session->screen_name : NULL;
    p.token = tw_browser_token(l->r, l->site, TW_SEAL_SWITCH, &l->browser,
                               session);
    return page(l, &p);
}

/* The client as the limits count it: an IPv6 network of 64 bits is one. */
static const char *client_of(const login_t *l)
{
    const apr_sockaddr_t *addr = l->r->useragent_addr;
    const char *who = l->r->useragent_ip;

    if (addr && addr->family == APR_INET6 && addr->ipaddr_len == 16
        && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)addr->ipaddr_ptr)) {
        char network[17];

        tw_codec_hex(network, addr->ipaddr_ptr, 8);
        who = apr_pstrdup(l->r->pool, network);
    }
    return apr_pstrcat(l->r->pool, l->site->realm, "\n", who, NULL);
}

/* The account that signed in from this browser before, NULL for none: its
 * number was sealed by a site of this realm. */
static const char *known_of(const login_t *l)
{
    return l->browser.before
           ? apr_psprintf(l->r->pool, "%s\n%" APR_INT64_T_FMT,
                          l->site->realm, l->browser.before)
           : NULL;
}

static int within_limits(login_t *l)
{
    const tw_server_conf_t *conf = l->site->conf;
    apr_time_t now = apr_time_now();
    int wait = tw_shared_start_client(l->site->shared, client_of(l),
                                      &conf->start_client, now);

    if (wait) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, l->r, TWLOGNO(0231)
                      "too many sign-ins from this client");
        return page_of_kind(l, TW_PAGE_LIMIT, wait);
    }
    wait = tw_shared_start_all(l->site->shared, l->site->slot,
                               &conf->start_all, known_of(l), now);
    if (wait) {
        if (tw_shared_note(l->site->shared, l->site->slot, NOTE_LIMIT, NULL,
                           apr_time_from_sec(60), now)) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, l->r, TWLOGNO(0232)
                          "too many sign-ins in all (TwAuthStartLimit): some "
                          "are put off");
        }
        return page_of_kind(l, TW_PAGE_LIMIT_ALL, wait);
    }
    return GO_ON;
}

/*
 * With a place for the call, where there is one to make.  Counted is what
 * has a place: who tries in vain while X is away or busy, again and again,
 * does not use up what everybody will want when X is back.
 */
static int may_begin(login_t *l, tw_permit_t *permit)
{
    int calls = l->site->protocol->begin_calls, status;
    tw_page_t p = { 0 };

    if (calls
        && !tw_call_begin(permit, l->r, l->site, TW_CALL_START, 0, &p)) {
        return page(l, &p);
    }
    status = within_limits(l);
    if (calls && status != GO_ON) {
        tw_call_drop(permit, l->site);
    }
    return status;
}

static int begin(login_t *l)
{
    const tw_site_t *site = l->site;
    tw_client_t client = site->client;
    tw_pending_t pending;
    tw_permit_t permit;
    const char *location;
    tw_page_t p = { 0 };
    tw_err_t err = { 0 };
    apr_status_t rv;
    int status;

    /* X would pass the user of its own session through without a word */
    client.force_login |= l->switched;
    status = may_begin(l, &permit);
    if (status != GO_ON) {
        return status;
    }
    rv = site->protocol->begin(&pending, &location, &client, tw_start_http(),
                               l->r->pool, &err);
    if (site->protocol->begin_calls
        && !tw_call_end(&permit, l->r, site, "the start of a sign-in", rv, &err,
                     &p)) {
        return page(l, &p);
    }
    tw_flows_add(l->r, l->visitor, &pending, l->next);
    tw_seal_wipe((void *)pending.secret, strlen(pending.secret));
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, l->r, TWLOGNO(0233)
                  "a sign-in begins");
    /* the empty fragment keeps the page's own from travelling to X */
    return redirect(l->r, apr_pstrcat(l->r->pool, location, "#", NULL));
}

static int login_get(request_rec *r, tw_visitor_t *visitor)
{
    static int (*const steps[])(login_t *) = {
        go_home, signed_in_already, demand_cookies, confirm_switch,
        begin
    };
    login_t l = { 0 };
    apr_size_t i;
    int status = GO_ON;

    if (!tw_browser_navigates(r)) {
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    l.r = r;
    l.visitor = visitor;
    l.site = visitor->site;
    read_query(&l);
    /* the last step always answers */
    for (i = 0; status == GO_ON && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        status = steps[i](&l);
    }
    return status;
}

/* ---- session ------------------------------------------------------------ */

static const char *time_text(apr_pool_t *pool, apr_time_t t)
{
    char *text = apr_palloc(pool, 32);
    apr_time_exp_t exploded;
    apr_size_t len;

    apr_time_exp_gmt(&exploded, t);
    apr_strftime(text, &len, 32, "%Y-%m-%dT%H:%M:%SZ", &exploded);
    return text;
}

static int session_get(request_rec *r, tw_visitor_t *visitor)
{
    const tw_session_t *s = &visitor->session;
    const char *from = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *json = "{\"signed_in\":false}";
    apr_time_t end;

    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Cross-Origin-Resource-Policy",
                   "same-origin");
    if (from && strcmp(from, "same-origin") && strcmp(from, "none")) {
        return HTTP_FORBIDDEN;
    }
    switch (tw_visitor_look(visitor, r, visitor->site->conf->session_recheck,
                            0)) {
    case TW_VISITOR_UNCERTAIN:
        apr_table_setn(r->err_headers_out, "Retry-After",
                       APR_STRINGIFY(TW_RETRY_AFTER));
        return HTTP_SERVICE_UNAVAILABLE;
    case TW_VISITOR_SIGNED_IN:
        end = s->signed_in_at + visitor->site->conf->session_max;
        {
            const tw_json_member_t members[] = {
                { "signed_in", NULL, 1, 1 },
                { "username", s->username, 0, 0 },
                { "screen_name", s->screen_name, 0, 0 },
                { "id", s->twitter_id, 0, 0 },
                { "account", NULL, s->account, 0 },
                { "signed_in_at", time_text(r->pool, s->signed_in_at), 0, 0 },
                { "expires_at",
                  time_text(r->pool, end < s->expires_at ? end
                                                         : s->expires_at),
                  0, 0 },
            };

            json = tw_json_object(members,
                                  sizeof(members) / sizeof(members[0]),
                                  r->pool);
        }
        break;
    default:
        break;
    }
    if (!json) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(json));
    ap_rputs(json, r);
    return OK;
}

/* ---- the table ---------------------------------------------------------- */

typedef int (*answer_t)(request_rec *r, tw_visitor_t *visitor);

typedef struct {
    apr_size_t path;            /* of the location, in tw_site_t */
    answer_t get;
    answer_t post;              /* NULL: 405 */
} location_t;

static const location_t locations[] = {
    { offsetof(tw_site_t, login), login_get, NULL },
    { offsetof(tw_site_t, callback), tw_callback_get, NULL },
    { offsetof(tw_site_t, logout), tw_logout_get, tw_logout_post },
    { offsetof(tw_site_t, session), session_get, NULL },
};

static const location_t *location_of(const tw_site_t *site, const char *uri)
{
    apr_size_t i;

    for (i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        const char *path = *(const char *const *)((const char *)site
                                                  + locations[i].path);

        if (!strcmp(uri, path)) {
            return &locations[i];
        }
    }
    return NULL;
}

/* Known by its address. */
static const char handler[] = "twauth";

/* The site whose own location, or a place below its path, r asks for. */
static const tw_site_t *own_site(const request_rec *r)
{
    const tw_site_t *site = tw_site(r->server);

    /* over plain http they step aside, so that a redirect to https works */
    if (!site || site->off || site->plain_http || !r->uri) {
        return NULL;
    }
    /* asked in several hooks of each request: the second letter tells most
     * paths apart */
    if (r->uri[0] == '/' && r->uri[1] == site->conf->path[1]
        && !strncmp(r->uri, site->conf->path, site->path_len)) {
        return site;
    }
    return site->callback_apart && !strcmp(r->uri, site->callback) ? site
                                                                   : NULL;
}

int tw_login_translate(request_rec *r)
{
    if (!own_site(r)) {
        return DECLINED;
    }
    if (r->main) {
        return HTTP_NOT_FOUND;      /* nothing for a subrequest to find */
    }
    if (!strcmp(r->uri, tw_site(r->server)->callback)) {
        static const int refusals[] = {
            HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, HTTP_NOT_FOUND,
            HTTP_METHOD_NOT_ALLOWED, HTTP_INTERNAL_SERVER_ERROR
        };
        apr_size_t i;

        /* its URL holds a verifier: no ErrorDocument may see it */
        for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
            ap_custom_response(r, refusals[i], "This cannot be answered.\n");
        }
    }
    /* a handler's name keeps FallbackResource off */
    r->filename = apr_pstrdup(r->pool, "twauth:");
    r->handler = handler;
    return OK;
}

/* What tw_login_translate() found, for the hooks that follow it: in the last
 * one SetHandler may have put another handler there. */
static int is_own(const request_rec *r)
{
    return r->handler == handler;
}

int tw_login_map_to_storage(request_rec *r)
{
    return is_own(r) ? OK : DECLINED;
}

/*
 * mod_access_compat's Deny cannot be overruled, for all hooks of this phase
 * must agree: it is shown the server's own defaults instead, until the next
 * hook puts the directory's configuration back.
 */
int tw_login_host_access(request_rec *r)
{
    tw_visitor_t *visitor;

    if (!is_own(r)) {
        return DECLINED;
    }
    visitor = tw_visitor(r);
    visitor->per_dir_config = r->per_dir_config;
    r->per_dir_config = r->server->lookup_defaults;
    return OK;
}

int tw_login_access(request_rec *r)
{
    tw_visitor_t *visitor;

    if (!is_own(r)) {
        return DECLINED;
    }
    visitor = tw_visitor(r);
    if (visitor->per_dir_config) {
        r->per_dir_config = visitor->per_dir_config;
        visitor->per_dir_config = NULL;
    }
    return OK;
}

int tw_login_handler(request_rec *r)
{
    const tw_site_t *site = own_site(r);
    const location_t *location;

    if (!site) {
        return DECLINED;
    }
    location = location_of(site, r->uri);
    tw_page_no_store(r);
    tw_visitor_insert_filter(r);
    if (!location) {
        return HTTP_NOT_FOUND;
    }
    if (r->method_number == M_GET) {
        return location->get(r, tw_visitor(r));
    }
    if (r->method_number == M_POST && location->post) {
        return location->post(r, tw_visitor(r));
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET,
                              location->post ? M_POST : -1, -1);
    return HTTP_METHOD_NOT_ALLOWED;
}
