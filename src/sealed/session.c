/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/session.h"

#include <string.h>

/*
 * Format 2:
 *   format (1) | id (16) | signed in, expires, checked, seen (6 each:
 *   milliseconds since 1970) | account: length (1), so many bytes | two or
 *   three texts: length (1), bytes, NUL
 * Numbers are big-endian.  The texts are X's id, the username and the screen
 * name; the last one is left out where it is the username, as most are.  The
 * shorter the cookie, the less there is to read at each request.  A change of
 * any of this is a new format number; an unknown one is no session.
 */
#define FORMAT 2
#define TIME_LEN 6
#define TIMES 4
#define ACCOUNT_MAX 8
#define FIXED_LEN (1 + TW_ID_LEN + TIMES * TIME_LEN)
#define TEXTS 3

static unsigned char *put(unsigned char *to, apr_uint64_t value, int len)
{
    int i;

    for (i = len - 1; i >= 0; i--) {
        to[i] = (unsigned char)(value & 0xff);
        value >>= 8;
    }
    return to + len;
}

static unsigned char *put_time(unsigned char *to, apr_time_t time)
{
    return put(to, (apr_uint64_t)apr_time_as_msec(time), TIME_LEN);
}

static unsigned char *put_account(unsigned char *to, apr_int64_t account)
{
    apr_uint64_t value = (apr_uint64_t)account;
    int len = 0;

    while (len < ACCOUNT_MAX && value >> 8 * len) {
        len++;
    }
    *to = (unsigned char)len;
    return put(to + 1, value, len);
}

static unsigned char *put_text(unsigned char *to, const char *text)
{
    apr_size_t len = strlen(text);

    *to++ = (unsigned char)len;
    memcpy(to, text, len + 1);
    return to + len + 1;
}

char *tw_session_seal(const tw_session_t *session, const tw_sealer_t *sealer,
                      apr_pool_t *pool)
{
    unsigned char plain[FIXED_LEN + 1 + ACCOUNT_MAX
                        + TEXTS * (2 + TW_USERNAME_MAX)];
    unsigned char *p = plain;

    if (strlen(session->twitter_id) > TW_USERNAME_MAX
        || strlen(session->username) > TW_USERNAME_MAX
        || strlen(session->screen_name) > TW_USERNAME_MAX) {
        return NULL;
    }
    *p++ = FORMAT;
    memcpy(p, session->id, TW_ID_LEN);
    p = put_time(p + TW_ID_LEN, session->signed_in_at);
    p = put_time(p, session->expires_at);
    p = put_time(p, session->checked_at);
    p = put_time(p, session->last_seen);
    p = put_account(p, session->account);
    p = put_text(p, session->twitter_id);
    p = put_text(p, session->username);
    if (strcmp(session->screen_name, session->username)) {
        p = put_text(p, session->screen_name);
    }
    return tw_seal(sealer, plain, (apr_size_t)(p - plain), pool);
}

/* Written out, since compilers make two loads of it: it is read at each
 * request. */
static apr_time_t get_time(const unsigned char *p)
{
    apr_uint32_t high = (apr_uint32_t)p[0] << 24 | (apr_uint32_t)p[1] << 16
                        | (apr_uint32_t)p[2] << 8 | p[3];
    apr_uint16_t low = (apr_uint16_t)(p[4] << 8 | p[5]);

    return apr_time_from_msec((apr_time_t)high << 16 | low);
}

/* The account's number; NULL when it does not fit the bytes there are. */
static const unsigned char *get_account(apr_int64_t *account,
                                        const unsigned char *p,
                                        const unsigned char *end)
{
    apr_uint64_t value = 0;
    int len;

    if (p >= end || *p > ACCOUNT_MAX || end - p <= *p) {
        return NULL;
    }
    for (len = *p++; len; len--) {
        value = value << 8 | *p++;
    }
    *account = (apr_int64_t)value;
    return p;
}

/* Reads a text in place; NULL when it does not fit the bytes there are. */
static const unsigned char *get_text(const char **text,
                                     const unsigned char *p,
                                     const unsigned char *end)
{
    apr_size_t len;

    if (!p || p >= end) {
        return NULL;
    }
    len = *p++;
    if ((apr_size_t)(end - p) < len + 1 || p[len] != '\0'
        || memchr(p, '\0', len)) {
        return NULL;
    }
    *text = (const char *)p;
    return p + len + 1;
}

apr_status_t tw_session_open(tw_session_t *session, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    tw_plain_t plain;
    const unsigned char *p, *end;
    apr_status_t rv;

    memset(session, 0, sizeof(*session));
    if (len > TW_SESSION_TEXT_MAX) {
        return APR_EINVAL;
    }
    rv = tw_cache_unseal(&plain, cache, sealer, text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain.len < FIXED_LEN || plain.data[0] != FORMAT) {
        return APR_EINVAL;
    }
    end = plain.data + plain.len;
    p = get_account(&session->account, plain.data + FIXED_LEN, end);
    p = get_text(&session->twitter_id, p, end);
    p = get_text(&session->username, p, end);
    session->screen_name = session->username;
    if (p != end) {
        p = get_text(&session->screen_name, p, end);
    }
    if (p != end) {
        memset(session, 0, sizeof(*session));
        return APR_EINVAL;
    }
    memcpy(session->id, plain.data + 1, TW_ID_LEN);
    p = plain.data + 1 + TW_ID_LEN;
    session->signed_in_at = get_time(p);
    session->expires_at = get_time(p + TIME_LEN);
    session->checked_at = get_time(p + 2 * TIME_LEN);
    session->last_seen = get_time(p + 3 * TIME_LEN);
    session->stale = plain.stale;
    return APR_SUCCESS;
}
