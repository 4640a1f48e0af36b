/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/host.h"

#include <string.h>

#include <ap_listen.h>
#include <apr_strings.h>

#include "admin/path.h"

static int is_wild(const server_addr_rec *addr)
{
    return !strcmp(addr->virthost, "*")
           || !strcasecmp(addr->virthost, "_default_");
}

/* Whether requests that come in here can go to a host with this address. */
static int takes(const server_addr_rec *addr, const ap_listen_rec *listener)
{
    return !addr->host_port
           || addr->host_port == listener->bind_addr->port;
}

/* The main server gets what no virtual host has the address of. */
static int is_taken(const server_rec *base_server,
                    const ap_listen_rec *listener)
{
    const server_rec *s;
    const server_addr_rec *addr;

    for (s = base_server->next; s; s = s->next) {
        for (addr = s->addrs; addr; addr = addr->next) {
            if (takes(addr, listener)
                && (is_wild(addr)
                    || apr_sockaddr_equal(addr->host_addr,
                                          listener->bind_addr))) {
                return 1;
            }
        }
    }
    return 0;
}

static int serves(const server_rec *base_server, const server_rec *s)
{
    const ap_listen_rec *listener;
    const server_addr_rec *addr;

    for (listener = ap_listeners; listener; listener = listener->next) {
        if (!s->is_virtual && !is_taken(base_server, listener)) {
            return 1;
        }
        for (addr = s->is_virtual ? s->addrs : NULL; addr;
             addr = addr->next) {
            if (takes(addr, listener)) {
                return 1;
            }
        }
    }
    return 0;
}

static const char *const *names_of(const server_rec *s, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(char *));

    APR_ARRAY_PUSH(names, const char *) = s->server_hostname
                                          ? s->server_hostname : "localhost";
    if (s->names) {
        apr_array_cat(names, s->names);
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)names->elts;
}

static const char *origin_of(const tw_conftree_t *tree, const server_rec *s,
                             apr_pool_t *pool)
{
    int tls = tw_conftree_tls(tree, s);
    apr_port_t port = tw_probe_port(s);
    const char *name = s->server_hostname ? s->server_hostname : "localhost";

    return !port || port == (tls ? 443 : 80)
           ? apr_psprintf(pool, "http%s://%s", tls ? "s" : "", name)
           : apr_psprintf(pool, "http%s://%s:%u", tls ? "s" : "", name, port);
}

tw_probe_t tw_host_probe(const tw_host_t *host, const char *url)
{
    tw_probe_t p = { host->tree, host->pool, host->server, host->names[0],
                     url };

    return p;
}

const char *tw_host_url(const tw_host_t *host, int i, const char *real)
{
    const tw_mount_t *mount = &APR_ARRAY_IDX(host->mounts, i, tw_mount_t);
    const char *root = host->real[i];

    if (!mount->prefix) {
        return NULL;
    }
    if (mount->exact) {
        return strcmp(real, root) ? NULL : mount->prefix;
    }
    if (tw_path_below(real, root)) {
        return tw_path_join(mount->prefix, real + strlen(root), host->pool);
    }
    return tw_path_below(root, real) ? mount->prefix : NULL;
}

apr_array_header_t *tw_hosts(const tw_conftree_t *tree, apr_pool_t *pool)
{
    apr_array_header_t *hosts = apr_array_make(pool, 8, sizeof(tw_host_t));
    server_rec *s;

    for (s = tw_conftree_base_server(tree); s; s = s->next) {
        tw_host_t *host;
        const char **real;
        int i;

        if (!serves(tw_conftree_base_server(tree), s)) {
            continue;
        }
        host = apr_array_push(hosts);
        host->tree = tree;
        host->pool = pool;
        host->server = s;
        host->names = names_of(s, pool);
        host->origin = origin_of(tree, s, pool);
        host->mounts = tw_mounts(tree, s, pool);
        real = apr_pcalloc(pool, sizeof(*real)
                           * (apr_size_t)(host->mounts->nelts + 1));
        for (i = 0; i < host->mounts->nelts; i++) {
            const tw_mount_t *mount = &APR_ARRAY_IDX(host->mounts, i,
                                                     tw_mount_t);

            real[i] = mount->proxy ? mount->target
                                   : tw_path_real(mount->target, pool);
        }
        host->real = real;
    }
    return hosts;
}
