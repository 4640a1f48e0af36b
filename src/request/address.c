/* SPDX-License-Identifier: Apache-2.0 */
#include "request/address.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>

#include "base/codec.h"
#include "base/host.h"
#include "base/target.h"
#include "request/navigation.h"
#include "sealed/seal.h"

#define MOVED "moved=1"
#define QUERY_FIELDS_MAX 200

int tw_address_is_own(request_rec *r, const tw_site_t *site)
{
    const char *scheme = ap_http_scheme(r);
    apr_port_t port = r->parsed_uri.port_str && r->parsed_uri.port
                      ? r->parsed_uri.port
                      : !strcmp(scheme, "https") ? 443 : 80;

    /* HTTP/1.0 need not name a host: nobody to be sent elsewhere */
    return !r->hostname
           || (!strcmp(scheme, site->address.scheme)
               && port == site->address.port
               && tw_host_same(r->hostname, site->address.host));
}

/* Whether the browser itself says that it is at the own address: a page of
 * that origin asks its own origin. */
static int browser_is_there(request_rec *r, const tw_site_t *site)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");

    return tw_navigation_from(r) == TW_FROM_HERE
           && ((origin && !strcmp(origin, site->address.origin))
               || tw_address_referer(r, site));
}

int tw_address_is_elsewhere(request_rec *r, const tw_site_t *site)
{
    static const char *const moved[] = { "moved", NULL };
    apr_array_header_t *query;

    if (tw_address_is_own(r, site) || browser_is_there(r, site)) {
        return 0;
    }
    tw_codec_query(&query, r->args, QUERY_FIELDS_MAX, r->pool);
    return !tw_codec_form_has_any(query, moved);
}

/* A URL of ours, with a query of three pieces; put together at once, for
 * this is done for each visitor who is sent to the sign-in. */
static const char *own_url(request_rec *r, const tw_site_t *site,
                           const char *location, const char *query,
                           const char *name, const char *value)
{
    int own = tw_address_is_own(r, site);
    int any = *query || *name;

    return apr_pstrcat(r->pool, own ? "" : site->address.origin, location,
                       any || !own ? "?" : "", query, name, value,
                       own ? "" : any ? "&" MOVED : MOVED, NULL);
}

const char *tw_address_url(request_rec *r, const tw_site_t *site,
                           const char *location, const char *query)
{
    return own_url(r, site, location, query, "", "");
}

/* The field that says next: its name, with "=", and what is its value. */
static const char *next_field(const char **value, request_rec *r,
                              const tw_site_t *site, const char *next)
{
    /* without an escape it is what anybody can write */
    if (!strchr(next, '%') || tw_target_ok(next, &site->paths.own)) {
        *value = tw_codec_percent(r->pool, next);
        return "next=";
    }
    *value = tw_seal(&site->sealers.asked, next, strlen(next), r->pool);
    return "asked=";
}

const char *tw_address_next(request_rec *r, const tw_site_t *site,
                            const char *next)
{
    const char *value;
    const char *name = next_field(&value, r, site, next);

    return apr_pstrcat(r->pool, name, value, NULL);
}

const char *tw_address_read_next(request_rec *r, const tw_site_t *site,
                                 const apr_array_header_t *query, int *given)
{
    const char *next = tw_codec_form_get(query, "next", given);
    const char *asked = tw_codec_form_get(query, "asked", NULL);
    tw_plain_t plain;

    if (*given || !asked) {
        return tw_target_ok(next, &site->paths.own) ? next : NULL;
    }
    *given = 1;
    return tw_unseal(&plain, &site->sealers.asked, asked, strlen(asked),
                     r->pool) == APR_SUCCESS
           && tw_target_is_asked((const char *)plain.data, &site->paths.own)
           ? (const char *)plain.data : NULL;
}

const char *tw_address_login(request_rec *r, const tw_site_t *site,
                             const char *next, tw_login_t how)
{
    static const char *const fields[][2] = {
        { "", "" }, { "switch=1", "switch=1&" }, { "fresh=1", "fresh=1&" },
        { MOVED, MOVED "&" }
    };
    const char *value = "";
    const char *name = next ? next_field(&value, r, site, next) : "";

    return own_url(r, site, site->paths.login, fields[how][next != NULL],
                   name, value);
}

const char *tw_address_referer(request_rec *r, const tw_site_t *site)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    apr_size_t len = strlen(site->address.origin);

    return referer && !strncmp(referer, site->address.origin, len)
           && referer[len] == '/' ? referer + len : NULL;
}
