/*
 * tw_json: JSON, by jansson: X's error bodies, and what the session
 * location tells a page.
 */
#ifndef TW_JSON_H
#define TW_JSON_H

#include <apr_pools.h>

/*
 * The first error of {"errors":[{"code":32,"message":"..."}]}, or of the
 * {"title":...,"detail":...,"reason":...} that X's newer endpoints send
 * (*code is 0 then).  APR_EINVAL when the body is neither.  *message lives
 * in pool and is foreign text: quote it before it is shown.
 */
apr_status_t tw_json_error(int *code, const char **message, const char *body,
                           apr_size_t len, apr_pool_t *pool);

/* One member of an object to write: exactly one kind of value. */
typedef struct tw_json_member_t {
    const char *name;
    const char *text;           /* a string, when not NULL; else ... */
    apr_int64_t number;         /* ... a number, unless ... */
    int is_bool;                /* ... this says it is true or false */
} tw_json_member_t;

/*
 * The compact text of an object of count members in their order.  NULL when
 * a string is not UTF-8 or there is no memory.
 */
const char *tw_json_object(const tw_json_member_t *members, int count,
                           apr_pool_t *pool);

#endif
