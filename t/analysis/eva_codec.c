/* SPDX-License-Identifier: Apache-2.0 */
/* Every text of 0 to LEN bytes through base/codec, but for forms. */
#include "base/codec.h"

#include "analysis/analysis.h"

static void decode(char *text, apr_size_t len)
{
    unsigned char data[LEN + 1];
    apr_size_t data_len;
    char *out;

    tw_codec_respell(NULL, text, len);
    tw_codec_unpercent(&out, text, len, Frama_C_interval(0, 1), NULL);
    tw_codec_unbase64(data, &data_len, text, len);
}

static void encode(const unsigned char *data, apr_size_t len)
{
    char hex[2 * LEN + 1], base64[TW_CODEC_BASE64_LEN(LEN) + 1];

    tw_codec_base64(base64, data, len);
    tw_codec_hex(hex, data, len);
}

int main(void)
{
    apr_size_t len;

    /*@ loop unroll 64; */
    for (len = 0; len <= LEN; len++) {
        char text[LEN + 1];

        any_text(text, len);
        tw_codec_percent(NULL, text);
        any_bytes(text, len);
        decode(text, len);
        encode((const unsigned char *)text, len);
    }
    return 0;
}
