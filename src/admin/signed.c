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

/* How a <Proxy> and the URL of all calls lie to each other. */
typedef enum { APART, AROUND, INSIDE } relation_t;

static relation_t relation_of(const check_t *c, const ap_directive_t *d,
                              const char *url)
{
    const apr_array_header_t *words;
    const char *word;

    if (!tw_conftree_is(d, "<Proxy") && !tw_conftree_is(d, "<ProxyMatch")) {
        return APART;
    }
    words = tw_conftree_words(d, c->pool);
    word = words->nelts ? APR_ARRAY_IDX(words, words->nelts - 1, const char *)
                        : "";
    /* of a pattern nobody knows here what else it matches */
    if (tw_conftree_is(d, "<ProxyMatch") || words->nelts > 1) {
        return INSIDE;
    }
    return !strncmp(url, word, strlen(word)) || !apr_fnmatch(word, url, 0)
           ? AROUND : !strncmp(url, word, strlen(url)) ? INSIDE : APART;
}

/*
 * Whether a directive of mod_ssl says what is good, for all calls to url: in
 * the <Proxy> around them, else for the host, else for all; and in a <Proxy>
 * of some of them nothing else.  *word: what it says, NULL: nothing.
 */
static int ssl_says(const char **word, const check_t *c, const char *url,
                    const char *name, int (*is_good)(const char *word))
{
    const ap_directive_t *parts[] = {
        tw_conftree_part(c->tree, c->site->server),
        tw_conftree_outside(c->tree)
    };
    const ap_directive_t *d, *inner;
    const char *around = NULL;
    int i;

    for (i = 0; i < 2; i++) {
        for (d = parts[i]; d; d = d->next) {
            relation_t relation = relation_of(c, d, url);

            for (inner = relation == APART ? NULL : d->first_child; inner;
                 inner = inner->next) {
                if (!tw_conftree_is(inner, name)) {
                    continue;
                }
                *word = tw_conftree_word(c->pool, inner->args);
                if (!is_good(*word)) {
                    return 0;
                }
                around = relation == AROUND ? *word : around;
            }
        }
    }
    *word = around ? around
            : tw_conftree_word(c->pool,
                               tw_conftree_inherited(c->tree, c->site->server,
                                                     name));
    return is_good(*word);
}

static int is_on(const char *word)
{
    return word && !strcasecmp(word, "on");
}

static int is_not_off(const char *word)
{
    return !word || strcasecmp(word, "off");
}

static int is_required(const char *word)
{
    return word && !strcasecmp(word, "require");
}

/* By default mod_ssl believes whoever answers. */
static void check_tls(check_t *c)
{
    const char *url = apr_pstrcat(c->pool, c->site->provider.client.api, "/",
                                  NULL);
    const char *word;

    if (strncmp(url, "https:", 6)) {
        return;         /* a stand-in, on a loopback address */
    }
    if (!ssl_says(&word, c, url, "SSLProxyEngine", is_on)) {
        refuse(c, "without SSLProxyEngine On mod_proxy cannot speak https to "
               "X");
    }
    if (!ssl_says(&word, c, url, "SSLProxyVerify", is_required)) {
        refuse(c, "SSLProxyVerify is %s, so that users' credentials would go "
               "to whoever answers: say SSLProxyVerify require and "
               "SSLProxyCACertificateFile (on Debian "
               "/etc/ssl/certs/ca-certificates.crt)",
               word ? word : "none by default");
    }
    if (!ssl_says(&word, c, url, "SSLProxyCheckPeerName", is_not_off)
        || !ssl_says(&word, c, url, "SSLProxyCheckPeerExpire", is_not_off)) {
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
    check_tls(c);
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
