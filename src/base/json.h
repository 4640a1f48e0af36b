/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/json: JSON, by jansson: X's answers and error bodies, and what the
 * session location tells a page.
 *
 * What X sends is foreign: a document that is not an object, or has a member
 * twice, one of another type than expected, a string with a NUL, or more
 * than TW_JSON_DEPTH levels, is no answer at all; the exception is expires_in,
 * see tw_json_token().
 */
#ifndef TW_BASE_JSON_H
#define TW_BASE_JSON_H

#include <apr_pools.h>

#include "base/profile.h"

/* An error of X's, in any of its shapes; strings in pool, foreign: quote
 * them before they are shown. */
typedef struct tw_json_error_t {
    int code;                       /* X's number; 0: there is none */
    const char *type;               /* the last part of a problem's type URI,
                                       in lower case; NULL: none, or
                                       "about:blank" */
    const char *message;            /* all its words; NULL: there are none */
    const char *members;            /* the names of the document's members,
                                       where nothing else can be told */
} tw_json_error_t;

/*
 * The first error of {"errors":[{"code":32,"message":"..."}]}; {"error":...,
 * "error_description":...} (RFC 6749 section 5.2); {"title":...,"reason":...,
 * "detail":...,"type":...} (RFC 9457), alone or as an error of a list, which
 * may be of texts.
 * APR_EINVAL when the body is none of these: all but members is zero then,
 * and that NULL where the body is no object.
 */
apr_status_t tw_json_error(tw_json_error_t *error, const char *body,
                           apr_size_t len, apr_pool_t *pool);

#define TW_JSON_DEPTH 16

/* An answer of the token endpoint (RFC 6749 section 5.1), strings in pool. */
typedef struct tw_json_token_t {
    const char *token_type;         /* never NULL */
    const char *access_token;       /* never NULL */
    const char *refresh_token;      /* NULL: none */
    apr_int64_t expires_in;         /* seconds, 0 to a year; 7200 when absent */
} tw_json_token_t;

/*
 * APR_EINVAL: not such an answer; *token is zeroed.  expires_in is no more
 * than a hint when to refresh, so that it may be written as a string or with
 * a fraction, or be null; what is no time at all is not X's answer.  All that
 * is a credential has to be a string.
 */
apr_status_t tw_json_token(tw_json_token_t *token, const char *body,
                           apr_size_t len, apr_pool_t *pool);

/*
 * X's {"data":{"id":"...","username":"..."}}: both strings, in pool.  They
 * say who somebody is, and what rules go by, so nothing is guessed: an id
 * that is a number may have been through a program that rounds beyond 2^53,
 * and would be another person's then; and without today's handle a rule that
 * names one would check by yesterday's.  What
 * is not ASCII is a question mark here: of a profile's other members nothing
 * matters, so they may hold bytes that are no text.
 * APR_EINVAL, both NULL: something else.
 */
apr_status_t tw_json_user(const char **id, const char **username,
                          const char *body, apr_size_t len, apr_pool_t *pool);

/*
 * The profile of X's {"data":{...}}: strings in pool, foreign, for
 * tw_profile_clean().  Nothing in it has to be there, or be right: what is not
 * is left out.  Not known: the body has no such object, or is not all text.
 */
void tw_json_profile(tw_profile_t *profile, const char *body, apr_size_t len,
                     apr_pool_t *pool);

/* One member of an object to write: a string where there is a text, else a
 * number; unless its kind says something else. */
#define TW_JSON_BOOL 1          /* true or false, by the number */
#define TW_JSON_LIST 2          /* strings, which have commas in the text */

typedef struct tw_json_member_t {
    const char *name;
    const char *text;
    apr_int64_t number;
    int kind;
} tw_json_member_t;

/*
 * The compact text of an object of count members in their order.  NULL when
 * a string is not UTF-8 or there is no memory.
 */
const char *tw_json_object(const tw_json_member_t *members, int count,
                           apr_pool_t *pool);

#endif
