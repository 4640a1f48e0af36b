/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain texts of the session cookie, as though whoever wrote them had the key:
 * the fixed part and every 0 to LEN bytes behind it; and longer ones, of which
 * one text or field has any length.  Then every session is sealed.
 */
#include <apr.h>
#include "src/base/roles.c"
#include "analysis/analysis.h"

/* Only whether there is one is asked here: no state for each place of it. */
static void *memchr_any(const void *data, int c, apr_size_t len)
{
    (void)c;
    if (len) {
        (void)((const char *)data)[Frama_C_unsigned_long_interval(0, len - 1)];
    }
    return Frama_C_interval(0, 1) ? (void *)data : NULL;
}
#define memchr memchr_any
/* Likewise: whether they are the same. */
#define strcmp(a, b) (strlen(a) + strlen(b) ? Frama_C_interval(-1, 1) : 0)

#include "src/sealed/session.c"

#define REST_MAX 300
/* Of a long text, so many bytes at most are what is about it and behind it,
 * which makes seven lengths; of these, one in so many is tried. */
#define SHORT 8
#define STEP 50

/* At their end, so that nothing may be read behind them. */
static unsigned char bytes[FIXED_LEN + REST_MAX];
static apr_size_t rest;

apr_status_t tw_cache_unseal(tw_plain_t *plain, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    (void)cache, (void)sealer, (void)text, (void)len, (void)pool;
    plain->data = bytes + REST_MAX - rest;
    plain->len = FIXED_LEN + rest;
    plain->stale = Frama_C_interval(0, 1);
    return APR_SUCCESS;
}

char *tw_seal(const tw_sealer_t *sealer, const void *data, apr_size_t len,
              apr_pool_t *pool)
{
    (void)sealer, (void)pool;
    /*@ assert \valid_read((const unsigned char *)data + (0 .. len - 1)); */
    return NULL;
}

static void open_it(void)
{
    tw_session_t session;
    tw_profile_t profile;

    if (tw_session_open(&session, NULL, NULL, "", 0, NULL) == APR_SUCCESS) {
        tw_session_profile(&profile, &session);
    }
    /*@ slevel merge; */
    rest = 0;
}

/* Every one of so many bytes behind the fixed part. */
static void open_any(apr_size_t len)
{
    rest = len;
    any_bytes((char *)bytes, sizeof(bytes));
    open_it();
}

/*
 * One whose texts are empty, up to one that takes all the bytes but the last
 * few, or says that there are more of them than there are; at the number of a
 * field, where it is one.
 */
static void open_long(int format, apr_size_t before, int is_field)
{
    unsigned char *text = bytes + REST_MAX - rest + FIXED_LEN;
    int least = (int)(rest - before) - SHORT;

    any_bytes((char *)bytes, sizeof(bytes));
    text[-FIXED_LEN] = (unsigned char)format;
    memset(text, 0, before);
    text[0] = format == FORMAT_MORE && before > 5 && !is_field
              ? HAS_SCREEN_NAME : text[0];
    if (is_field) {
        text[before - 1] = (unsigned char)Frama_C_interval(0, 255);
    }
    text[before] = (unsigned char)Frama_C_interval(least, 255);
    open_it();
}

/* A text of 0 to len bytes, any but NUL. */
static const char *text_of(char *text, apr_size_t len)
{
    any_bytes(text, len);
    text[len] = '\0';
    return text;
}

/* Texts of any length up to one more than there is room for. */
static void seal_any(void)
{
    static char text[3][TW_USERNAME_MAX + 2], bytes[TW_FIELDS][FIELD_MAX + 1];
    tw_session_t session;
    int i;

    any_bytes((char *)&session, sizeof(session));
    session.twitter_id = text_of(text[0], TW_USERNAME_MAX + 1);
    session.username = text_of(text[1], TW_USERNAME_MAX + 1);
    session.screen_name = text_of(text[2], TW_USERNAME_MAX + 1);
    for (i = 0; i < TW_FIELDS; i++) {
        any_bytes(bytes[i], sizeof(bytes[i]));
        session.field[i].text = Frama_C_interval(0, 1) ? bytes[i] : NULL;
        session.field[i].len = Frama_C_unsigned_long_interval(0, FIELD_MAX + 1);
    }
    tw_session_seal(&session, NULL, NULL);
}

int main(void)
{
    apr_size_t len, at;

    /*@ loop unroll 400; */
    for (len = 0; len <= LEN; len++) {
        open_any(len);
    }
    /* behind an account of no bytes: a text, the second, the third; behind the
     * flags too, and a field */
    /*@ loop unroll 400; */
    for (len = SHORT; len < FIELD_MAX + SHORT; len += STEP) {
        for (at = 0; at < 3; at++) {
            rest = len + 1 + 2 * at;
            open_long(FORMAT, 1 + 2 * at, 0);
            rest = len + 2 + 2 * at;
            open_long(FORMAT_MORE, 2 + 2 * at, 0);
        }
        rest = len + 7;
        open_long(FORMAT_MORE, 7, 1);
    }
    seal_any();
    return 0;
}
