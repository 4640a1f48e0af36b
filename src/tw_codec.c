#include "tw_codec.h"

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

char *tw_codec_percent(apr_pool_t *pool, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, strlen(text) * 3 + 1);
    char *o = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_unreserved(c)) {
            *o++ = (char)c;
        }
        else {
            *o++ = '%';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
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

    while (len >= 3) {
        *text++ = digit[data[0] >> 2];
        *text++ = digit[(data[0] & 3) << 4 | data[1] >> 4];
        *text++ = digit[(data[1] & 15) << 2 | data[2] >> 6];
        *text++ = digit[data[2] & 63];
        data += 3;
        len -= 3;
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

/* 64: not a digit of base64url */
static const unsigned char base64_value[256] = {
#define N8 64, 64, 64, 64, 64, 64, 64, 64
    N8, N8, N8, N8,
    N8, 64, 64, 64, 64, 64, 62, 64, 64,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
    N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8, N8
#undef N8
};

apr_status_t tw_codec_unbase64(unsigned char *data, apr_size_t *data_len,
                               const char *text, apr_size_t len)
{
    const unsigned char *t = (const unsigned char *)text;
    unsigned char *d = data;
    unsigned a, b, c, e;

    *data_len = 0;
    for (; len >= 4; len -= 4, t += 4) {
        a = base64_value[t[0]];
        b = base64_value[t[1]];
        c = base64_value[t[2]];
        e = base64_value[t[3]];
        if ((a | b | c | e) & 64) {
            return APR_EINVAL;
        }
        *d++ = (unsigned char)(a << 2 | b >> 4);
        *d++ = (unsigned char)(b << 4 | c >> 2);
        *d++ = (unsigned char)(c << 6 | e);
    }
    if (len == 1) {
        return APR_EINVAL;
    }
    if (len) {
        a = base64_value[t[0]];
        b = base64_value[t[1]];
        c = len == 3 ? base64_value[t[2]] : 0;
        if ((a | b | c) & 64) {
            return APR_EINVAL;
        }
        /* bits that no byte holds must be zero: one spelling per value */
        if (len == 2 ? b & 15 : c & 3) {
            return APR_EINVAL;
        }
        *d++ = (unsigned char)(a << 2 | b >> 4);
        if (len == 3) {
            *d++ = (unsigned char)(b << 4 | c >> 2);
        }
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
