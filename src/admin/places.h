/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/places: the sections of the configuration that may ask for a sign-in.
 */
#ifndef TW_ADMIN_PLACES_H
#define TW_ADMIN_PLACES_H

#include "config/conftree.h"

typedef struct {
    const ap_directive_t *section;
    server_rec *home;                   /* NULL: outside of all hosts */
    const char *folder;                 /* of <Directory> */
    const char *url;                    /* of <Location>, <If> */
    const char *file;                   /* of <Files>: the name */
} tw_place_t;

/*
 * All sections with AuthType or Require, as tw_place_t.  Of one by pattern it
 * has a path that matches; what matches nothing that can be told is left out.
 */
apr_array_header_t *tw_places(const tw_conftree_t *tree, apr_pool_t *pool);

/* Whether it is a place of this host: in it, or outside of all hosts, and then
 * of each that has a site. */
int tw_place_is_at(const tw_place_t *place, const server_rec *s);

#endif
