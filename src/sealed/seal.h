/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/seal: what the module hands out and accepts back unchanged.
 *
 * XChaCha20-Poly1305 (libsodium) under a ring of keys: the first key seals,
 * all of them open, so keys can be exchanged without signing anybody out.
 * Each purpose has a key of its own, derived from the ring's, and every
 * sealed text is bound to an audience (the realm and whatever else must
 * match), so that no sealed thing is ever taken for another.  What needs no
 * secrecy has a tag instead.
 *
 * Sealed text is base64url of
 *     version (1) | key id (3) | nonce (24) | ciphertext and tag (n + 16)
 * in its one canonical spelling.  The random 192-bit nonce needs no counter
 * that processes would have to share.
 *
 * Also here, because they are libsodium's too: random bytes, comparison in
 * constant time, wiping, and memory that is locked and left out of core
 * dumps.
 */
#ifndef TW_SEALED_SEAL_H
#define TW_SEALED_SEAL_H

#include <apr_pools.h>

#include "base/err.h"

/* What a sealed text is for.  Numbers are part of the format: never reuse. */
typedef enum {
    TW_SEAL_SESSION = 1,    /* the session cookie */
    TW_SEAL_FLOW = 2,       /* a pending sign-in */
    TW_SEAL_PRE = 3,        /* the pre-session cookie */
    TW_SEAL_BOUNCE = 4,     /* the mark of the cookie bounce */
    TW_SEAL_FORM = 5,       /* the token of a form (CSRF) */
    TW_SEAL_STORED = 6,     /* a user's token or secret in the database */
    TW_SEAL_SWITCH = 7,     /* the link to another account */
    TW_SEAL_ASKED = 8,      /* a URL that this server was asked for */
    TW_SEAL_HUB_ASK = 9,    /* to a hub: hand over who is signed in */
    TW_SEAL_HUB_TICKET = 10 /* from it: the session to take */
} tw_seal_purpose_t;

#define TW_SEAL_PURPOSES 10

/* The ring.  Read-only once built; shared by all threads. */
typedef struct tw_ring_t tw_ring_t;

/*
 * One kind of sealed text of one site: under which keys, what for, and bound
 * to what.  Built once and read-only after that.
 */
typedef struct tw_sealer_t {
    const tw_ring_t *ring;
    tw_seal_purpose_t purpose;
    const char *audience;
} tw_sealer_t;

/*
 * Readies libsodium; call it once in each process before anything else
 * here.  APR_EGENERAL when the system gives no randomness.
 */
apr_status_t tw_seal_init(void);

/*
 * An empty ring in locked memory that is wiped with pool.  NULL when the
 * system gives no such memory.
 */
tw_ring_t *tw_ring_make(apr_pool_t *pool);

/*
 * Adds the key written in text (base64, 32 bytes or more, as
 * `openssl rand -base64 48` prints it) at the end of the ring.
 * err->why says what is wrong with a key that is refused: too short, not
 * base64, without strength, already there, more than TW_RING_MAX.
 */
#define TW_RING_MAX 8
apr_status_t tw_ring_add(tw_ring_t *ring, const char *text, apr_pool_t *pool,
                         tw_err_t *err);

/* How many keys the ring has. */
int tw_ring_count(const tw_ring_t *ring);

/* Whether both have as many keys, and the same first one. */
int tw_ring_same(const tw_ring_t *a, const tw_ring_t *b);

/* The same, bound to what more says besides. */
tw_sealer_t tw_seal_bind(const tw_sealer_t *sealer, const char *more,
                         apr_pool_t *pool);

/* Seals len bytes of data; the text lives in pool. */
char *tw_seal(const tw_sealer_t *sealer, const void *data, apr_size_t len,
              apr_pool_t *pool);

/* What was sealed. */
typedef struct tw_plain_t {
    unsigned char *data;            /* followed by a NUL */
    apr_size_t len;
    int stale;                      /* another key than the first sealed it */
} tw_plain_t;

/*
 * Opens len characters of sealed text into *plain (pool), which is zeroed on
 * failure.  APR_ENOENT: sealed by a key that is not in this ring.
 * APR_EINVAL: everything else, one failure like another.
 */
apr_status_t tw_unseal(tw_plain_t *plain, const tw_sealer_t *sealer,
                       const char *text, apr_size_t len, apr_pool_t *pool);

/*
 * A tag that only who has the ring can make: for what everybody may read and
 * nobody may change.  BLAKE2b under the purpose's key of the ring's first
 * key; any key's tag is good.  data is of one length for each purpose.
 */
#define TW_TAG_LEN 16
void tw_seal_tag(unsigned char tag[TW_TAG_LEN], const tw_sealer_t *sealer,
                 const void *data, apr_size_t len);
int tw_seal_tag_ok(const unsigned char tag[TW_TAG_LEN],
                   const tw_sealer_t *sealer, const void *data,
                   apr_size_t len);

/* len bytes from the system's generator. */
void tw_seal_random(void *buf, apr_size_t len);

/*
 * A 16-byte digest (BLAKE2b) of text: for names and table keys that must
 * not show what they were made from.
 */
#define TW_DIGEST_LEN 16
void tw_seal_digest(unsigned char digest[TW_DIGEST_LEN], const char *text);

/* SHA-256 of text (FIPS 180-4). */
#define TW_SHA256_LEN 32
void tw_seal_sha256(unsigned char digest[TW_SHA256_LEN], const char *text);

/* The S256 challenge of a verifier (RFC 7636 section 4.2), in pool. */
const char *tw_seal_challenge(const char *verifier, apr_pool_t *pool);

/* Compares in constant time; NULL equals nothing, not even NULL. */
int tw_seal_equal(const char *a, const char *b);

/* Forgets len bytes in a way that the compiler keeps. */
void tw_seal_wipe(void *buf, apr_size_t len);

/*
 * len bytes of locked memory that are not in core dumps, and wiped with pool.
 * NULL when the system gives no such memory.  Aligned for any type whose size
 * divides len.
 */
void *tw_seal_alloc(apr_pool_t *pool, apr_size_t len);

/*
 * A copy of text in locked memory that is not in core dumps, read-only, and
 * wiped with pool.  NULL when the system gives no such memory.
 */
const char *tw_seal_keep(apr_pool_t *pool, const char *text);

/*
 * Locks are not inherited: a child locks a ring, and a text of
 * tw_seal_keep() (NULL: none), anew.  Where the system refuses they are as
 * good, and may be swapped.
 */
void tw_seal_lock(const tw_ring_t *ring, const char *kept);

#endif
