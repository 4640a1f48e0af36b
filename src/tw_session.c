#include "tw_session.h"

#include <string.h>

/*
 * Format 1:
 *   format (1) | id (16) | account (8) | signed in, expires, checked, seen
 *   (6 each: milliseconds since 1970) | three texts: length (1), bytes, NUL
 * Numbers are big-endian.  A change of any of this is a new format number;
 * an unknown one is no session.
 */
#define FORMAT 1
#define TIME_LEN 6
#define FIXED_LEN (1 + TW_ID_LEN + 8 + 4 * TIME_LEN)
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

static const unsigned char *get(apr_uint64_t *value,
                                const unsigned char *from, int len)
{
    int i;

    *value = 0;
    for (i = 0; i < len; i++) {
        *value = *value << 8 | from[i];
    }
    return from + len;
}

static unsigned char *put_text(unsigned char *to, const char *text)
{
    apr_size_t len = strlen(text);

    *to++ = (unsigned char)len;
    memcpy(to, text, len + 1);
    return to + len + 1;
}

char *tw_session_seal(const tw_session_t *session, const tw_ring_t *ring,
                      const char *audience, apr_pool_t *pool)
{
    unsigned char plain[FIXED_LEN + TEXTS * (2 + TW_USERNAME_MAX)];
    unsigned char *p = plain;

    if (strlen(session->twitter_id) > TW_USERNAME_MAX
        || strlen(session->username) > TW_USERNAME_MAX
        || strlen(session->screen_name) > TW_USERNAME_MAX) {
        return NULL;
    }
    *p++ = FORMAT;
    memcpy(p, session->id, TW_ID_LEN);
    p += TW_ID_LEN;
    p = put(p, (apr_uint64_t)session->account, 8);
    p = put(p, (apr_uint64_t)apr_time_as_msec(session->signed_in_at),
            TIME_LEN);
    p = put(p, (apr_uint64_t)apr_time_as_msec(session->expires_at), TIME_LEN);
    p = put(p, (apr_uint64_t)apr_time_as_msec(session->checked_at), TIME_LEN);
    p = put(p, (apr_uint64_t)apr_time_as_msec(session->last_seen), TIME_LEN);
    p = put_text(p, session->twitter_id);
    p = put_text(p, session->username);
    p = put_text(p, session->screen_name);
    return tw_seal(ring, TW_SEAL_SESSION, audience, plain,
                   (apr_size_t)(p - plain), pool);
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

apr_status_t tw_session_open(tw_session_t *session, int *stale,
                             const tw_ring_t *ring, const char *audience,
                             const char *text, apr_size_t len,
                             apr_pool_t *pool)
{
    unsigned char *plain;
    const unsigned char *p, *end;
    apr_size_t plain_len;
    apr_uint64_t account, times[4] = { 0 };
    apr_status_t rv;
    int i;

    memset(session, 0, sizeof(*session));
    if (len > TW_SESSION_TEXT_MAX) {
        return APR_EINVAL;
    }
    rv = tw_unseal(&plain, &plain_len, stale, ring, TW_SEAL_SESSION, audience,
                   text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain_len < FIXED_LEN || plain[0] != FORMAT) {
        return APR_EINVAL;
    }
    end = plain + plain_len;
    memcpy(session->id, plain + 1, TW_ID_LEN);
    p = get(&account, plain + 1 + TW_ID_LEN, 8);
    for (i = 0; i < 4; i++) {
        p = get(&times[i], p, TIME_LEN);
    }
    p = get_text(&session->twitter_id, p, end);
    p = get_text(&session->username, p, end);
    p = get_text(&session->screen_name, p, end);
    if (p != end) {
        memset(session, 0, sizeof(*session));
        return APR_EINVAL;
    }
    session->account = (apr_int64_t)account;
    session->signed_in_at = apr_time_from_msec((apr_time_t)times[0]);
    session->expires_at = apr_time_from_msec((apr_time_t)times[1]);
    session->checked_at = apr_time_from_msec((apr_time_t)times[2]);
    session->last_seen = apr_time_from_msec((apr_time_t)times[3]);
    return APR_SUCCESS;
}
