/* SPDX-License-Identifier: Apache-2.0 */
#include "base/language.h"

#include <string.h>

#include <apr_strings.h>

#define BLANKS " \t"
#define TAG_MAX 35
#define RANGES_MAX 30

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int tw_language_ok(const char *text)
{
    const char *c = text;
    apr_size_t part = 0;
    int first = 1;

    for (;; c++) {
        if (is_letter(*c) || (!first && is_digit(*c))) {
            part++;
            continue;
        }
        if (part < (first ? 2 : 1) || part > (first ? 3 : 8)) {
            return 0;
        }
        if (!*c) {
            return c - text <= TAG_MAX;
        }
        if (*c != '-') {
            return 0;
        }
        first = 0;
        part = 0;
    }
}

static int is_rtl(const char *tag)
{
    static const char *const scripts[] = {
        "-Arab", "-Hebr", "-Thaa", "-Syrc", "-Nkoo", "-Adlm", "-Rohg"
    };
    static const char *const languages[] = {
        "ar", "he", "iw", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb"
    };
    const char *script = strchr(tag, '-');
    apr_size_t i, len = strcspn(tag, "-");

    if (script && strcspn(script + 1, "-") == 4) {
        for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
            if (!strncasecmp(script, scripts[i], 5)) {
                return 1;
            }
        }
        return 0;
    }
    for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        if (strlen(languages[i]) == len
            && !strncasecmp(tag, languages[i], len)) {
            return 1;
        }
    }
    return 0;
}

const char *tw_language_direction(const char *tag)
{
    return is_rtl(tag) ? "rtl" : "ltr";
}

/* Thousandths, by RFC 9110 section 12.4.2; what is malformed is 0. */
static int read_q(const char *text, apr_size_t len)
{
    int q, digits = 0;

    if (!len || (text[0] != '0' && text[0] != '1')) {
        return 0;
    }
    q = (text[0] - '0') * 1000;
    if (len > 1 && text[1] == '.') {
        int unit = 100;

        for (digits = 2; (apr_size_t)digits < len && is_digit(text[digits]);
             digits++) {
            q += (text[digits] - '0') * unit;
            unit /= 10;
        }
    }
    return q > 1000 ? 1000 : q;
}

/* The weight of one element, such as "de-AT ; q=0.8". */
static int weight(const char *element, apr_size_t len)
{
    const char *q = memchr(element, ';', len), *end = element + len;

    if (!q) {
        return 1000;
    }
    for (q++; q < end && strchr(BLANKS, *q); q++) {
    }
    if (end - q < 2 || (*q != 'q' && *q != 'Q') || q[1] != '=') {
        return 1000;
    }
    return read_q(q + 2, (apr_size_t)(end - q - 2));
}

/* Whether a begins as the tag b does, which is len bytes long. */
static int begins_with(const char *a, const char *b, apr_size_t len)
{
    return !strncasecmp(a, b, len) && (!a[len] || a[len] == '-');
}

/* Which of tags a range of len bytes asks for: RFC 4647 section 3.4, and then
 * section 3.3.1.  -1: none. */
static int match(const apr_array_header_t *tags, const char *range,
                 apr_size_t len)
{
    int wide = -1, narrow = -1, i;
    char asked[TAG_MAX + 1];
    apr_size_t best = 0;

    if (len == 1 && *range == '*') {
        return 0;
    }
    if (!len || len > TAG_MAX) {
        return -1;
    }
    apr_cpystrn(asked, range, len + 1);
    for (i = 0; i < tags->nelts; i++) {
        const char *tag = APR_ARRAY_IDX(tags, i, const char *);
        apr_size_t known = strlen(tag);

        if (known > best && known <= len
            && begins_with(asked, tag, known)) {
            best = known;
            wide = i;
        }
        if (narrow < 0 && begins_with(tag, asked, len)) {
            narrow = i;
        }
    }
    return wide >= 0 ? wide : narrow;
}

int tw_language_choose(const apr_array_header_t *tags, const char *accept)
{
    int best = 0, most = 0, n;

    for (n = 0; accept && *accept && n < RANGES_MAX; n++) {
        apr_size_t len, range;
        int q, found;

        accept += strspn(accept, BLANKS ",");
        len = strcspn(accept, ",");
        range = strcspn(accept, BLANKS ",;");
        q = weight(accept, len);
        found = q > most ? match(tags, accept, range) : -1;
        if (found >= 0) {
            best = found;
            most = q;
        }
        accept += len;
    }
    return best;
}
