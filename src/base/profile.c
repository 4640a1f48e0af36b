/* SPDX-License-Identifier: Apache-2.0 */
#include "base/profile.h"

#include <string.h>

#include <apr_strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* One character of UTF-8 (RFC 3629), and its bytes; 0: there is none. */
static int decode(apr_uint32_t *c, const unsigned char *p)
{
    static const apr_uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    int len = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3
              : *p < 0xf5 ? 4 : 0;
    int i;

    if (len < 2) {
        *c = *p;
        return len;
    }
    *c = *p & (0xffU >> (len + 1));
    for (i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        *c = *c << 6 | (p[i] & 0x3f);
    }
    return *c < least[len] || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff
           ? 0 : len;
}

/* Whether a character has a place in a name, and does nothing to others. */
static int is_shown(apr_uint32_t c)
{
    static const struct {
        apr_uint32_t from, to;
    } out[] = {
        { 0x00, 0x1f }, { 0x7f, 0x9f },     /* control characters */
        { 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x202a, 0x202e },
        { 0x2060, 0x206f },                 /* directions, nothing to see */
        { 0x200b, 0x200b }, { 0x2028, 0x2029 },
        { 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        if (c >= out[i].from && c <= out[i].to) {
            return 0;
        }
    }
    return (c & 0xfffe) != 0xfffe;
}

static int is_blank(apr_uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || c == 0x3000
           || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029;
}

static const char *clean_name(const char *name, apr_pool_t *pool)
{
    const unsigned char *p = (const unsigned char *)name;
    char *clean = apr_palloc(pool, TW_PROFILE_NAME_MAX + 1), *end = clean;
    int blank = 0;

    while (*p) {
        apr_uint32_t c;
        int len = decode(&c, p);

        if (!len) {
            p++;
            continue;
        }
        if (is_blank(c)) {
            blank = end > clean;
        }
        else if (is_shown(c)) {
            if (end + blank + len > clean + TW_PROFILE_NAME_MAX) {
                break;
            }
            if (blank) {
                *end++ = ' ';
                blank = 0;
            }
            memcpy(end, p, (apr_size_t)len);
            end += len;
        }
        p += len;
    }
    *end = '\0';
    return clean;
}

/* RFC 3986, less what is odd in the address of an image. */
static int is_url(const char *url)
{
    apr_size_t len = strlen(url);

    return len <= TW_PROFILE_AVATAR_MAX
           && (!strncmp(url, "https://", 8) || !strncmp(url, "http://", 7))
           && strspn(url, LETTERS DIGITS "-._~:/?[]!$&()*+,;=%") == len;
}

/* RFC 5321's Dot-string, an at sign, and a domain. */
static int is_mailbox(const char *email)
{
    const char *at = strchr(email, '@');
    apr_size_t len = strlen(email);

    return len <= TW_PROFILE_EMAIL_MAX && at && at > email
           && strspn(email, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.")
              == (apr_size_t)(at - email)
           && at[1] && at[1] != '.' && email[len - 1] != '.'
           && strspn(at + 1, LETTERS DIGITS "-.") == strlen(at + 1);
}

void tw_profile_clean(tw_profile_t *profile, apr_pool_t *pool)
{
    profile->name = profile->name ? clean_name(profile->name, pool) : "";
    if (!profile->avatar || !is_url(profile->avatar)) {
        profile->avatar = "";
    }
    if (!profile->email || !is_mailbox(profile->email)) {
        profile->email = "";
    }
    profile->verified = profile->verified != 0;
}

int tw_profile_is_image(const char *url, const char *x)
{
    static const char images[] = "twimg.com";
    apr_size_t len = strlen(x), host;

    if (!strncmp(url, x, len) && url[len] == '/') {
        return 1;
    }
    if (strncmp(url, "https://", 8) != 0) {
        return 0;
    }
    url += 8;
    host = strspn(url, LETTERS DIGITS "-.");
    len = strlen(images);
    return url[host] == '/' && host >= len
           && !strncmp(url + host - len, images, len)
           && (host == len || url[host - len - 1] == '.');
}
