/* SPDX-License-Identifier: Apache-2.0 */
#include "login/locations.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "login/account.h"
#include "login/auth.h"
#include "login/callback.h"
#include "login/hub.h"
#include "login/login.h"
#include "login/logout.h"
#include "login/whoami.h"
#include "request/front.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/visitor.h"

typedef int (*answer_t)(request_rec *r, tw_visitor_t *visitor);

typedef struct {
    apr_size_t path;            /* of the location, in tw_site_t */
    answer_t get;
    answer_t post;              /* NULL: 405 */
} location_t;

static const location_t locations[] = {
    { offsetof(tw_site_t, paths.login), tw_login_get, NULL },
    { offsetof(tw_site_t, paths.callback), tw_callback_get, NULL },
    { offsetof(tw_site_t, paths.logout), tw_logout_get, tw_logout_post },
    { offsetof(tw_site_t, paths.session), tw_whoami_get, NULL },
    { offsetof(tw_site_t, paths.account), tw_account_get, tw_account_post },
    { offsetof(tw_site_t, paths.own.path), tw_account_lead, NULL },
    { offsetof(tw_site_t, paths.hub), tw_hub_get, NULL },
};

static const location_t *location_of(const tw_site_t *site, const char *uri)
{
    apr_size_t i;

    for (i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        const char *path = *(const char *const *)((const char *)site
                                                  + locations[i].path);

        if (path && !strcmp(uri, path)) {
            return &locations[i];
        }
    }
    return NULL;
}

/* Compared by pointer, so that no SetHandler "twauth" can pose as this
 * module's. */
static const char handler[] = "twauth";

/* The site whose own location, or a place below its path, r asks for. */
static const tw_site_t *own_site(const request_rec *r)
{
    const tw_site_t *site = tw_site(r->server);

    /* over plain http they step aside, so that a redirect to https works */
    if (!site || site->off || site->address.plain_http || !r->uri) {
        return NULL;
    }
    /* asked in several hooks of each request: the second letter tells most
     * paths apart */
    if (r->uri[0] == '/' && r->uri[1] == site->paths.own.path[1]
        && !strncmp(r->uri, site->paths.own.path, site->paths.own_len)) {
        return site;
    }
    return site->paths.callback_apart && !strcmp(r->uri, site->paths.callback)
           ? site : NULL;
}

/*
 * The callback's URL holds a verifier or code, which no ErrorDocument may
 * see, whoever refuses the request and with whatever status.
 */
static void hide_from_documents(request_rec *r)
{
    int unknown = ap_index_of_response(HTTP_INTERNAL_SERVER_ERROR), status;

    for (status = 400; status < 600; status++) {
        if (ap_index_of_response(status) != unknown
            || status == HTTP_INTERNAL_SERVER_ERROR) {
            ap_custom_response(r, status, "This cannot be answered.\n");
        }
    }
}

/* Whether r is the ErrorDocument of a callback: of one that was refused
 * before anything could be hidden. */
static int is_document_of_callback(const request_rec *r)
{
    const tw_site_t *site = tw_site(r->server);
    const request_rec *initial = r;

    if (r->prev->status == HTTP_OK || !site || site->off) {
        return 0;
    }
    while (initial->prev) {
        initial = initial->prev;
    }
    return initial->uri && !strcmp(initial->uri, site->paths.callback);
}

int tw_locations_translate(request_rec *r)
{
    if (r->prev && is_document_of_callback(r)) {
        return HTTP_NOT_FOUND;      /* so that httpd uses its own words */
    }
    if (!own_site(r)) {
        return DECLINED;
    }
    if (r->main) {
        return HTTP_NOT_FOUND;      /* nothing for a subrequest to find */
    }
    if (!strcmp(r->uri, tw_site(r->server)->paths.callback)) {
        hide_from_documents(r);
    }
    tw_visitor_get(r)->given.to_front = tw_front_asks(r, tw_site(r->server));
    /* a handler's name keeps FallbackResource off */
    r->filename = apr_pstrdup(r->pool, "twauth:");
    r->handler = handler;
    return OK;
}

/* What tw_locations_translate() found, for the hooks that follow it: in the
 * last one SetHandler may have put another handler there. */
static int is_own(const request_rec *r)
{
    return r->handler == handler;
}

int tw_locations_map_to_storage(request_rec *r)
{
    return is_own(r) ? OK : DECLINED;
}

/* The same, where the module and nobody else says who gets in. */
static int is_open(request_rec *r)
{
    return is_own(r) && !tw_visitor_get(r)->given.to_front;
}

/*
 * mod_access_compat's Deny cannot be overruled, for all hooks of this phase
 * must agree: it is shown the server's own defaults instead, until the next
 * hook puts the directory's configuration back.
 */
int tw_locations_host_access(request_rec *r)
{
    tw_visitor_t *visitor;

    if (!is_open(r)) {
        return DECLINED;
    }
    visitor = tw_visitor_get(r);
    visitor->per_dir_config = r->per_dir_config;
    r->per_dir_config = r->server->lookup_defaults;
    return OK;
}

int tw_locations_access(request_rec *r)
{
    tw_visitor_t *visitor;

    if (!is_open(r)) {
        return DECLINED;
    }
    visitor = tw_visitor_get(r);
    if (visitor->per_dir_config) {
        r->per_dir_config = visitor->per_dir_config;
        visitor->per_dir_config = NULL;
    }
    return OK;
}

/* Nothing to be had here: a page for a person, no ErrorDocument where always
 * is set. */
static int refuse(request_rec *r, tw_page_kind_t kind, int always)
{
    tw_page_t page = { 0 };

    if (!tw_navigation_is_read(r)) {
        return tw_html_status(kind);
    }
    page.kind = kind;
    page.always = always;
    return tw_page_answer(r, tw_visitor_get(r), &page);
}

int tw_locations_handler(request_rec *r)
{
    const tw_site_t *site = own_site(r);
    const location_t *location;

    if (!site) {
        return DECLINED;
    }
    location = location_of(site, r->uri);
    tw_page_no_store(r);
    tw_visitor_insert_filter(tw_visitor_get(r), r);
    if (tw_visitor_get(r)->given.to_front) {
        return tw_auth_answer(r, tw_visitor_get(r));    /* by any method */
    }
    if (!location) {
        return refuse(r, TW_PAGE_NOT_FOUND, 0);
    }
    if (r->method_number == M_GET) {
        return location->get(r, tw_visitor_get(r));
    }
    if (r->method_number == M_POST && location->post) {
        return location->post(r, tw_visitor_get(r));
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET,
                              location->post ? M_POST : -1, -1);
    return refuse(r, TW_PAGE_METHOD, location->get == tw_callback_get);
}
