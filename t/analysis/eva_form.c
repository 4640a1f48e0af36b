/* SPDX-License-Identifier: Apache-2.0 */
/* Every form of LEN bytes. */
#include "base/codec.h"

#include "analysis/analysis.h"

int main(void)
{
    static char text[LEN + 1];
    apr_array_header_t *pairs;
    int count;

    any_bytes(text, LEN);
    if (tw_codec_form(&pairs, text, LEN, PAIRS, NULL) == APR_SUCCESS) {
        tw_codec_form_get(pairs, "a", &count);
    }
    return 0;
}
