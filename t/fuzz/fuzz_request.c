/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole request of an own or a protected location: method and target,
 * header lines, an empty line, the body.  Whatever it says, nobody is signed
 * in or out by it who could not be, no redirect leaves the site but to X, no
 * cookie or header has bytes that are not ours, and every page is whole.
 */

#include "server.h"

#include <apr_lib.h>

#include "base/target.h"
#include "request/visitor.h"

#define COOKIE_CHARACTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Headers that tell a backend who it is. */
#define TOLD 6

static int begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* The next line; *text is moved behind it. */
static char *line_of(apr_pool_t *pool, const char **text, const char *end)
{
    const char *lf = memchr(*text, '\n', (size_t)(end - *text));
    char *line = apr_pstrmemdup(pool, *text, (size_t)((lf ? lf : end)
                                                      - *text));

    *text = lf ? lf + 1 : end;
    line[strcspn(line, "\r")] = '\0';
    return line;
}

/* The request; NULL where httpd would have refused it. */
static request_rec *read_request(const tw_site_t *site, const char *text,
                                 apr_size_t len, apr_pool_t *pool)
{
    const char *end = text + len, *target;
    apr_table_t *headers = apr_table_make(pool, 8);
    char *method = line_of(pool, &text, end), *line, *value;

    target = strchr(method, ' ');
    if (!target || target[1] != '/' || strpbrk(target + 1, " \t")) {
        return NULL;
    }
    method[target - method] = '\0';
    while (*(line = line_of(pool, &text, end))) {
        value = strchr(line, ':');
        if (!value || value == line
            || strcspn(line, " \t") < (size_t)(value - line)) {
            return NULL;
        }
        *value++ = '\0';
        apr_table_mergen(headers, line, value + strspn(value, " \t"));
    }
    return server_request(site, method, target + 1, headers, text,
                          (apr_size_t)(end - text), pool);
}

/* ---- properties --------------------------------------------------------- */

static void check_location(const tw_site_t *site, const char *location)
{
    HOLDS(begins(location, SERVER_ORIGIN "/twauth/")
          || begins(location, "/twauth/login?")
          || begins(location, "/twauth/logout")
          || begins(location, SERVER_X "/")
          || tw_target_ok(location, &site->paths.own));
    HOLDS(strspn(location, " \t") == 0 && !strpbrk(location, "\"<>\\"));
}

static const char *after(const char *text, const char *expected)
{
    HOLDS(begins(text, expected));
    return text + strlen(expected);
}

/* Name, value and attributes are ours; 1 when it is a session. */
static int check_cookie(const tw_site_t *site, const char *cookie)
{
    size_t name = strcspn(cookie, "="), value;

    HOLDS(begins(cookie, SERVER_SESSION "=")
          || begins(cookie, SERVER_PRE "=")
          || (begins(cookie, SERVER_FLOW) && name > strlen(SERVER_FLOW)));
    HOLDS(strspn(cookie, COOKIE_CHARACTERS) == name);
    value = strspn(cookie + name + 1, COOKIE_CHARACTERS);
    HOLDS(name + value < 4000);
    cookie = after(cookie + name + 1 + value,
                   site->cookies.session_attributes);
    if (*cookie) {
        cookie = after(cookie, "; Max-Age=");
        cookie += strspn(cookie, "0123456789");
        HOLDS(value ? !*cookie
                    : !strcmp(cookie, "; Expires=Thu, 01 Jan 1970 00:00:00 "
                                      "GMT"));
    }
    return value && name == strlen(SERVER_SESSION);
}

typedef struct {
    const tw_site_t *site;
    int sessions;               /* cookies of a session that are set */
} check_t;

static int check_header(void *rec, const char *name, const char *value)
{
    check_t *check = rec;
    const char *c;

    for (c = value; *c; c++) {
        HOLDS(*c >= 0x20 && *c < 0x7f);
    }
    if (!strcasecmp(name, "Location")) {
        check_location(check->site, value);
    }
    else if (!strcasecmp(name, "Set-Cookie")) {
        check->sessions += check_cookie(check->site, value);
    }
    return 1;
}

/* Every '&' begins an entity, every '<' a tag of ours. */
static void check_page(const char *page)
{
    const char *c;

    if (!begins(page, "<!DOCTYPE html>")) {
        return;
    }
    for (c = page; *c; c++) {
        HOLDS(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
        HOLDS(*c != '&' || begins(c, "&amp;") || begins(c, "&lt;")
              || begins(c, "&gt;") || begins(c, "&quot;"));
        HOLDS(!begins(c, "<script") && !begins(c, "javascript:"));
    }
    HOLDS(strstr(page, "</html>\n"));
}

/* Counts what a gateway could take for a header of ours. */
static int count_told(void *rec, const char *name, const char *value)
{
    const char *want = "xtwauth";

    (void)value;
    for (; *name && *want; name++) {
        if (apr_isalnum(*name) && apr_tolower(*name) != *want++) {
            return 1;
        }
    }
    *(int *)rec += !*want;
    return 1;
}

static void check(const request_rec *r, const tw_site_t *site, int given,
                  int status)
{
    const char *site_says = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    tw_visitor_t *visitor = tw_visitor_peek((request_rec *)r);
    int known = (given & (GIVEN_SESSION | GIVEN_OTHER)) != 0;
    check_t checked = { site, 0 };
    int told = 0;

    HOLDS(status == OK || (status >= 300 && status < 600));
    apr_table_do(check_header, &checked, r->headers_out, NULL);
    apr_table_do(check_header, &checked, r->err_headers_out, NULL);
    check_page(server_did.page);
    apr_table_do(count_told, &told, r->headers_in, NULL);
    HOLDS(told == (r->user ? TOLD : 0));
    HOLDS(!r->user || known);
    HOLDS(!visitor || visitor->state != TW_VISITOR_SIGNED_IN || known);
    HOLDS(checked.sessions <= 1);
    HOLDS(!checked.sessions || known || server_did.begun);
    HOLDS(server_did.begun <= 1 && server_did.ended <= 1);
    /* only its own pending sign-in signs a browser in, by a plain GET */
    HOLDS(!server_did.begun
          || ((given & GIVEN_FLOW) && r->method_number == M_GET
              && !r->header_only && server_did.calls));
    /* only the site's own pages sign anybody out */
    HOLDS(!server_did.ended
          || (r->method_number == M_POST && known
              && (site_says ? !strcmp(site_says, "same-origin")
                  : origin && strcmp(origin, "null")
                  ? !strcmp(origin, SERVER_ORIGIN)
                  : (given & GIVEN_TOKEN) != 0)));
    /* X is called for browsers that keep cookies, and for no others */
    HOLDS(!server_did.calls || (given & (GIVEN_PRE | GIVEN_FLOW)));
}

static void try_request(const tw_site_t *site, const uint8_t *data,
                        size_t size, apr_pool_t *pool)
{
    const char *text;
    request_rec *r;
    apr_size_t len;
    int given;

    text = server_fill(&given, &len, site, (const char *)data, size, pool);
    r = read_request(site, text, len, pool);
    if (r) {
        check(r, site, given, server_run(r));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();

    if (size <= 10000) {
        try_request(server_site("oauth1"), data, size, pool);
        try_request(server_site("oauth2"), data, size, pool);
    }
    fuzz_clear();
    return 0;
}
