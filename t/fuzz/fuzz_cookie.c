/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Cookie header: what applications see of it, as a plainer reading has it,
 * and which of the sessions in it count.
 */

#include "server.h"

#include "request/strip.h"
#include "request/visitor.h"

static int begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* Whether text begins as an own cookie does: its name and '='. */
static int is_own(const char *text)
{
    return begins(text, SERVER_SESSION "=") || begins(text, SERVER_PRE "=")
           || (begins(text, SERVER_FLOW)
               && text[strlen(SERVER_FLOW)] != '='
               && strchr(text, '='));
}

static const char *past_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* A pair without the blanks around it. */
static char *trimmed(apr_pool_t *pool, const char *pair)
{
    char *text = apr_pstrdup(pool, past_blanks(pair));
    size_t len = strlen(text);

    while (len && strchr(" \t", text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

/* What there should be left of the header. */
static const char *rest_of(apr_pool_t *pool, const char *header)
{
    const char *rest = "";

    while (header) {
        const char *semicolon = strchr(header, ';');
        char *pair = trimmed(pool, semicolon
                             ? apr_pstrmemdup(pool, header, (apr_size_t)
                                              (semicolon - header))
                             : header);
        char *comma;

        header = semicolon ? semicolon + 1 : NULL;
        if (is_own(pair)) {
            continue;
        }
        for (comma = strchr(pair, ','); comma; comma = strchr(comma, ',')) {
            const char *hidden = past_blanks(++comma);

            /* in there a name ends at the next comma, too */
            if (hidden[strcspn(hidden, "=,")] == '=' && is_own(hidden)) {
                comma[-1] = '\0';
                break;
            }
        }
        if (!*pair) {
            continue;
        }
        rest = apr_pstrcat(pool, rest, *rest ? "; " : "", pair, NULL);
    }
    return rest;
}

static const char *without_blanks(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text);

    apr_collapse_spaces(copy, copy);
    return copy;
}

/* Whether one of the session cookies is that text. */
static int has_session(apr_pool_t *pool, const char *header, const char *text)
{
    while (header) {
        const char *semicolon = strchr(header, ';');
        char *pair = trimmed(pool, semicolon
                             ? apr_pstrmemdup(pool, header, (apr_size_t)
                                              (semicolon - header))
                             : header);

        header = semicolon ? semicolon + 1 : NULL;
        if (begins(pair, SERVER_SESSION "=")
            && !strcmp(pair + strlen(SERVER_SESSION "="), text)) {
            return 1;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const tw_site_t *site = server_site("oauth1");
    const char *header, *seen, *rest, *text;
    apr_table_t *headers = apr_table_make(pool, 1);
    tw_visitor_t *visitor;
    int given, alice, bob;
    apr_size_t len;
    request_rec *r;

    text = fuzz_text(pool, data, size);
    /* as httpd takes a header: in one line, without blanks around it */
    text = trimmed(pool, apr_pstrmemdup(pool, text, strcspn(text, "\r\n")));
    header = server_fill(&given, &len, site, text, strlen(text), pool);
    apr_table_setn(headers, "Cookie", header);
    r = server_request(site, "GET", "/", headers, "", 0, pool);
    HOLDS(tw_strip_post_read_request(r) == DECLINED);

    seen = apr_table_get(r->headers_in, "Cookie");
    rest = rest_of(pool, header);
    visitor = tw_visitor_peek(r);
    if (!visitor) {
        /* nothing of ours in it: not a byte changed */
        HOLDS(seen && !strcmp(seen, header));
        HOLDS(!is_own(rest) && !strstr(rest, SERVER_SESSION));
    }
    else {
        HOLDS(*rest ? seen && !strcmp(seen, rest) : !seen);
        /* nothing of ours in a second look either */
        HOLDS(!strcmp(without_blanks(pool, rest_of(pool, rest)),
                      without_blanks(pool, rest)));
        HOLDS(!strcmp(visitor->cookies, header));
    }
    visitor = tw_visitor_get(r);
    alice = (given & GIVEN_SESSION)
            && has_session(pool, text, "{S}");
    bob = (given & GIVEN_OTHER) && has_session(pool, text, "{O}");
    HOLDS((tw_visitor_open(visitor) == TW_VISITOR_SIGNED_IN)
          == (alice != bob));
    HOLDS(alice == bob
          || !strcmp(visitor->session.username, alice ? "alice" : "bob"));
    fuzz_clear();
    return 0;
}
