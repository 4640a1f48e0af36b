/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/flow.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/*
 * Format 1: format (1), then NUL-terminated texts: the time it started in
 * milliseconds (decimal), key, secret, next.
 */
#define FORMAT 1

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
    char *plain = apr_psprintf(pool, "%c%" APR_TIME_T_FMT "%c%s%c%s%c%s",
                               FORMAT, apr_time_as_msec(flow->started_at), 0,
                               flow->pending.key, 0, flow->pending.secret, 0,
                               flow->next);
    apr_size_t len = 1;
    char *text;
    int i;

    for (i = 0; i < 4; i++) {
        len += strlen(plain + len) + 1;
    }
    text = tw_seal(sealer, plain, len, pool);
    tw_seal_wipe(plain, len);
    return text;
}

apr_status_t tw_flow_open(tw_flow_t *flow, const tw_sealer_t *sealer,
                          const char *text, apr_size_t len,
                          apr_pool_t *pool)
{
    const char *field[4];
    const char *p, *end;
    tw_plain_t plain;
    apr_int64_t msec;
    apr_status_t rv;
    int i;

    memset(flow, 0, sizeof(*flow));
    rv = tw_unseal(&plain, sealer, text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain.len < 1 || plain.data[0] != FORMAT) {
        return APR_EINVAL;
    }
    end = (const char *)plain.data + plain.len;
    p = (const char *)plain.data + 1;
    for (i = 0; i < 4; i++) {
        const char *nul = memchr(p, '\0', (apr_size_t)(end - p));

        if (!nul) {
            return APR_EINVAL;
        }
        field[i] = p;
        p = nul + 1;
    }
    if (p != end) {
        return APR_EINVAL;
    }
    msec = apr_atoi64(field[0]);
    if (msec < 0 || msec > APR_INT64_MAX / 1000) {
        return APR_EINVAL;
    }
    flow->started_at = apr_time_from_msec(msec);
    flow->pending.key = field[1];
    flow->pending.secret = field[2];
    flow->next = field[3];
    return APR_SUCCESS;
}
