/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/base_string: what a signature of OAuth 1.0a is over (RFC 5849 section
 * 3.4.1).
 *
 * The method, the URL as it is sent, and all parameters, wherever they stand:
 * decoded, encoded in the one strict form, sorted, joined.  Query and form
 * are taken as text and decoded as forms are: '+' is a blank, '&' alone
 * separates, empty fields are none, a field without '=' has an empty value,
 * and what decodes to a NUL is as good as anything else.
 */
#ifndef TW_BASE_BASE_STRING_H
#define TW_BASE_BASE_STRING_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct tw_signed_text_t {
    const char *text;               /* NULL: none */
    apr_size_t len;
} tw_signed_text_t;

typedef struct tw_base_string_t {
    const char *method;             /* never NULL */
    const char *url;                /* literal, without query and fragment:
                                       a host in lower case, no default port */
    const apr_array_header_t *params;   /* of tw_pair_t, raw (not encoded);
                                           may be NULL */
    tw_signed_text_t query;         /* as it is sent */
    tw_signed_text_t form;          /* the body, where it is a form */
} tw_base_string_t;

/* APR_EINVAL, *text NULL: query or form has a '%' without two hex digits, of
 * which nobody knows how the other end decodes it. */
apr_status_t tw_base_string(const char **text, const tw_base_string_t *call,
                            apr_pool_t *pool);

/*
 * Whether text has a parameter whose name, decoded, begins with prefix.  With
 * malformed text it is 1: nobody knows.
 */
int tw_base_string_has(const tw_signed_text_t *text, const char *prefix,
                       apr_pool_t *pool);

#endif
