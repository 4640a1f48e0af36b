/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/set_cookie: cookies on an answer, each once.
 */
#ifndef TW_REQUEST_SET_COOKIE_H
#define TW_REQUEST_SET_COOKIE_H

#include <httpd.h>

/*
 * Sets name=value on the answer, errors and redirects included, in place of
 * what was to be set by that name before, with attributes as they are to
 * follow it ("; Path=/; HttpOnly").  max_age in seconds; -1: until the
 * browser ends.
 */
void tw_cookie_set(request_rec *r, const char *name, const char *value,
                   const char *attributes, int max_age);

/* Has the browser forget the cookie; attributes as when it was set. */
void tw_cookie_expire(request_rec *r, const char *name,
                      const char *attributes);

#endif
