/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every plain text of 1 to LEN bytes that may have been sealed as a number of
 * texts (sealed/flow, sealed/hub).
 */
#include "src/sealed/texts.c"

#include "analysis/analysis.h"

#define TEXTS_MAX 7

char *tw_seal(const tw_sealer_t *sealer, const void *data, apr_size_t len,
              apr_pool_t *pool)
{
    (void)sealer, (void)data, (void)len, (void)pool;
    return NULL;
}

void tw_seal_wipe(void *buf, apr_size_t len)
{
    (void)buf, (void)len;
}

int main(void)
{
    unsigned long len;
    int count, i;

    /*@ loop unroll 64; */
    for (len = 1; len <= LEN; len++) {
        /*@ loop unroll 64; */
        for (count = 4; count <= TEXTS_MAX; count++) {
            const char *texts[TEXTS_MAX];
            char data[LEN];
            tw_plain_t plain = { (unsigned char *)data + LEN - len, len, 0 };

            any_bytes(data, LEN);
            if (tw_texts_read(texts, count, &plain)) {
                /*@ loop unroll 64; */
                for (i = 0; i < count; i++) {
                    (void)strlen(texts[i]);
                }
            }
            /*@ slevel merge; */
            i = 0;
        }
    }
    return 0;
}
