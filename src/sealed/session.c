/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/session.h"

#include <string.h>

#include "base/roles.h"

/*
 * Format 2:
 *   format (1) | id (16) | signed in, expires, checked, seen (6 each:
 *   milliseconds since 1970) | account: length (1), so many bytes | two or
 *   three texts: length (1), bytes, NUL
 * Numbers are big-endian.  The texts are X's id, the username and the screen
 * name; the last one is left out where it is the username, as most are.  The
 * shorter the cookie, the less there is to read at each request.
 *
 * Format 3, where there is more to say:
 *   format (1) | id | times | flags (1) | account | texts | fields: number
 *   (1), length (1), bytes, NUL
 * The flags say whether there is a third text.  A new field is no new format;
 * any other change is, and an unknown format is no session.
 */
#define FORMAT 2
#define FORMAT_MORE 3
#define HAS_SCREEN_NAME 1
#define IS_REMEMBERED 2
#define IS_CONFIRMED 4
#define TIME_LEN 6
#define TIMES 4
#define ACCOUNT_MAX 8
#define FIXED_LEN (1 + TW_ID_LEN + TIMES * TIME_LEN)
#define TEXTS 3
#define FIELD_MAX 255

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

static unsigned char *put_bytes(unsigned char *to, const char *bytes,
                                apr_size_t len)
{
    *to++ = (unsigned char)len;
    memcpy(to, bytes, len);
    to[len] = '\0';
    return to + len + 1;
}

static unsigned char *put_text(unsigned char *to, const char *text)
{
    return put_bytes(to, text, strlen(text));
}

/* Whether a copy says more than format 2 has room for. */
static int says_more(const tw_session_t *session)
{
    int i;

    for (i = 1; i < TW_FIELDS; i++) {
        if (session->field[i].text) {
            return 1;
        }
    }
    return session->remembered || session->confirmed;
}

static int is_too_long(const tw_session_t *session)
{
    int i;

    for (i = 1; i < TW_FIELDS; i++) {
        if (session->field[i].len > FIELD_MAX) {
            return 1;
        }
    }
    return strlen(session->twitter_id) > TW_USERNAME_MAX
           || strlen(session->username) > TW_USERNAME_MAX
           || strlen(session->screen_name) > TW_USERNAME_MAX;
}

static unsigned char *put_fields(unsigned char *p, const tw_session_t *session)
{
    int i;

    for (i = 1; i < TW_FIELDS; i++) {
        if (session->field[i].text) {
            *p++ = (unsigned char)i;
            p = put_bytes(p, session->field[i].text, session->field[i].len);
        }
    }
    return p;
}

static const char *field_text(const tw_session_t *session, tw_field_t field)
{
    const char *text = session->field[field].text;

    return text ? text : "";
}

void tw_session_profile(tw_profile_t *profile, const tw_session_t *session)
{
    const char *verified = session->field[TW_FIELD_VERIFIED].text;

    profile->known = verified != NULL;
    profile->name = field_text(session, TW_FIELD_NAME);
    profile->avatar = field_text(session, TW_FIELD_AVATAR);
    profile->email = field_text(session, TW_FIELD_EMAIL);
    profile->verified = verified && *verified == '1';
}

static void set_field(tw_session_t *session, tw_field_t field,
                      const char *text)
{
    session->field[field].text = *text ? text : NULL;
    session->field[field].len = strlen(text);
}

void tw_session_set_profile(tw_session_t *session, const tw_profile_t *profile)
{
    int known = profile->known;

    set_field(session, TW_FIELD_NAME, known ? profile->name : "");
    set_field(session, TW_FIELD_AVATAR, known ? profile->avatar : "");
    set_field(session, TW_FIELD_EMAIL, known ? profile->email : "");
    set_field(session, TW_FIELD_VERIFIED,
              !known ? "" : profile->verified ? "1" : "0");
}

void tw_session_set_roles(tw_session_t *session, const char *roles)
{
    set_field(session, TW_FIELD_ROLES, tw_roles_ok(roles) ? roles : "");
}

