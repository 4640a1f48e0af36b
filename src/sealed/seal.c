/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/seal.h"

#include <string.h>
#include <sys/mman.h>

#include <apr_strings.h>
#include <sodium.h>

#include "base/codec.h"

#define VERSION 1
#define KEY_ID_LEN 3
#define MASTER_MIN 32
#define KDF_CONTEXT "twauth01"      /* crypto_kdf_CONTEXTBYTES (8) */
#define KEY_ID_SUBKEY 0             /* purposes begin at 1 */
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_LEN crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define HEAD_LEN (1 + KEY_ID_LEN + NONCE_LEN)

typedef struct {
    unsigned char id[KEY_ID_LEN];
    unsigned char purpose[TW_SEAL_PURPOSES + 1][KEY_LEN];
} ring_key_t;

struct tw_ring_t {
    int count;
    ring_key_t key[TW_RING_MAX];
};

apr_status_t tw_seal_init(void)
{
    return sodium_init() < 0 ? APR_EGENERAL : APR_SUCCESS;
}

/* sodium_free() wipes; a pool may be cleared more than once a process. */
static apr_status_t locked_cleanup(void *memory)
{
    sodium_free(memory);
    return APR_SUCCESS;
}

void *tw_seal_alloc(apr_pool_t *pool, apr_size_t len)
{
    void *memory = sodium_malloc(len);

    if (memory) {
        apr_pool_cleanup_register(pool, memory, locked_cleanup,
                                  apr_pool_cleanup_null);
    }
    return memory;
}

tw_ring_t *tw_ring_make(apr_pool_t *pool)
{
    tw_ring_t *ring = tw_seal_alloc(pool, sizeof(*ring));

    if (ring) {
        memset(ring, 0, sizeof(*ring));
    }
    return ring;
}

/*
 * Text that decodes but was plainly not drawn at random: few different
 * bytes, a short pattern repeated, or equal steps from byte to byte.
 */
static int is_weak(const unsigned char *key, apr_size_t len)
{
    unsigned char seen[256] = { 0 };
    apr_size_t i, period, different = 0, steps = 0;

    for (i = 0; i < len; i++) {
        different += !seen[key[i]];
        seen[key[i]] = 1;
        if (i >= 2 && (unsigned char)(key[i] - key[i - 1])
                      == (unsigned char)(key[i - 1] - key[i - 2])) {
            steps++;
        }
    }
    if (different < 12 || steps > len / 2) {
        return 1;
    }
    for (period = 1; period <= len / 2; period++) {
        if (!memcmp(key, key + period, len - period)) {
            return 1;
        }
    }
    return 0;
}

/* The bytes of a key's text: long enough, and not a pattern. */
static apr_status_t decode_key(unsigned char *raw, size_t size, size_t *len,
                               const char *text, apr_pool_t *pool,
                               tw_err_t *err)
{
    if (sodium_base642bin(raw, size, text, strlen(text), NULL, len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "the key is not base64 text on one line");
    }
    if (*len < MASTER_MIN) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "the key is too short: %d bytes, at least %d are "
                          "needed", (int)*len, MASTER_MIN);
    }
    if (is_weak(raw, *len)) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "the key was not drawn at random");
    }
    return APR_SUCCESS;
}

/* Ids are short: other keys may have the same. */
static int is_same(const ring_key_t *a, const ring_key_t *b)
{
    return sodium_memcmp(a->purpose, b->purpose, sizeof(a->purpose)) == 0;
}

