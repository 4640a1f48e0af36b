/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/mount: the directives that take URLs of a host to files or backends.
 *
 * ProxyPass, ProxyPassMatch, Alias, ScriptAlias, their like by pattern, all of
 * them in a <Location> too, and DocumentRoot at the end.
 */
#ifndef TW_ADMIN_MOUNT_H
#define TW_ADMIN_MOUNT_H

#include "config/conftree.h"

typedef struct {
    const char *prefix;                 /* NULL: pattern says which */
    const char *pattern;
    const char *target;                 /* of a pattern: with $1 */
    int proxy;
    int exact;                          /* target is for all URLs below */
    const ap_directive_t *by;           /* NULL: DocumentRoot */
} tw_mount_t;

/* All tw_mount_t of a host, in the order in which they are tried. */
apr_array_header_t *tw_mounts(const tw_conftree_t *tree, const server_rec *s,
                              apr_pool_t *pool);

#endif
