/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/signed.h"

#include <stdarg.h>
#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "admin/findings.h"
#include "admin/mount.h"
#include "admin/path.h"
#include "admin/route.h"
#include "config/site.h"
#include "config/values.h"
#include "private.h"

typedef struct {
    const tw_conftree_t *tree;
    apr_pool_t *pool;
    const tw_site_t *site;
    const ap_directive_t *at;           /* TwAuthSign On */
    int good;
} check_t;

static void refuse(check_t *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(check_t *c, const char *fmt, ...)
{
    const char *text;
    va_list ap;

    va_start(ap, fmt);
    text = apr_pvsprintf(c->pool, fmt, ap);
    va_end(ap);
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, c->site->server,
                 TWLOGNO(0428) "%s: TwAuthSign On (%s:%d): %s",
                 tw_findings_host(c->site->server, c->pool), c->at->filename,
                 c->at->line_num, text);
    c->good = 0;
}

/* ---- whom the credentials are sent to ------------------------------------ */

/* <Proxy> of a prefix of the URL, or of a pattern. */
static int is_proxy_section(const ap_directive_t *d, const char *url,
                            apr_pool_t *pool)
{
    const apr_array_header_t *words;
    const char *word;

    if (!tw_conftree_is(d, "<Proxy")) {
        return 0;
    }
    words = tw_conftree_words(d, pool);
    word = words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "";
    return !strncmp(url, word, strlen(word))
           || !apr_fnmatch(word, url, 0);
}

/* A directive of mod_ssl that counts for calls to url: the one of a <Proxy>,
 * else the host's, else the main server's. */
static const char *ssl_word(const check_t *c, const char *url,
                            const char *name)
{
    const ap_directive_t *parts[] = {
        tw_conftree_part(c->tree, c->site->server),
        tw_conftree_outside(c->tree)
    };
    const ap_directive_t *d, *inner;
    int i;

    for (i = 0; i < 2; i++) {
        for (d = parts[i]; d; d = d->next) {
            for (inner = is_proxy_section(d, url, c->pool) ? d->first_child
                                                           : NULL;
                 inner; inner = inner->next) {
                if (tw_conftree_is(inner, name)) {
                    return tw_conftree_word(c->pool, inner->args);
                }
            }
        }
    }
    return tw_conftree_word(c->pool,
                            tw_conftree_inherited(c->tree, c->site->server,
                                                  name));
}

static int is_off(const char *word)
{
    return word && !strcasecmp(word, "off");
}

/* By default mod_ssl believes whoever answers. */
static void check_tls(check_t *c, const char *url)
{
    const char *engine = ssl_word(c, url, "SSLProxyEngine");
    const char *verify = ssl_word(c, url, "SSLProxyVerify");

    if (!engine || is_off(engine)) {
        refuse(c, "without SSLProxyEngine On mod_proxy cannot speak https to "
               "X");
    }
    if (!verify || strcasecmp(verify, "require")) {
        refuse(c, "SSLProxyVerify is %s, so that users' credentials would go "
               "to whoever answers: say SSLProxyVerify require and "
               "SSLProxyCACertificateFile (on Debian "
               "/etc/ssl/certs/ca-certificates.crt)",
               verify ? verify : "none by default");
    }
    if (is_off(ssl_word(c, url, "SSLProxyCheckPeerName"))
        || is_off(ssl_word(c, url, "SSLProxyCheckPeerExpire"))) {
        refuse(c, "SSLProxyCheckPeerName and SSLProxyCheckPeerExpire must not "
               "be Off: users' credentials would go to whoever answers");
    }
}

static int is_x(const char *target, const char *api, apr_pool_t *pool)
{
    const char *base = tw_values_base_url(pool, api);
    const char *authority = strstr(target, "://");
    apr_size_t len;
    const char *asked;

    if (!authority) {
        return 0;
    }
    len = strcspn(authority + 3, "/?");
    asked = tw_values_base_url(pool, apr_pstrmemdup(
        pool, target, (apr_size_t)(authority + 3 - target) + len));
    len = strlen(asked);
    return !strncasecmp(asked, base, len) && (!base[len] || base[len] == '/');
}

static void check_target(check_t *c, const ap_directive_t *by,
                         const char *target)
{
    const char *api = c->site->provider.client.api;
    const char *shown = tw_values_shown_url(c->pool, target);

    if (!is_x(target, api, c->pool)) {
        refuse(c, "%s (%s:%d) goes to %s, but calls are signed for %s alone "
               "(TwAuthProvider)%s", by->directive, by->filename, by->line_num,
               shown, api,
               !strncasecmp(target, "http:", 5) && !strncmp(api, "https:", 6)
               ? ", and never over http" : "");
    }
    else if (!strncasecmp(target, "https:", 6)) {
        check_tls(c, target);
    }
}

