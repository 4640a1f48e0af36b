/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/access: whom a host lets in at a path, by its configuration alone.
 *
 * The sections that count for a request, in httpd's order: <Directory>,
 * <Files>, <Location>, <If>, of the main server first.  What .htaccess files
 * say is not known here.
 */
#ifndef TW_ADMIN_ACCESS_H
#define TW_ADMIN_ACCESS_H

#include "admin/route.h"

typedef enum {
    TW_ACCESS_OPEN,                     /* to everybody */
    TW_ACCESS_SIGN_IN,                  /* to who has signed in at X */
    TW_ACCESS_CLOSED                    /* otherwise protected, or refused */
} tw_access_t;

/* Whom the host lets in where the route of this request ends. */
tw_access_t tw_access(const tw_probe_t *p, const tw_route_t *route);

#endif
