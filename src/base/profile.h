/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/profile: who somebody is, to be shown to people.
 *
 * A profile is what its owner wrote at X.  It says nothing about who may do
 * what: it has no say in which account it is.  Its texts go into pages,
 * variables, headers and tables, and are made fit for that here, once when X
 * says them and again when they come out of a table that others can write to.
 */
#ifndef TW_BASE_PROFILE_H
#define TW_BASE_PROFILE_H

#include <apr_pools.h>

/* Bytes.  A name has 50 characters at most at X. */
#define TW_PROFILE_NAME_MAX 200
#define TW_PROFILE_AVATAR_MAX 200
#define TW_PROFILE_EMAIL_MAX 254        /* RFC 5321 section 4.5.3.1.3 */

typedef struct tw_profile_t {
    int known;                  /* whether anybody has said; all else is "" and
                                   0 where not */
    const char *name;           /* UTF-8 */
    const char *avatar;         /* the URL of an image */
    const char *email;          /* confirmed at X */
    int verified;               /* X's mark */
} tw_profile_t;

/* One of which nothing is known. */
#define TW_PROFILE_NONE { 0, "", "", "", 0 }

/*
 * Makes the texts (NULL is "") fit to be shown: of the name, all that is no
 * UTF-8, no character, a control character or one that changes the direction
 * of what follows it is left out, blanks are single ones, and it ends after
 * the last character that fits.  An address of an image or a mailbox that is
 * not plain ASCII, or too long, is "".
 */
void tw_profile_clean(tw_profile_t *profile, apr_pool_t *pool);

/*
 * Whether a clean URL is an image of X: by https at twimg.com or below, where
 * X keeps them; or below X's own address as this site has it (a stand-in's).
 */
int tw_profile_is_image(const char *url, const char *x);

#endif
