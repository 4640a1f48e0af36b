/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/host: the virtual hosts as visitors see them, for checks of the
 * configuration.
 */
#ifndef TW_ADMIN_HOST_H
#define TW_ADMIN_HOST_H

#include "admin/mount.h"
#include "admin/probe.h"

typedef struct {
    const tw_conftree_t *tree;
    apr_pool_t *pool;
    server_rec *server;
    const char *const *names;           /* ServerName and ServerAlias; NULL */
    const char *origin;                 /* scheme://name[:port] */
    const apr_array_header_t *mounts;   /* of tw_mount_t */
    const char *const *real;            /* for each of them its real path */
} tw_host_t;

/* All hosts that somebody can ask for something, as tw_host_t. */
apr_array_header_t *tw_hosts(const tw_conftree_t *tree, apr_pool_t *pool);

/* A visitor's request for a path of the host, by its first name. */
tw_probe_t tw_host_probe(const tw_host_t *host, const char *url);

/*
 * The path by which the host's i-th mount leads to a file, a folder or a URL
 * of a backend (as in host->real), or into the folder; NULL: it does not, or
 * goes by a pattern.
 */
const char *tw_host_url(const tw_host_t *host, int i, const char *real);

#endif
