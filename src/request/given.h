/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/given: which of the headers that applications are told an identity
 * by stand in which table of headers.
 *
 * A request and its parts have one visitor, and each part may have a table of
 * its own, a copy of the whole's: what was taken out of it is still in the
 * other.
 */
#ifndef TW_REQUEST_GIVEN_H
#define TW_REQUEST_GIVEN_H

#include <apr_tables.h>

typedef struct tw_given_t {
    const apr_table_t *table;   /* r->headers_in */
    int headers;                /* X-Twauth-* are in it: a bit for each of
                                   tw_identity_headers_names */
    const apr_array_header_t *asked;    /* what TwAuthHeader said there */
    apr_table_t *own;           /* what came of it; NULL: nothing */
    struct tw_given_t *next;
} tw_given_t;

/* What is known of a table; NULL: nothing was given in it. */
static inline tw_given_t *tw_given_find(tw_given_t *given,
                                        const apr_table_t *table)
{
    while (given && given->table != table) {
        given = given->next;
    }
    return given;
}

#endif
