/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/id: ids of three kinds, each read and written here.
 *
 * Ours are TW_ID_LEN random bytes, or a digest: of a session, of a pending
 * sign-in, of a browser.  An account has the number of its row.  X's id is
 * who somebody is, and never a number here: it may be longer than 64 bits
 * hold, and is compared as it is written.
 */
#ifndef TW_BASE_ID_H
#define TW_BASE_ID_H

#include <apr_pools.h>

#include "base/codec.h"

#define TW_ID_LEN 16

typedef struct tw_id_t {
    unsigned char bytes[TW_ID_LEN];
} tw_id_t;

int tw_id_equal(const tw_id_t *a, const tw_id_t *b);

/* Base64url, of this many characters without the NUL; reading: 0, *id zeroed,
 * where text is not the one spelling of an id. */
#define TW_ID_TEXT_LEN TW_CODEC_BASE64_LEN(TW_ID_LEN)
const char *tw_id_text(const tw_id_t *id, apr_pool_t *pool);
int tw_id_read(tw_id_t *id, const char *text);

/* An account's, in decimal. */
const char *tw_id_account_text(apr_int64_t account, apr_pool_t *pool);
apr_int64_t tw_id_account_read(const char *text);

/* X's: 1 to 20 digits, no sign, no leading zero. */
int tw_id_twitter_ok(const char *id);

#endif
