/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sign_target.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/codec.h"

#define PROXY "proxy:"
/* Where mod_proxy notes that a socket takes the place of the host. */
#define UDS "uds_path"

static apr_port_t port_of(const apr_uri_t *uri)
{
    return uri->port_str && *uri->port_str ? uri->port
                                           : apr_uri_port_of_scheme(
                                                 uri->scheme);
}

/* scheme, host and port */
static int is_same_server(const apr_uri_t *a, const apr_uri_t *b)
{
    return a->scheme && a->hostname && b->scheme && b->hostname
           && !strcasecmp(a->scheme, b->scheme)
           && !strcasecmp(a->hostname, b->hostname)
           && port_of(a) == port_of(b);
}

/* X's server as Host and signature have it: by the configuration, where it is
 * in lower case and without the port that is the scheme's own. */
static const char *authority_of(const tw_site_t *site, apr_pool_t *pool)
{
    const char *host = strstr(site->provider.client.api, "://") + 3;

    return apr_pstrmemdup(pool, host, strcspn(host, "/"));
}

/* Whether a segment of the path begins with "oauth", however it is spelt;
 * -1: the path is malformed. */
static int is_of_oauth(const char *path, apr_pool_t *pool)
{
    char *decoded, *at;

    if (tw_codec_unpercent(&decoded, path, strlen(path), 0, pool)
        != APR_SUCCESS) {
        return -1;
    }
    for (at = decoded; (at = strpbrk(at, "/\\")) != NULL; ) {
        at++;
        if (!strncasecmp(at, "oauth", 5)) {
            return 1;
        }
    }
    return 0;
}

tw_sign_target_kind_t tw_sign_target_read(tw_sign_target_t *target,
                                          const request_rec *r,
                                          const tw_site_t *site)
{
    apr_uri_t uri, api;
    const char *text = r->filename;
    int of_oauth;

    if (r->proxyreq != PROXYREQ_REVERSE || !text
        || strncmp(text, PROXY, strlen(PROXY))
        || apr_uri_parse(r->pool, text + strlen(PROXY), &uri) != APR_SUCCESS
        || apr_uri_parse(r->pool, site->provider.client.api, &api)
           != APR_SUCCESS
        || !is_same_server(&uri, &api) || uri.user || uri.password
        || apr_table_get(r->notes, UDS)) {
        return TW_SIGN_TARGET_ELSEWHERE;
    }
    if (!uri.path || uri.path[0] != '/' || uri.fragment) {
        return TW_SIGN_TARGET_MALFORMED;
    }
    of_oauth = is_of_oauth(uri.path, r->pool);
    if (of_oauth) {
        return of_oauth < 0 ? TW_SIGN_TARGET_MALFORMED
                            : TW_SIGN_TARGET_CREDENTIALS;
    }
    target->query.text = uri.query;
    target->query.len = uri.query ? strlen(uri.query) : 0;
    if (tw_base_string_has(&target->query, "oauth_", r->pool)) {
        return TW_SIGN_TARGET_MALFORMED;
    }
    target->authority = authority_of(site, r->pool);
    target->url = apr_pstrcat(r->pool, api.scheme, "://", target->authority,
                              uri.path, NULL);
    return TW_SIGN_TARGET_X;
}
