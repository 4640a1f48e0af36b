/* SPDX-License-Identifier: Apache-2.0 */
#include "base/codec.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static int is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9')
           || c == '-' || c == '.' || c == '_' || c == '~';
}

static char *put_percent(char *out, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";

    if (is_unreserved(c)) {
        *out++ = (char)c;
    }
    else {
        *out++ = '%';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
    }
    return out;
}

char *tw_codec_percent(apr_pool_t *pool, const char *text)
{
    char *out = apr_palloc(pool, strlen(text) * 3 + 1);
    char *o = out;

    for (; *text; text++) {
        o = put_percent(o, (unsigned char)*text);
    }
    *o = '\0';
    return out;
}

const char *tw_codec_respell(apr_pool_t *pool, const char *text,
                             apr_size_t len)
{
    char *out = apr_palloc(pool, len * 3 + 1);
    char *o = out;
    const char *end = text + len;

    for (; text < end; text++) {
        int c = (unsigned char)*text;

        if (c == '+') {
            c = ' ';
        }
        else if (c == '%') {
            int high = end - text > 2 ? hex_value(text[1]) : -1;
            int low = end - text > 2 ? hex_value(text[2]) : -1;

            if (high < 0 || low < 0) {
                return NULL;
            }
            c = high << 4 | low;
            text += 2;
        }
        o = put_percent(o, (unsigned char)c);
    }
    *o = '\0';
    return out;
}

apr_status_t tw_codec_unpercent(char **out, const char *text, apr_size_t len,
                                int plus, apr_pool_t *pool)
{
    char *buf = apr_palloc(pool, len + 1);
    char *o = buf;
    apr_size_t i;

    *out = NULL;
    for (i = 0; i < len; i++) {
        int c = (unsigned char)text[i];

        if (c == '+' && plus) {
            c = ' ';
        }
        else if (c == '%') {
            int hi = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int lo = len - i > 2 ? hex_value(text[i + 2]) : -1;

            if (hi < 0 || lo < 0) {
                return APR_EINVAL;
            }
            c = hi * 16 + lo;
            i += 2;
        }
        if (c == 0) {
            return APR_EINVAL;
        }
        *o++ = (char)c;
    }
    *o = '\0';
    *out = buf;
    return APR_SUCCESS;
}

apr_status_t tw_codec_form(apr_array_header_t **pairs, const char *text,
                           apr_size_t len, int max, apr_pool_t *pool)
{
    const char *end = text ? text + len : NULL;
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(tw_pair_t));

    *pairs = NULL;
    while (text && text < end) {
        const char *amp = memchr(text, '&', (apr_size_t)(end - text));
        const char *stop = amp ? amp : end;
        const char *eq = memchr(text, '=', (apr_size_t)(stop - text));
        const char *name_end = eq ? eq : stop;
        const char *value = eq ? eq + 1 : stop;
        char *name, *decoded;

        if (stop > text) {
            if (list->nelts >= max) {
                return APR_ENOSPC;
            }
            if (tw_codec_unpercent(&name, text,
                                   (apr_size_t)(name_end - text), 1, pool)
                == APR_SUCCESS) {
                tw_pair_t *pair = apr_array_push(list);

                tw_codec_unpercent(&decoded, value,
                                   (apr_size_t)(stop - value), 1, pool);
                pair->name = name;
                pair->value = decoded;
            }
        }
        text = amp ? amp + 1 : end;
    }
    *pairs = list;
    return APR_SUCCESS;
}

apr_status_t tw_codec_query(apr_array_header_t **pairs, const char *query,
                            int max, apr_pool_t *pool)
{
    return tw_codec_form(pairs, query, query ? strlen(query) : 0, max, pool);
}

const char *tw_codec_form_get(const apr_array_header_t *pairs,
                              const char *name, int *count)
{
    const char *value = NULL;
    int i, n = 0;

    for (i = 0; pairs && i < pairs->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(pairs, i, tw_pair_t);

        if (!strcmp(pair->name, name)) {
            value = pair->value;
            n++;
        }
    }
    if (count) {
        *count = n;
    }
    return n == 1 ? value : NULL;
}

int tw_codec_form_has_any(const apr_array_header_t *pairs,
                          const char *const *names)
{
    int count = 0;

    for (; *names && !count; names++) {
        tw_codec_form_get(pairs, *names, &count);
    }
    return count > 0;
}