/* ---- which of the host's proxies it is ----------------------------------- */

/* What stands in the section itself; how many. */
static int check_inside(check_t *c, const ap_directive_t *section)
{
    const ap_directive_t *d;
    int n = 0;

    for (d = section->first_child; d; d = d->next) {
        const apr_array_header_t *words = tw_conftree_words(d, c->pool);
        const char *first = words->nelts ? APR_ARRAY_IDX(words, 0,
                                                         const char *) : "";

        if ((tw_conftree_is(d, "ProxyPass")
             || tw_conftree_is(d, "ProxyPassMatch")) && strcmp(first, "!")) {
            check_target(c, d, first);
            n++;
        }
        else if (tw_conftree_is(d, "SetHandler")
                 && !strncmp(first, "proxy:", 6)) {
            refuse(c, "SetHandler \"proxy:\" (%s:%d) makes a URL of a file's "
                   "name: say ProxyPass \"%s/\"", d->filename, d->line_num,
                   c->site->provider.client.api);
            n++;
        }
    }
    return n;
}

/* What the host passes on from the section's path, and below it. */
static void check_around(check_t *c, const char *path)
{
    const apr_array_header_t *mounts = tw_mounts(c->tree, c->site->server,
                                                 c->pool);
    tw_probe_t p = { c->tree, c->pool, c->site->server,
                     c->site->address.host, path };
    tw_route_t route = tw_route(&p);
    int i;

    if (route.kind == TW_ROUTE_BACKEND && route.by) {
        check_target(c, route.by, route.target);
    }
    for (i = 0; i < mounts->nelts; i++) {
        const tw_mount_t *mount = &APR_ARRAY_IDX(mounts, i, tw_mount_t);

        if (mount->proxy && mount->by != route.by && mount->prefix
            && strcmp(mount->target, "!")
            && strlen(mount->prefix) > strlen(path)
            && tw_path_below(mount->prefix, path)) {
            check_target(c, mount->by, mount->target);
        }
    }
}

static void check_place(check_t *c)
{
    const ap_directive_t *section = c->at->parent, *d;
    const char *preserve = NULL;

    if (c->site->store.tokens == TW_TOKENS_NONE) {
        refuse(c, "TwAuthTokens is none, so that there is nothing to sign "
               "with: say TwAuthTokens sealed");
    }
    for (d = section ? section->first_child : NULL; d; d = d->next) {
        preserve = tw_conftree_is(d, "ProxyPreserveHost") ? d->args : preserve;
    }
    if (!preserve) {
        preserve = tw_conftree_inherited(c->tree, c->site->server,
                                         "ProxyPreserveHost");
    }
    if (preserve && !strcasecmp(preserve, "on")) {
        refuse(c, "with ProxyPreserveHost On X would be called by this "
               "server's own name: say it where it is needed, and Off here");
    }
    if (section && section->first_child && check_inside(c, section)) {
        return;
    }
    if (section && tw_conftree_is(section, "<Location")) {
        check_around(c, tw_conftree_word(c->pool, section->args));
    }
    else if (!section || tw_conftree_is(section, "<VirtualHost")) {
        check_around(c, "/");
    }
}

/* ---- all of them --------------------------------------------------------- */

static int check_part(check_t *c, const ap_directive_t *part)
{
    const ap_directive_t *d;
    int n = 0;

    for (d = part; d; d = d->next) {
        if (tw_conftree_is(d, "<VirtualHost")) {
            continue;
        }
        if (d->first_child) {
            n += check_part(c, d->first_child);
        }
        else if (tw_conftree_is(d, "TwAuthSign")
                 && !strcasecmp(tw_conftree_word(c->pool, d->args), "on")) {
            c->at = d;
            n++;
            if (c->site && !c->site->off) {
                check_place(c);
            }
        }
    }
    return n;
}

int tw_signed_check(int *places, server_rec *base_server, apr_pool_t *ptemp)
{
    check_t c = { tw_conftree_read(base_server, ptemp), ptemp, NULL, NULL,
                  1 };
    const ap_directive_t *outside = tw_conftree_outside(c.tree);
    int of_all = check_part(&c, outside);
    server_rec *s;

    *places = of_all;
    for (s = base_server; s; s = s->next) {
        c.site = tw_site(s);
        *places += s->is_virtual
                   ? check_part(&c, tw_conftree_part(c.tree, s)) : 0;
        if (of_all) {
            check_part(&c, outside);
        }
    }
    return c.good;
}
