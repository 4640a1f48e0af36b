/* SPDX-License-Identifier: Apache-2.0 */
#include "config/values.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/ascii.h"
#include "base/catalogue.h"
#include "base/host.h"
#include "base/secret.h"
#include "base/target.h"
#include "x/protocol.h"

const char *tw_values_key(const char *text)
{
    return tw_provider_token_ok(text, TW_TOKEN_MAX)
           ? NULL : "must be the key or id as X shows it, without blanks";
}

/* RFC 6749 section 3.3: words of visible characters, one blank between. */
const char *tw_values_scope(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\'
            || (*c == ' ' && (c == text || c[1] == ' ' || !c[1]))) {
            break;
        }
    }
    return c > text && !*c && c - text <= 300
           ? NULL : "must be scopes with one blank between, such as "
                    "\"tweet.read users.read\"";
}

const char *tw_values_secret(const char *text)
{
    const char *why = NULL;

    tw_secret_ok(&why, text);
    return why;
}

const char *tw_values_path(const char *text)
{
    apr_size_t len = strlen(text);
    apr_size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~/");

    return len >= 3 && len <= 100 && plain == len && text[0] == '/'
           && text[len - 1] == '/' && !strstr(text, "//")
           && tw_target_ok(text, NULL)
           ? NULL : "must begin and end with a slash, be more than \"/\", "
                    "and have only letters, digits, and - . _ ~";
}

const char *tw_values_realm(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\') {
            break;
        }
    }
    return c > text && !*c && c - text <= 100
           ? NULL : "must be 1 to 100 visible characters without quotes and "
                    "backslash";
}

/* http or https, a host, perhaps a port and a path, and a query and fragment
 * if those may be; nothing else that URLs can have, such as a user's name and
 * password, which may hold anything. */
static int is_url(const char *text, int query_too)
{
    apr_uri_t uri;
    char copy[TW_TARGET_MAX + 100];
    apr_size_t i, len = strlen(text);
    apr_pool_t *pool;
    int good;

    if (len >= sizeof(copy)) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e || strchr("\"<>\\@", text[i])) {
            return 0;
        }
    }
    apr_pool_create(&pool, NULL);
    good = apr_uri_parse(pool, text, &uri) == APR_SUCCESS
           && uri.scheme && uri.hostname && *uri.hostname
           && (!strcmp(uri.scheme, "https") || !strcmp(uri.scheme, "http"))
           && (query_too || (!uri.query && !uri.fragment))
           && (!uri.port_str || (*uri.port_str && uri.port));
    if (good && uri.path) {
        apr_cpystrn(copy, uri.path, sizeof(copy));
        good = tw_target_ok(copy, NULL);
    }
    apr_pool_destroy(pool);
    return good;
}

static int is_plain_url(const char *text)
{
    return is_url(text, 0);
}

const char *tw_values_callback(const char *text)
{
    const char *path = strstr(text, "://");

    /* "/" would take the front page away, the others are never asked for */
    path = path ? strchr(path + 3, '/') : NULL;
    return is_plain_url(text) && path && path[1] && !strstr(path, "//")
           && !strchr(path, ';') && !strchr(text, '%')
           ? NULL : "must be the whole URL that is registered at X: "
                    "https://host/path, without query and percent signs, "
                    "and another one than the front page";
}

/* A host that means itself: a name without odd characters and dots at its
 * ends, or an IPv6 address. */
static int is_plain_host(const char *host)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    apr_size_t len = strlen(host);

    return strchr(host, ':')
           ? tw_host_is_ipv6(host)
           : strspn(host, name) == len && len <= 253 && host[0] != '.'
             && host[len - 1] != '.' && !strstr(host, "..");
}

/* The parts of a base URL; its scheme may be in capitals.  0: it is none. */
static int read_base(apr_uri_t *uri, const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    const char *host;

    tw_ascii_lower(copy, strcspn(copy, ":"));
    if (!is_plain_url(copy) || apr_uri_parse(pool, copy, uri) != APR_SUCCESS
        || !is_plain_host(uri->hostname)) {
        return 0;
    }
    host = strstr(copy, "://");
    /* brackets are an IPv6 address's; a port is cut to 16 bits above */
    return host && (host[3] == '[') == (strchr(uri->hostname, ':') != NULL)
           && (!uri->port_str || apr_atoi64(uri->port_str) <= 65535)
           && (!uri->path || (uri->path[strlen(uri->path) - 1] != '/'
                              && !strstr(uri->path, "//")));
}

const char *tw_values_provider(const char *text)
{
    apr_pool_t *pool;
    apr_uri_t uri;
    int good;

    apr_pool_create(&pool, NULL);
    good = read_base(&uri, text, pool);
    apr_pool_destroy(pool);
    return good ? NULL : "must be a base URL without a slash at the end, "
                         "without a dot at the end of the host, such as "
                         "https://api.x.com";
}

const char *tw_values_origin(const char *text)
{
    const char *host = strstr(text, "://");

    return !tw_values_provider(text) && host && !strchr(host + 3, '/')
           ? NULL : "must be an origin: scheme, host and, where it is not the "
                    "usual one, port, such as https://login.example.org";
}

const char *tw_values_base_url(apr_pool_t *pool, const char *text)
{
    apr_uri_t uri;

    if (!read_base(&uri, text, pool)) {
        return text;
    }
    return apr_pstrcat(pool, uri.scheme, "://",
                       tw_host_in_url(pool, uri.hostname),
                       !uri.port
                       || uri.port == apr_uri_port_of_scheme(uri.scheme)
                       ? "" : apr_psprintf(pool, ":%u", uri.port),
                       uri.path ? uri.path : "", NULL);
}

