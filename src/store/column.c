/* SPDX-License-Identifier: Apache-2.0 */
#include "store/column.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "sealed/session.h"

const char *tw_column_number(apr_int64_t number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, number);
}

const char *tw_column_seconds(apr_time_t time, apr_pool_t *pool)
{
    return tw_column_number(apr_time_sec(time), pool);
}

const char *tw_column_id(const unsigned char *id, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, TW_ID_TEXT_LEN + 1);

    tw_codec_base64(text, id, TW_ID_LEN);
    return text;
}

int tw_column_read_id(unsigned char *id, const char *text)
{
    unsigned char read[TW_ID_LEN + 2];
    apr_size_t len;

    if (strlen(text) != TW_ID_TEXT_LEN
        || tw_codec_unbase64(read, &len, text, TW_ID_TEXT_LEN)
           != APR_SUCCESS) {
        return 0;
    }
    memcpy(id, read, TW_ID_LEN);
    return 1;
}

int tw_column_is_name(const char *name)
{
    const char *c = name;

    while (*c && !apr_iscntrl(*c)) {
        c++;
    }
    return !*c && c - name <= TW_USERNAME_MAX;
}
