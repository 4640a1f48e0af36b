/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/cookie: the cookies of a request, read by the letter.
 *
 * Names are compared byte by byte, only ';' separates, only blanks and tabs
 * around a pair are dropped; there is no quoting, no percent and no "$".
 * Anything more lenient would undo what the browser's __Host- prefix
 * promises.
 */
#ifndef TW_BASE_COOKIE_H
#define TW_BASE_COOKIE_H

#include <string.h>

#include <apr.h>

/* A cookie as it came, inside the header's own bytes (not NUL-terminated). */
typedef struct tw_cookie_t {
    const char *name;
    apr_size_t name_len;
    const char *value;
    apr_size_t value_len;
} tw_cookie_t;

/* A name to look for, or the beginning of one. */
typedef struct tw_cookie_name_t {
    const char *text;
    apr_size_t len;
} tw_cookie_name_t;

/*
 * Steps through a Cookie header: *at begins as the header's text and is NULL
 * after the last pair.  0 when there is none left; a piece without '=' is a
 * cookie with name_len 0.
 */
int tw_cookie_next(tw_cookie_t *cookie, const char **at);

/* Whether the cookie has exactly that name. */
static inline int tw_cookie_is_named(const tw_cookie_t *cookie,
                                     const tw_cookie_name_t *name)
{
    return cookie->name_len == name->len
           && !memcmp(cookie->name, name->text, name->len);
}

/* Whether it has a name that begins so and goes on. */
static inline int tw_cookie_begins_with(const tw_cookie_t *cookie,
                                        const tw_cookie_name_t *name)
{
    return cookie->name_len > name->len
           && !memcmp(cookie->name, name->text, name->len);
}

#endif
