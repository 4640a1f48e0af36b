/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/locations: the own locations.
 *
 * They are answered before any proxy, alias or rewrite, whatever protects
 * them and whatever else the configuration does: translate_name and
 * map_to_storage keep others from them, access_checker_ex lets everybody in,
 * and the handler looks at nothing but the path.
 */
#ifndef TW_LOGIN_LOCATIONS_H
#define TW_LOGIN_LOCATIONS_H

#include <httpd.h>

/* The hooks, each DECLINED for what is not an own location. */
int tw_locations_translate(request_rec *r);
int tw_locations_map_to_storage(request_rec *r);
int tw_locations_host_access(request_rec *r);
int tw_locations_access(request_rec *r);
int tw_locations_handler(request_rec *r);

#endif
