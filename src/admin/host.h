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
    server_rec *server;
    const char *const *names;           /* ServerName and ServerAlias; NULL */
    const char *origin;                 /* scheme://name[:port] */
    const apr_array_header_t *mounts;   /* of tw_mount_t */
    const char *const *real;            /* for each of them its real path */
} tw_host_t;

/* All hosts that somebody can ask for something, as tw_host_t. */
apr_array_header_t *tw_hosts(const tw_conftree_t *tree, apr_pool_t *pool);

/* The path without symbolic links and slashes at the end. */
const char *tw_host_real_path(const char *path, apr_pool_t *pool);

#endif
