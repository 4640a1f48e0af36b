/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/route: where a host takes a path, by its configuration alone.
 *
 * In httpd's own order: rewrite rules of the host, ProxyPass, Redirect, Alias,
 * DocumentRoot.  What a condition leaves unknown (tw_probe) does not happen.
 */
#ifndef TW_ADMIN_ROUTE_H
#define TW_ADMIN_ROUTE_H

#include "admin/probe.h"

typedef enum {
    TW_ROUTE_FILE,                      /* a file or folder */
    TW_ROUTE_BACKEND,                   /* passed on by mod_proxy */
    TW_ROUTE_AWAY                       /* redirected or refused */
} tw_route_kind_t;

typedef struct {
    tw_route_kind_t kind;
    const char *target;                 /* a path, a URL; NULL: AWAY */
    const ap_directive_t *by;           /* NULL: DocumentRoot */
} tw_route_t;

tw_route_t tw_route(const tw_probe_t *p);

/*
 * Whether the rewrite rules or redirects among the directives from d on take
 * path away; in sections they count after everybody was let in or not.
 */
int tw_route_leaves(const tw_probe_t *p, const ap_directive_t *d,
                    const char *path);

#endif