void tw_codec_base64(char *text, const unsigned char *data, apr_size_t len)
{
    static const char digit[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (; len >= 3; len -= 3, data += 3, text += 4) {
        unsigned bits = (unsigned)data[0] << 16 | (unsigned)data[1] << 8
                        | data[2];

        text[0] = digit[bits >> 18];
        text[1] = digit[bits >> 12 & 63];
        text[2] = digit[bits >> 6 & 63];
        text[3] = digit[bits & 63];
    }
    if (len) {
        unsigned second = len == 2 ? data[1] : 0;

        *text++ = digit[data[0] >> 2];
        *text++ = digit[(data[0] & 3) << 4 | second >> 4];
        if (len == 2) {
            *text++ = digit[(second & 15) << 2];
        }
    }
    *text = '\0';
}

char *tw_codec_base64_padded(apr_pool_t *pool, const char *text)
{
    int len = (int)strlen(text);
    char *out = apr_palloc(pool, (apr_size_t)apr_base64_encode_len(len));

    apr_base64_encode(out, text, len);
    return out;
}

/*
 * What a digit of base64url adds to 24 bits at each of its four places; what
 * is no digit adds BAD.  Four tables for the sake of the one text that is
 * decoded at every request: no shifts, and one test for four digits.
 */
#define BAD 0x80000000U
#define BAD8 BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD
#define BAD32 BAD8, BAD8, BAD8, BAD8
#define AT(place, n) ((apr_uint32_t)(n) << 6 * (3 - (place)))
#define AT5(place, n) AT(place, n), AT(place, (n) + 1), AT(place, (n) + 2),  \
                      AT(place, (n) + 3), AT(place, (n) + 4)
#define AT26(place, n) AT5(place, n), AT5(place, (n) + 5),                  \
                       AT5(place, (n) + 10), AT5(place, (n) + 15),          \
                       AT5(place, (n) + 20), AT(place, (n) + 25)
#define DIGITS(place)                                                      \
    {                                                                      \
        BAD32, BAD8, BAD, BAD, BAD, BAD, BAD,                              \
        /* - */ AT(place, 62), BAD, BAD,                                   \
        /* 0 */ AT5(place, 52), AT5(place, 57),                            \
        BAD, BAD, BAD, BAD, BAD, BAD, BAD,                                 \
        /* A */ AT26(place, 0), BAD, BAD, BAD, BAD,                        \
        /* _ */ AT(place, 63), BAD,                                        \
        /* a */ AT26(place, 26), BAD, BAD, BAD, BAD, BAD,                  \
        BAD32, BAD32, BAD32, BAD32                                         \
    }

static const apr_uint32_t digits[4][256] = {
    DIGITS(0), DIGITS(1), DIGITS(2), DIGITS(3)
};

/* Four digits as 24 bits; BAD or more when one is none. */
static apr_uint32_t four_digits(const unsigned char *t)
{
    return digits[0][t[0]] | digits[1][t[1]] | digits[2][t[2]]
           | digits[3][t[3]];
}

static void put_bytes(unsigned char *d, apr_uint32_t bits)
{
    d[0] = (unsigned char)(bits >> 16);
    d[1] = (unsigned char)(bits >> 8);
    d[2] = (unsigned char)bits;
}

apr_status_t tw_codec_unbase64(unsigned char *data, apr_size_t *data_len,
                               const char *text, apr_size_t len)
{
    const unsigned char *t = (const unsigned char *)text;
    unsigned char *d = data;
    unsigned char last[4] = { 'A', 'A', 'A', 'A' };
    apr_uint32_t bits, all = 0;

    *data_len = 0;
    for (; len >= 4; len -= 4, t += 4, d += 3) {
        bits = four_digits(t);
        all |= bits;
        put_bytes(d, bits);
    }
    if (len) {
        unsigned char bytes[3];

        memcpy(last, t, len);
        bits = four_digits(last);
        /* bits that no byte holds must be zero: one spelling per value */
        if (len == 1 || bits & (len == 2 ? 0xffffU : 0xffU)) {
            return APR_EINVAL;
        }
        all |= bits;
        put_bytes(bytes, bits);
        memcpy(d, bytes, len - 1);
        d += len - 1;
    }
    if (all & BAD) {
        return APR_EINVAL;
    }
    *data_len = (apr_size_t)(d - data);
    return APR_SUCCESS;
}

void tw_codec_hex(char *text, const unsigned char *data, apr_size_t len)
{
    static const char digit[] = "0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < len; i++) {
        *text++ = digit[data[i] >> 4];
        *text++ = digit[data[i] & 15];
    }
    *text = '\0';
}