const char *tw_values_proxy(const char *text)
{
    return is_plain_url(text)
           ? NULL : "must be the URL of the proxy, such as "
                    "http://proxy.example.com:3128";
}

const char *tw_values_file(const char *text)
{
    return text[0] == '/' ? NULL : "must be an absolute path";
}

/* |COMMAND, ||COMMAND, or |$COMMAND for a shell. */
const char *tw_values_command(const char *text)
{
    text += *text == '|';
    text += *text == '|' || *text == '$';
    return text + strspn(text, " \t");
}

const char *tw_values_events(const char *text)
{
    const char *what = *text == '|' ? tw_values_command(text) : text;

    return *what ? NULL : "must be a file, a command behind |, such as "
                          "\"|/usr/bin/rotatelogs FILE 86400\", or Off";
}

const char *tw_values_name(const char *text)
{
    apr_size_t len = strlen(text);

    return len >= 1 && len <= 100 && tw_catalogue_is_text(text, len)
           ? NULL : "must be 1 to 100 bytes of text in UTF-8";
}

/* It stands in a Content-Security-Policy, which has words of its own. */
const char *tw_values_resource(const char *text)
{
    return tw_target_ok(text, NULL) && !text[strcspn(text, ";,'#*")]
           && text[1]
           ? NULL : "must be a path on this site, such as /logo.svg or "
                    "/pages.css, without ; , ' # *";
}

const char *tw_values_link(const char *text)
{
    return tw_target_ok(text, NULL) || is_url(text, 1)
           ? NULL : "must be a URL, such as https://www.example.com/privacy, "
                    "or a path on this site, such as /privacy.html";
}

const char *tw_values_cookie_name(const char *text)
{
    apr_size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_");

    return len >= 1 && len <= 32 && !text[len]
           ? NULL : "must be 1 to 32 letters, digits, - or _";
}

const char *tw_values_cookie_domain(const char *text)
{
    apr_size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");

    return len >= 3 && len <= 253 && !text[len] && strchr(text, '.')
           && text[0] != '.' && text[len - 1] != '.' && !strstr(text, "..")
           ? NULL : "must be a domain in lower case such as example.com";
}

const char *tw_values_shown_url(apr_pool_t *pool, const char *url)
{
    const char *scheme = strstr(url, "://"), *at = strrchr(url, '@');
    apr_size_t begin = scheme ? (apr_size_t)(scheme + 3 - url) : 0;

    /* a password may have a slash or a question mark in it */
    if (at && at >= url + begin) {
        url = apr_pstrcat(pool, apr_pstrmemdup(pool, url, begin), "...", at,
                          NULL);
    }
    return url[strcspn(url, "?#")]
           ? apr_pstrcat(pool, apr_pstrmemdup(pool, url, strcspn(url, "?#")),
                         "...", NULL)
           : url;
}

/* Units of time, the longest first; without one it is seconds. */
static const struct {
    const char *unit;
    apr_int64_t length;
} units[] = {
    { "d", 24 * 3600 * (apr_int64_t)APR_USEC_PER_SEC },
    { "h", 3600 * (apr_int64_t)APR_USEC_PER_SEC },
    { "min", 60 * APR_USEC_PER_SEC }, { "s", APR_USEC_PER_SEC },
    { "ms", 1000 }, { "", APR_USEC_PER_SEC },
};

/* Digits, then a unit from the list; nothing before, between or after. */
int tw_values_time(apr_int64_t *time, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    apr_size_t i;

    if (!digits || digits > 9) {
        return 0;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(text + digits, units[i].unit)) {
            *time = apr_atoi64(text);
            if (*time > APR_INT64_MAX / units[i].length) {
                return 0;
            }
            *time *= units[i].length;
            return 1;
        }
    }
    return 0;
}

const char *tw_values_time_text(apr_pool_t *pool, apr_int64_t time)
{
    apr_size_t i = 0;

    if (!time) {
        return "0";
    }
    while (time % units[i].length && units[i].length > 1000) {
        i++;
    }
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s",
                        time / units[i].length, units[i].unit);
}

const char *tw_values_size_text(apr_pool_t *pool, apr_int64_t bytes)
{
    int mega = bytes % (1024 * 1024) == 0;

    return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s",
                        bytes >> (mega ? 20 : 10), mega ? "m" : "k");
}

int tw_values_size(apr_int64_t *bytes, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;

    if (!digits || digits > 9) {
        return 0;
    }
    *bytes = apr_atoi64(text);
    if (*unit) {
        *bytes <<= (*unit | 0x20) == 'm' ? 20 : 10;
        return strchr("kKmM", *unit) && !unit[1];
    }
    return 1;
}

int tw_values_rate(tw_rate_t *rate, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;

    if (!digits || digits > 5) {
        return 0;
    }
    rate->count = (int)apr_atoi64(text);
    rate->period = !strcmp(unit, "/s") ? apr_time_from_sec(1)
                   : !strcmp(unit, "/min") ? apr_time_from_sec(60)
                   : !strcmp(unit, "/h") ? apr_time_from_sec(3600) : 0;
    return rate->period && rate->count >= 1 && rate->count <= TW_RATE_MAX;
}
