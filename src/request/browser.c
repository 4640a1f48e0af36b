/* SPDX-License-Identifier: Apache-2.0 */
#include "request/browser.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "private.h"
#include "request/set_cookie.h"

#define TOKEN_LIFE apr_time_from_sec(3600)
/* So that the mark "signed in here before" is there when it is needed. */
#define BEFORE_SECONDS (90 * 24 * 3600)
#define MARK_LEFT 1
#define MARK_BIG_ENDIAN 2
#define NUMBER_LEN 8

/* Numbers are big-endian, for servers of another kind that share the key.
 * The version before wrote them as its machine does. */
static void put_number(unsigned char to[NUMBER_LEN], apr_int64_t number)
{
    apr_uint64_t value = (apr_uint64_t)number;
    int i;

    for (i = NUMBER_LEN - 1; i >= 0; i--) {
        to[i] = (unsigned char)(value & 0xff);
        value >>= 8;
    }
}

static apr_int64_t get_number(const unsigned char from[NUMBER_LEN])
{
    apr_uint64_t value = 0;
    int i;

    for (i = 0; i < NUMBER_LEN; i++) {
        value = value << 8 | from[i];
    }
    return (apr_int64_t)value;
}

static apr_int64_t get_machine_number(const unsigned char from[NUMBER_LEN])
{
    apr_int64_t number;

    memcpy(&number, from, sizeof(number));
    return number;
}

/*
 * The pre-session cookie is sent with every request, so it is short:
 * base64url of an id, and where there are marks these and a tag.  The id is
 * random, which is all that it has to be: who makes one up gets no more than
 * who is given one.  The mark "signed in here before" is worth something, so
 * it says which account that was: each has but a share of what that is.
 */
#define MARKS_AT (TW_ID_LEN + NUMBER_LEN)
#define MARKED_LEN (MARKS_AT + 1)
#define PRE_MAX (MARKED_LEN + TW_TAG_LEN)

static int open_pre(tw_browser_t *browser, const tw_site_t *site,
                    const tw_cookie_t *cookie)
{
    unsigned char raw[PRE_MAX];
    apr_size_t len;

    memset(browser, 0, sizeof(*browser));
    if (cookie->value_len > TW_CODEC_BASE64_LEN(PRE_MAX)
        || tw_codec_unbase64(raw, &len, cookie->value, cookie->value_len)
           != APR_SUCCESS) {
        return 0;
    }
    if (len == PRE_MAX
        && tw_seal_tag_ok(raw + MARKED_LEN, &site->sealers.pre, raw,
                          MARKED_LEN)) {
        browser->before = raw[MARKS_AT] & MARK_BIG_ENDIAN
                          ? get_number(raw + TW_ID_LEN)
                          : get_machine_number(raw + TW_ID_LEN);
        browser->left = (raw[MARKS_AT] & MARK_LEFT) != 0;
    }
    else if (len != TW_ID_LEN) {
        return 0;
    }
    memcpy(browser->id.bytes, raw, TW_ID_LEN);
    return 1;
}

int tw_browser_read(tw_browser_t *browser, const tw_visitor_t *visitor)
{
    const char *at = visitor->cookies;
    tw_cookie_t cookie;

    memset(browser, 0, sizeof(*browser));
    while (tw_visitor_cookie(&cookie, &at, &visitor->site->cookies.pre, 0)) {
        if (open_pre(browser, visitor->site, &cookie)) {
            return 1;
        }
    }
    return 0;
}

void tw_browser_set(request_rec *r, const tw_site_t *site,
                    tw_browser_t *browser)
{
    static const tw_id_t none;
    unsigned char raw[PRE_MAX];
    char text[TW_CODEC_BASE64_LEN(PRE_MAX) + 1];
    apr_size_t len = TW_ID_LEN;

    if (tw_id_equal(&browser->id, &none)) {
        tw_seal_random(&browser->id, sizeof(browser->id));
    }
    memcpy(raw, browser->id.bytes, TW_ID_LEN);
    if (browser->before || browser->left) {
        put_number(raw + TW_ID_LEN, browser->before);
        raw[MARKS_AT] = MARK_BIG_ENDIAN | (browser->left ? MARK_LEFT : 0);
        tw_seal_tag(raw + MARKED_LEN, &site->sealers.pre, raw, MARKED_LEN);
        len = PRE_MAX;
    }
    tw_codec_base64(text, raw, len);
    tw_cookie_set(r, site->cookies.pre.text, text,
                  site->cookies.other_attributes,
                  browser->before ? BEFORE_SECONDS : -1);
}

/* What a token is bound to: realm, browser, session. */
static tw_sealer_t bind_token(request_rec *r, const tw_sealer_t *sealer,
                              const tw_browser_t *browser,
                              const tw_session_t *session)
{
    char browser_id[2 * TW_ID_LEN + 1], session_id[2 * TW_ID_LEN + 1] = "";

    tw_codec_hex(browser_id, browser->id.bytes, TW_ID_LEN);
    if (session) {
        tw_codec_hex(session_id, session->id.bytes, TW_ID_LEN);
    }
    return tw_seal_bind(sealer, apr_pstrcat(r->pool, browser_id, "\n",
                                            session_id, NULL), r->pool);
}

const char *tw_browser_token(request_rec *r, const tw_sealer_t *sealer,
                             const tw_browser_t *browser,
                             const tw_session_t *session)
{
    tw_sealer_t bound = bind_token(r, sealer, browser, session);
    unsigned char made[NUMBER_LEN];

    put_number(made, apr_time_now());
    return tw_seal(&bound, made, sizeof(made), r->pool);
}

static int is_recent(apr_time_t made, apr_time_t now)
{
    return made <= now + TW_LEEWAY && made > now - TOKEN_LIFE;
}

int tw_browser_token_ok(request_rec *r, const tw_sealer_t *sealer,
                        const tw_browser_t *browser,
                        const tw_session_t *session, const char *text)
{
    apr_time_t now = apr_time_now();
    tw_sealer_t bound;
    tw_plain_t plain;

    if (!text) {
        return 0;
    }
    bound = bind_token(r, sealer, browser, session);
    return tw_unseal(&plain, &bound, text, strlen(text), r->pool)
           == APR_SUCCESS
           && plain.len == NUMBER_LEN
           && (is_recent(get_number(plain.data), now)
               || is_recent(get_machine_number(plain.data), now));
}