apr_status_t tw_ring_add(tw_ring_t *ring, const char *text, apr_pool_t *pool,
                         tw_err_t *err)
{
    unsigned char raw[512], master[crypto_kdf_KEYBYTES];
    unsigned char id_key[crypto_kdf_BYTES_MIN];
    ring_key_t *key;
    size_t raw_len = 0;
    apr_status_t rv;
    int i;

    if (ring->count == TW_RING_MAX) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "more than %d keys", TW_RING_MAX);
    }
    rv = decode_key(raw, sizeof(raw), &raw_len, text, pool, err);
    if (rv != APR_SUCCESS) {
        goto done;
    }
    key = &ring->key[ring->count];
    crypto_generichash(master, sizeof(master), raw, raw_len, NULL, 0);
    crypto_kdf_derive_from_key(id_key, sizeof(id_key), KEY_ID_SUBKEY,
                               KDF_CONTEXT, master);
    memcpy(key->id, id_key, KEY_ID_LEN);
    for (i = 1; i <= TW_SEAL_PURPOSES; i++) {
        crypto_kdf_derive_from_key(key->purpose[i], KEY_LEN, (uint64_t)i,
                                   KDF_CONTEXT, master);
    }
    for (i = 0; i < ring->count; i++) {
        if (is_same(&ring->key[i], key)) {
            sodium_memzero(key, sizeof(*key));
            rv = tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                            "the same key is given twice");
            goto done;
        }
    }
    ring->count++;

done:
    if (err && rv != APR_SUCCESS) {
        err->advice = "make a key with `openssl rand -base64 48`";
    }
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(master, sizeof(master));
    return rv;
}

int tw_ring_count(const tw_ring_t *ring)
{
    return ring->count;
}

int tw_ring_same(const tw_ring_t *a, const tw_ring_t *b)
{
    return a->count == b->count && is_same(&a->key[0], &b->key[0]);
}

tw_sealer_t tw_seal_bind(const tw_sealer_t *sealer, const char *more,
                         apr_pool_t *pool)
{
    tw_sealer_t bound = *sealer;

    bound.audience = apr_pstrcat(pool, sealer->audience, "\n", more, NULL);
    return bound;
}

char *tw_seal(const tw_sealer_t *sealer, const void *data, apr_size_t len,
              apr_pool_t *pool)
{
    apr_size_t raw_len = HEAD_LEN + len + TAG_LEN;
    unsigned char *raw = apr_palloc(pool, raw_len);
    char *text = apr_palloc(pool, TW_CODEC_BASE64_LEN(raw_len) + 1);
    const ring_key_t *key = &sealer->ring->key[0];

    raw[0] = VERSION;
    memcpy(raw + 1, key->id, KEY_ID_LEN);
    randombytes_buf(raw + 1 + KEY_ID_LEN, NONCE_LEN);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        raw + HEAD_LEN, NULL, data, len,
        (const unsigned char *)sealer->audience, strlen(sealer->audience),
        NULL, raw + 1 + KEY_ID_LEN, key->purpose[sealer->purpose]);
    tw_codec_base64(text, raw, raw_len);
    return text;
}

/*
 * Decrypts raw into data by the key that sealed it, whose number in the ring
 * is *which.  Not in place: where a key fails libsodium wipes what it has
 * decrypted, and another may have the same id.
 */
static apr_status_t decrypt(unsigned char *data, int *which,
                            const tw_sealer_t *sealer,
                            const unsigned char *raw, apr_size_t raw_len)
{
    const tw_ring_t *ring = sealer->ring;
    apr_status_t rv = APR_ENOENT;
    int i;

    for (i = 0; i < ring->count; i++) {
        if (memcmp(ring->key[i].id, raw + 1, KEY_ID_LEN) != 0) {
            continue;
        }
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(
                data, NULL, NULL, raw + HEAD_LEN, raw_len - HEAD_LEN,
                (const unsigned char *)sealer->audience,
                strlen(sealer->audience), raw + 1 + KEY_ID_LEN,
                ring->key[i].purpose[sealer->purpose])
            == 0) {
            *which = i;
            return APR_SUCCESS;
        }
        rv = APR_EINVAL;
    }
    return rv;
}