char *tw_session_seal(const tw_session_t *session, const tw_sealer_t *sealer,
                      apr_pool_t *pool)
{
    unsigned char plain[FIXED_LEN + 2 + ACCOUNT_MAX
                        + TEXTS * (2 + TW_USERNAME_MAX)
                        + TW_FIELDS * (3 + FIELD_MAX)];
    unsigned char *p = plain;
    int more = says_more(session), other_name;

    if (is_too_long(session)) {
        return NULL;
    }
    other_name = strcmp(session->screen_name, session->username) != 0;
    *p++ = more ? FORMAT_MORE : FORMAT;
    memcpy(p, session->id.bytes, TW_ID_LEN);
    p = put_time(p + TW_ID_LEN, session->signed_in_at);
    p = put_time(p, session->expires_at);
    p = put_time(p, session->checked_at);
    p = put_time(p, session->last_seen);
    if (more) {
        *p++ = (unsigned char)((other_name ? HAS_SCREEN_NAME : 0)
                               | (session->remembered ? IS_REMEMBERED : 0)
                               | (session->confirmed ? IS_CONFIRMED : 0));
    }
    p = put_account(p, session->account);
    p = put_text(p, session->twitter_id);
    p = put_text(p, session->username);
    if (other_name) {
        p = put_text(p, session->screen_name);
    }
    p = put_fields(p, session);
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

/* The fields up to the end, in place; NULL when they do not fit. */
static const unsigned char *get_fields(tw_session_t *session,
                                       const unsigned char *p,
                                       const unsigned char *end)
{
    while (p && p != end) {
        int number = p[0];
        apr_size_t len;

        if (end - p < 3 || end - p < 3 + p[1] || p[2 + p[1]] != '\0') {
            return NULL;
        }
        len = p[1];
        if (number < TW_FIELDS) {
            session->field[number].text = (const char *)p + 2;
            session->field[number].len = len;
        }
        p += len + 3;
    }
    return p;
}

/* All but the times and the id; NULL when it is no session. */
static const unsigned char *get_rest(tw_session_t *session,
                                     const tw_plain_t *plain)
{
    const unsigned char *p = plain->data + FIXED_LEN;
    const unsigned char *end = plain->data + plain->len;
    int more = plain->data[0] == FORMAT_MORE;
    int flags = more && p < end ? *p++ : 0;

    p = get_account(&session->account, p, end);
    p = get_text(&session->twitter_id, p, end);
    p = get_text(&session->username, p, end);
    session->screen_name = session->username;
    if (more ? flags & HAS_SCREEN_NAME : p != end) {
        p = get_text(&session->screen_name, p, end);
    }
    session->remembered = (flags & IS_REMEMBERED) != 0;
    session->confirmed = (flags & IS_CONFIRMED) != 0;
    if (more) {
        p = get_fields(session, p, end);
    }
    return p == end ? p : NULL;
}

apr_status_t tw_session_open(tw_session_t *session, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    tw_plain_t plain;
    const unsigned char *p;
    apr_status_t rv;

    memset(session, 0, sizeof(*session));
    if (len > TW_SESSION_TEXT_MAX) {
        return APR_EINVAL;
    }
    rv = tw_cache_unseal(&plain, cache, sealer, text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain.len < FIXED_LEN
        || (plain.data[0] != FORMAT && plain.data[0] != FORMAT_MORE)) {
        return APR_EINVAL;
    }
    if (!get_rest(session, &plain)) {
        memset(session, 0, sizeof(*session));
        return APR_EINVAL;
    }
    memcpy(session->id.bytes, plain.data + 1, TW_ID_LEN);
    p = plain.data + 1 + TW_ID_LEN;
    session->signed_in_at = get_time(p);
    session->expires_at = get_time(p + TIME_LEN);
    session->checked_at = get_time(p + 2 * TIME_LEN);
    session->last_seen = get_time(p + 3 * TIME_LEN);
    session->stale = plain.stale;
    return APR_SUCCESS;
}
