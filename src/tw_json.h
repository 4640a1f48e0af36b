/*
 * tw_json: JSON, by jansson: X's answers and error bodies, and what the
 * session location tells a page.
 *
 * What X sends is foreign: a document that is not an object, or has a member
 * twice, one of another type than expected, a string with a NUL, or more
 * than TW_JSON_DEPTH levels, is no answer at all.
 */
#ifndef TW_JSON_H
#define TW_JSON_H

#include <apr_pools.h>

/*
 * The first error of {"errors":[{"code":32,"message":"..."}]}, or all the
 * words of {"error":...,"error_description":...} (RFC 6749 section 5.2) and
 * of the {"title":...,"reason":...,"detail":...} that X's newer endpoints
 * send (*code is 0 then).  APR_EINVAL when the body is neither.  *message lives
 * in pool and is foreign text: quote it before it is shown.
 */
apr_status_t tw_json_error(int *code, const char **message, const char *body,
                           apr_size_t len, apr_pool_t *pool);

#define TW_JSON_DEPTH 16

/* An answer of the token endpoint (RFC 6749 section 5.1), strings in pool. */
typedef struct tw_json_token_t {
    const char *token_type;         /* never NULL */
    const char *access_token;       /* never NULL */
    const char *refresh_token;      /* NULL: none */
    apr_int64_t expires_in;         /* seconds, 0 to a year; 7200 when absent */
} tw_json_token_t;

/* APR_EINVAL: not such an answer; *token is zeroed. */
apr_status_t tw_json_token(tw_json_token_t *token, const char *body,
                           apr_size_t len, apr_pool_t *pool);

/*
 * X's {"data":{"id":"...","username":"..."}}: both strings, in pool.  What
 * is not ASCII is a question mark here: of a profile's other members nothing
 * matters, so they may hold bytes that are no text.
 * APR_EINVAL, both NULL: something else.
 */
apr_status_t tw_json_user(const char **id, const char **username,
                          const char *body, apr_size_t len, apr_pool_t *pool);

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
