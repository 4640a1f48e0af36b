/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/flow.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "sealed/texts.h"

/*
 * Format 1: format (1), then NUL-terminated texts: the time it started in
 * milliseconds (decimal), key, secret, next.
 * Format 2, where one of them says something: two texts more, "r" where the
 * session is to be remembered, and the person.
 * Format 3, where there is an invitation: its secret behind them.
 */
#define FORMAT 1
#define FORMATS 3
#define TEXTS_MAX 7

/* How many texts each format has. */
static const int texts[FORMATS + 1] = { 0, 4, 6, TEXTS_MAX };

void tw_flow_name(char name[TW_FLOW_NAME_LEN + 1], const char *key)
{
    unsigned char digest[TW_DIGEST_LEN];

    tw_seal_digest(digest, key);
    tw_codec_hex(name, digest, TW_FLOW_NAME_LEN / 2);
}

void tw_flow_id(tw_id_t *id, const tw_flow_t *flow)
{
    tw_seal_digest(id->bytes, flow->pending.key);
}

char *tw_flow_seal(const tw_flow_t *flow, const tw_sealer_t *sealer,
                   apr_pool_t *pool)
{
    int format = flow->invite ? 3
                 : flow->remembered || flow->person ? 2 : FORMAT;
    const char *field[TEXTS_MAX];

    field[0] = tw_texts_time(flow->started_at, pool);
    field[1] = flow->pending.key;
    field[2] = flow->pending.secret;
    field[3] = flow->next;
    field[4] = flow->remembered ? "r" : "";
    field[5] = flow->person ? flow->person : "";
    field[6] = flow->invite ? flow->invite : "";
    return tw_texts_seal((char)format, field, texts[format], sealer, pool);
}

apr_status_t tw_flow_open(tw_flow_t *flow, const tw_sealer_t *sealer,
                          const char *text, apr_size_t len,
                          apr_pool_t *pool)
{
    const char *field[TEXTS_MAX] = { NULL, NULL, NULL, NULL, "", "", "" };
    tw_plain_t plain;
    apr_status_t rv;

    memset(flow, 0, sizeof(*flow));
    rv = tw_unseal(&plain, sealer, text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain.len < 1 || plain.data[0] < FORMAT || plain.data[0] > FORMATS
        || !tw_texts_read(field, texts[plain.data[0]], &plain)
        || !tw_texts_read_time(&flow->started_at, field[0])) {
        return APR_EINVAL;
    }
    flow->pending.key = field[1];
    flow->pending.secret = field[2];
    flow->next = field[3];
    flow->remembered = *field[4] == 'r';
    flow->person = *field[5] ? field[5] : NULL;
    flow->invite = *field[6] ? field[6] : NULL;
    return APR_SUCCESS;
}
