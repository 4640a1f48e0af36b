/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/told: headers with the names that applications want (TwAuthHeader).
 *
 * Whoever could send a header of that name would be somebody else, wherever a
 * proxied application is: so all names of the server are known from its start,
 * and what looks like one of them is taken out of every request of every host.
 * That is why a name that anything else needs is refused.
 */
#ifndef TW_CONFIG_TOLD_H
#define TW_CONFIG_TOLD_H

#include <apr_pools.h>
#include <apr_tables.h>

/* What an application can be told of who is signed in, in the order of the
 * headers' names (base/identity_headers). */
typedef enum {
    TW_TOLD_USER,
    TW_TOLD_USERNAME,
    TW_TOLD_SCREEN_NAME,
    TW_TOLD_ID,
    TW_TOLD_ACCOUNT,
    TW_TOLD_SIGNED_IN_AT,
    TW_TOLD_NAME,               /* from here on it is a profile's */
    TW_TOLD_AVATAR,
    TW_TOLD_EMAIL,
    TW_TOLD_VERIFIED,
    TW_TOLD_ROLES,              /* the account's own again */
    TW_TOLD_NOTHING
} tw_told_t;

/* TwAuthHeader: one more header. */
typedef struct tw_header_t {
    const char *name;
    tw_told_t told;
} tw_header_t;

/* What would be right in place of a name; NULL: it is right. */
const char *tw_told_wrong_name(const char *name, apr_pool_t *pool);

/* What a word of the directive says; TW_TOLD_NOTHING + 1: it is none. */
tw_told_t tw_told_field(const char *word);

/* The word for it. */
const char *tw_told_word(tw_told_t told);

/* Adds a header to those of a place, in the place of one of that name, and
 * has all hosts know its name for as long as the configuration (pool) lives. */
void tw_told_add(apr_array_header_t **headers, const char *name,
                 tw_told_t told, apr_pool_t *pool);

/* Those of a place within another: its own (NULL: none), and what it does not
 * name. */
apr_array_header_t *tw_told_merge(apr_array_header_t *base,
                                  apr_array_header_t *add, apr_pool_t *pool);

/* Whether both (either may be NULL) are the same headers. */
int tw_told_same(const apr_array_header_t *a, const apr_array_header_t *b);

#endif
