/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <string.h>

#include <apr_strings.h>

int tw_id_equal(const tw_id_t *a, const tw_id_t *b)
{
    return !memcmp(a->bytes, b->bytes, TW_ID_LEN);
}

const char *tw_id_text(const tw_id_t *id, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, TW_ID_TEXT_LEN + 1);

    tw_codec_base64(text, id->bytes, TW_ID_LEN);
    return text;
}

int tw_id_read(tw_id_t *id, const char *text)
{
    apr_size_t len;

    if (strlen(text) == TW_ID_TEXT_LEN
        && tw_codec_unbase64(id->bytes, &len, text, TW_ID_TEXT_LEN)
           == APR_SUCCESS) {
        return 1;
    }
    memset(id, 0, sizeof(*id));
    return 0;
}

const char *tw_id_account_text(apr_int64_t account, apr_pool_t *pool)
{
    /* variables have it at every request: cheaper than a format */
    _Static_assert(sizeof(apr_off_t) >= sizeof(account), "apr_off_t");
    return apr_off_t_toa(pool, account);
}

apr_int64_t tw_id_account_read(const char *text)
{
    return apr_atoi64(text);
}

int tw_id_twitter_ok(const char *id)
{
    apr_size_t len = id ? strspn(id, "0123456789") : 0;

    return len >= 1 && len <= 20 && !id[len] && id[0] != '0';
}
