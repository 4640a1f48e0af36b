/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/session: a session <-> its sealed copy.
 *
 * The row in the database is the truth; the cookie carries this copy of it,
 * which is good on its own for the recheck interval.  The text is at most
 * TW_SESSION_TEXT_MAX characters, far below what browsers keep (4096).
 */
#ifndef TW_SEALED_SESSION_H
#define TW_SEALED_SESSION_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/id.h"
#include "base/profile.h"
#include "sealed/cache.h"
#include "sealed/seal.h"

#define TW_USERNAME_MAX 64
#define TW_SESSION_TEXT_MAX 2048

/* The clocks of several servers differ by so much at most. */
#define TW_LEEWAY apr_time_from_sec(300)

/*
 * What a copy has besides, where the site has a use for it.  To add a field is
 * a row here: it is sealed where its text is set, and found where it was
 * sealed.  The numbers are part of the format: never used again for something
 * else.  What a version does not know it passes over, and does not renew.
 */
typedef enum tw_field_t {
    TW_FIELD_SEEN_FROM = 1,     /* request/protection: browser and network of
                                   the sign-in, bytes */
    TW_FIELD_NAME,              /* the profile: see tw_session_profile() */
    TW_FIELD_AVATAR,
    TW_FIELD_EMAIL,
    TW_FIELD_VERIFIED,          /* "1" or "0"; NULL: no profile is known */
    TW_FIELD_ROLES,             /* as base/roles has them; NULL: none */
    TW_FIELDS
} tw_field_t;

/* At most 255 bytes, and a NUL behind them; NULL: not there. */
typedef struct tw_field_text_t {
    const char *text;
    apr_size_t len;
} tw_field_text_t;

typedef struct tw_session_t {
    tw_id_t id;                     /* random; base64url in the row */
    apr_int64_t account;            /* the account row's id */
    const char *twitter_id;         /* X's id, digits */
    const char *username;
    const char *screen_name;        /* as of the last check; may be "" */
    apr_time_t signed_in_at;
    apr_time_t expires_at;          /* the absolute end */
    apr_time_t checked_at;          /* before the database was asked */
    apr_time_t checked_there;       /* the same by the database's clock, see
                                       request/copy; 0: to be found out */
    apr_time_t last_seen;
    int stale;                      /* another key than the first sealed it */
    int remembered;                 /* it outlives the browser: 0 or 1 */
    int confirmed;                  /* begun by somebody who was signed in,
                                       and was asked again: TwAuthFresh */
    tw_field_text_t field[TW_FIELDS];
} tw_session_t;

/* The profile that a copy has, and one to go into it.  One that is not known
 * is none. */
void tw_session_profile(tw_profile_t *profile, const tw_session_t *session);
void tw_session_set_profile(tw_session_t *session,
                            const tw_profile_t *profile);

/* The account's roles, in order with commas between; NULL: it has none.  What
 * is no such list, "" included, is none. */
static inline const char *tw_session_roles(const tw_session_t *session)
{
    return session->field[TW_FIELD_ROLES].text;
}
void tw_session_set_roles(tw_session_t *session, const char *roles);

/* The sealed text; times are kept to the millisecond. */
char *tw_session_seal(const tw_session_t *session, const tw_sealer_t *sealer,
                      apr_pool_t *pool);

/*
 * Opens sealed text; cache as in tw_cache_unseal().  APR_ENOENT: a key not
 * known here; APR_EINVAL: all else.  The times are as they were sealed:
 * whether they are good is checked elsewhere.  *session is zeroed on failure.
 */
apr_status_t tw_session_open(tw_session_t *session, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool);

#endif
