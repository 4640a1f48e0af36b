/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/identity_headers: the headers that tell a backend who it is, and
 * whatever looks like them.
 *
 * Gateways turn header names into variables, and on the way some take every
 * character that is no letter or digit for the same, and no case counts.  So
 * a name is ours, and is taken out of what clients send, when its letters and
 * digits begin as ours do.
 */
#ifndef TW_BASE_IDENTITY_HEADERS_H
#define TW_BASE_IDENTITY_HEADERS_H

#include <apr_tables.h>

/* The names; NULL ends. */
#define TW_IDENTITY_HEADERS_COUNT 6
extern const char
    *const tw_identity_headers_names[TW_IDENTITY_HEADERS_COUNT + 1];

/* What one walk over the headers of a request finds. */
typedef struct tw_identity_headers_t {
    const char *cookie;         /* the first of each; NULL: none */
    const char *connection;
    const char *lookalike;      /* the name of one that looks like ours */
} tw_identity_headers_t;

void tw_identity_headers_look(tw_identity_headers_t *seen,
                              const apr_table_t *headers);

/* Takes out all that look like ours. */
void tw_identity_headers_scrub(apr_table_t *headers);

/*
 * Whether a Connection header (NULL: none) asks the next hop to drop one of
 * ours.  Names end where mod_proxy has them end, which is at blanks and
 * semicolons too.
 */
int tw_identity_headers_drop_ours(const char *connection);

#endif
