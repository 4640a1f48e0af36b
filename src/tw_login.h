/*
 * tw_login: the own locations.
 *
 * They are answered before any proxy, alias or rewrite, whatever protects
 * them and whatever else the configuration does: translate_name and
 * map_to_storage keep others from them, access_checker_ex lets everybody in,
 * and the handler looks at nothing but the path.
 */
#ifndef TW_LOGIN_H
#define TW_LOGIN_H

#include <httpd.h>

/* The hooks, each DECLINED for what is not an own location. */
int tw_login_translate(request_rec *r);
int tw_login_map_to_storage(request_rec *r);
int tw_login_host_access(request_rec *r);
int tw_login_access(request_rec *r);
int tw_login_handler(request_rec *r);

#endif
