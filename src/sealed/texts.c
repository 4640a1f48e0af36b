/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/texts.h"

#include <string.h>

#include <apr_strings.h>

char *tw_texts_seal(char format, const char *const *texts, int count,
                    const tw_sealer_t *sealer, apr_pool_t *pool)
{
    apr_size_t len = 1;
    char *plain, *p, *text;
    int i;

    for (i = 0; i < count; i++) {
        len += strlen(texts[i]) + 1;
    }
    plain = p = apr_palloc(pool, len);
    *p++ = format;
    for (i = 0; i < count; i++) {
        apr_size_t size = strlen(texts[i]) + 1;

        memcpy(p, texts[i], size);
        p += size;
    }
    text = tw_seal(sealer, plain, len, pool);
    tw_seal_wipe(plain, len);
    return text;
}

int tw_texts_read(const char **texts, int count, const tw_plain_t *plain)
{
    const char *p = (const char *)plain->data + 1;
    const char *end = (const char *)plain->data + plain->len;
    int i;

    for (i = 0; i < count; i++) {
        const char *nul = p < end ? memchr(p, '\0', (apr_size_t)(end - p))
                                  : NULL;

        if (!nul) {
            return 0;
        }
        texts[i] = p;
        p = nul + 1;
    }
    return p == end;
}

const char *tw_texts_time(apr_time_t time, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_TIME_T_FMT, apr_time_as_msec(time));
}

int tw_texts_read_time(apr_time_t *time, const char *text)
{
    apr_int64_t msec = apr_atoi64(text);

    if (msec < 0 || msec > APR_INT64_MAX / 2 / 1000) {
        return 0;
    }
    *time = apr_time_from_msec(msec);
    return 1;
}
