#include "tw_browser.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>

#include "tw_codec.h"
#include "tw_private.h"

#define TOKEN_LIFE apr_time_from_sec(3600)
/* So that the mark "signed in here before" is there when it is needed. */
#define BEFORE_SECONDS (90 * 24 * 3600)
#define FLAG_BEFORE 1
#define FLAG_LEFT 2

static const char *header(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_in, name);
}

static int says(const request_rec *r, const char *name, const char *word)
{
    const char *value = header(r, name);

    return value && ap_strcasestr(value, word);
}

int tw_browser_denies_navigation(const request_rec *r)
{
    const char *mode = header(r, "Sec-Fetch-Mode");
    const char *dest = header(r, "Sec-Fetch-Dest");

    if (r->method_number != M_GET || r->header_only || r->main
        || (r->prev && r->prev->status != HTTP_OK)
        || header(r, "X-Requested-With")) {
        return 1;
    }
    if (says(r, "Sec-Purpose", "prefetch") || says(r, "Purpose", "prefetch")
        || says(r, "Sec-Purpose", "prerender") || says(r, "X-Moz", "prefetch")
        || says(r, "X-Purpose", "preview")) {
        return 1;
    }
    return (mode || dest)
           && (!mode || !dest || strcmp(mode, "navigate")
               || strcmp(dest, "document"));
}

int tw_browser_navigates(const request_rec *r)
{
    return !tw_browser_denies_navigation(r)
           && (header(r, "Sec-Fetch-Mode") || says(r, "Accept", "text/html"));
}

int tw_browser_read(tw_browser_t *browser, const tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    const char *at = visitor->cookies;
    unsigned char *plain;
    tw_cookie_t cookie;
    apr_size_t len;
    int tries;

    memset(browser, 0, sizeof(*browser));
    for (tries = 0; tries < 4; tries++) {
        if (!tw_visitor_cookie(&cookie, &at, site->pre_cookie, 0)) {
            return 0;
        }
        if (cookie.value_len <= 200
            && tw_unseal(&plain, &len, NULL, site->ring, TW_SEAL_PRE,
                         site->realm, cookie.value, cookie.value_len,
                         visitor->first->pool) == APR_SUCCESS
            && len == TW_ID_LEN + 1) {
            memcpy(browser->id, plain, TW_ID_LEN);
            browser->before = (plain[TW_ID_LEN] & FLAG_BEFORE) != 0;
            browser->left = (plain[TW_ID_LEN] & FLAG_LEFT) != 0;
            return 1;
        }
    }
    return 0;
}

void tw_browser_set(request_rec *r, const tw_site_t *site,
                    tw_browser_t *browser)
{
    static const unsigned char none[TW_ID_LEN];
    unsigned char plain[TW_ID_LEN + 1];

    if (!memcmp(browser->id, none, TW_ID_LEN)) {
        tw_seal_random(browser->id, TW_ID_LEN);
    }
    memcpy(plain, browser->id, TW_ID_LEN);
    plain[TW_ID_LEN] = (unsigned char)((browser->before ? FLAG_BEFORE : 0)
                                       | (browser->left ? FLAG_LEFT : 0));
    tw_cookie_set(r, site->pre_cookie,
                  tw_seal(site->ring, TW_SEAL_PRE, site->realm, plain,
                          sizeof(plain), r->pool),
                  site->other_attributes,
                  browser->before ? BEFORE_SECONDS : -1);
}

/* What a token is bound to: realm, browser, session. */
static const char *token_audience(request_rec *r, const tw_site_t *site,
                                  const tw_browser_t *browser,
                                  const tw_session_t *session)
{
    char browser_id[2 * TW_ID_LEN + 1], session_id[2 * TW_ID_LEN + 1] = "";

    tw_codec_hex(browser_id, browser->id, TW_ID_LEN);
    if (session) {
        tw_codec_hex(session_id, session->id, TW_ID_LEN);
    }
    return apr_pstrcat(r->pool, site->realm, "\n", browser_id, "\n",
                       session_id, NULL);
}

const char *tw_browser_token(request_rec *r, const tw_site_t *site,
                             tw_seal_purpose_t purpose,
                             const tw_browser_t *browser,
                             const tw_session_t *session)
{
    apr_time_t now = apr_time_now();

    return tw_seal(site->ring, purpose,
                   token_audience(r, site, browser, session), &now,
                   sizeof(now), r->pool);
}

int tw_browser_token_ok(request_rec *r, const tw_site_t *site,
                        tw_seal_purpose_t purpose,
                        const tw_browser_t *browser,
                        const tw_session_t *session, const char *text)
{
    apr_time_t now = apr_time_now(), made;
    unsigned char *plain;
    apr_size_t len;

    if (!text
        || tw_unseal(&plain, &len, NULL, site->ring, purpose,
                     token_audience(r, site, browser, session), text,
                     strlen(text), r->pool) != APR_SUCCESS
        || len != sizeof(made)) {
        return 0;
    }
    memcpy(&made, plain, sizeof(made));
    return made <= now + TW_LEEWAY && now - made < TOKEN_LIFE;
}

int tw_browser_is_home(request_rec *r, const tw_site_t *site)
{
    const char *scheme = ap_http_scheme(r);
    apr_port_t port = r->parsed_uri.port_str && r->parsed_uri.port
                      ? r->parsed_uri.port
                      : !strcmp(scheme, "https") ? 443 : 80;

    /* HTTP/1.0 names no host: nobody to be sent elsewhere */
    return !r->hostname
           || (!strcmp(scheme, site->scheme) && port == site->port
               && !strcasecmp(r->hostname, site->host));
}