apr_status_t tw_unseal(tw_plain_t *plain, const tw_sealer_t *sealer,
                       const char *text, apr_size_t len, apr_pool_t *pool)
{
    unsigned char *raw, *data;
    apr_size_t raw_len;
    apr_status_t rv;
    int which;

    memset(plain, 0, sizeof(*plain));
    if (len < TW_CODEC_BASE64_LEN(HEAD_LEN + TAG_LEN) || len > 8192) {
        return APR_EINVAL;
    }
    raw = apr_palloc(pool, len * 3 / 4 + 1);
    if (tw_codec_unbase64(raw, &raw_len, text, len) != APR_SUCCESS
        || raw[0] != VERSION) {
        return APR_EINVAL;
    }
    data = apr_palloc(pool, raw_len - HEAD_LEN - TAG_LEN + 1);
    rv = decrypt(data, &which, sealer, raw, raw_len);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    plain->stale = which > 0;
    plain->data = data;
    plain->len = raw_len - HEAD_LEN - TAG_LEN;
    data[plain->len] = '\0';
    return APR_SUCCESS;
}

/* The audience cannot run into the data, which has one length. */
static void make_tag(unsigned char tag[TW_TAG_LEN], const ring_key_t *key,
                     const tw_sealer_t *sealer, const void *data,
                     apr_size_t len)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key->purpose[sealer->purpose], KEY_LEN,
                            TW_TAG_LEN);
    crypto_generichash_update(&state, data, len);
    crypto_generichash_update(&state, (const unsigned char *)sealer->audience,
                              strlen(sealer->audience));
    crypto_generichash_final(&state, tag, TW_TAG_LEN);
}

void tw_seal_tag(unsigned char tag[TW_TAG_LEN], const tw_sealer_t *sealer,
                 const void *data, apr_size_t len)
{
    make_tag(tag, &sealer->ring->key[0], sealer, data, len);
}

int tw_seal_tag_ok(const unsigned char tag[TW_TAG_LEN],
                   const tw_sealer_t *sealer, const void *data,
                   apr_size_t len)
{
    unsigned char want[TW_TAG_LEN];
    int i;

    for (i = 0; i < sealer->ring->count; i++) {
        make_tag(want, &sealer->ring->key[i], sealer, data, len);
        if (sodium_memcmp(want, tag, TW_TAG_LEN) == 0) {
            return 1;
        }
    }
    return 0;
}

void tw_seal_random(void *buf, apr_size_t len)
{
    randombytes_buf(buf, len);
}

void tw_seal_digest(unsigned char digest[TW_DIGEST_LEN], const char *text)
{
    crypto_generichash(digest, TW_DIGEST_LEN, (const unsigned char *)text,
                       strlen(text), NULL, 0);
}

void tw_seal_sha256(unsigned char digest[TW_SHA256_LEN], const char *text)
{
    crypto_hash_sha256(digest, (const unsigned char *)text, strlen(text));
}

const char *tw_seal_challenge(const char *verifier, apr_pool_t *pool)
{
    unsigned char digest[TW_SHA256_LEN];
    char *text = apr_palloc(pool, TW_CODEC_BASE64_LEN(TW_SHA256_LEN) + 1);

    tw_seal_sha256(digest, verifier);
    tw_codec_base64(text, digest, sizeof(digest));
    return text;
}

int tw_seal_equal(const char *a, const char *b)
{
    apr_size_t len;

    if (!a || !b) {
        return 0;
    }
    len = strlen(a);
    return len == strlen(b) && sodium_memcmp(a, b, len) == 0;
}

void tw_seal_wipe(void *buf, apr_size_t len)
{
    sodium_memzero(buf, len);
}

const char *tw_seal_keep(apr_pool_t *pool, const char *text)
{
    apr_size_t len = strlen(text) + 1;
    char *copy = tw_seal_alloc(pool, len);

    if (copy) {
        memcpy(copy, text, len);
        sodium_mprotect_readonly(copy);
    }
    return copy;
}

void tw_seal_lock(const tw_ring_t *ring, const char *kept)
{
    (void)mlock(ring, sizeof(*ring));
    if (kept) {
        (void)mlock(kept, strlen(kept) + 1);
    }
}
