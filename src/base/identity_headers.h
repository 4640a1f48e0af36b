/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/identity_headers: the headers that tell a backend who it is, and
 * whatever looks like them.
 *
 * Gateways turn header names into variables, and on the way some take every
 * character that is no letter or digit for the same, and no case counts.  So
 * a name is ours, and is taken out of what clients send, when its letters and
 * digits begin as ours do.
 *
 * A site may give its headers other names (TwAuthHeader).  Of these a client's
 * is taken out where letters and digits are the same.
 */
#ifndef TW_BASE_IDENTITY_HEADERS_H
#define TW_BASE_IDENTITY_HEADERS_H

#include <apr_tables.h>

/* The names; NULL ends. */
#define TW_IDENTITY_HEADERS_COUNT 11
#define TW_IDENTITY_HEADERS_PROFILE 6   /* from here on they are a profile's */
#define TW_IDENTITY_HEADERS_ROLES 10    /* but for the last */
extern const char
    *const tw_identity_headers_names[TW_IDENTITY_HEADERS_COUNT + 1];

/* What one walk over the headers of a request finds. */
typedef struct tw_identity_headers_t {
    const char *cookie;         /* the first of each; NULL: none */
    const char *connection;
    const char *lookalike;      /* the name of one that looks like ours */
} tw_identity_headers_t;

/* Letters and digits of a name, in lower case: what counts of it. */
const char *tw_identity_headers_fold(const char *name, apr_pool_t *pool);

/*
 * The other names of all sites of this server, folded (const char *); NULL:
 * there are none, which is as things begin.  Set while there is one thread; it
 * must live until another is set.
 */
void tw_identity_headers_also(const apr_array_header_t *folded);

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
