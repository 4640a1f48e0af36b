/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/flow.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

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
    char *plain = apr_psprintf(pool, "%c%" APR_TIME_T_FMT "%c%s%c%s%c%s%c%s%c"
                               "%s%c%s", format,
                               apr_time_as_msec(flow->started_at), 0,
                               flow->pending.key, 0, flow->pending.secret, 0,
                               flow->next, 0, flow->remembered ? "r" : "", 0,
                               flow->person ? flow->person : "", 0,
                               flow->invite ? flow->invite : "");
    apr_size_t len = 1;
    char *text;
    int i;

    for (i = 0; i < texts[format]; i++) {
        len += strlen(plain + len) + 1;
    }
    text = tw_seal(sealer, plain, len, pool);
    tw_seal_wipe(plain, len);
    return text;
}

/* The texts up to the end, as many as there must be; 0: not as many. */
static int read_texts(const char **field, int count, const tw_plain_t *plain)
{
    const char *p = (const char *)plain->data + 1;
    const char *end = (const char *)plain->data + plain->len;
    int i;

    for (i = 0; i < count; i++) {
        const char *nul = memchr(p, '\0', (apr_size_t)(end - p));

        if (!nul) {
            return 0;
        }
        field[i] = p;
        p = nul + 1;
    }
    return p == end;
}

apr_status_t tw_flow_open(tw_flow_t *flow, const tw_sealer_t *sealer,
                          const char *text, apr_size_t len,
                          apr_pool_t *pool)
{
    const char *field[TEXTS_MAX] = { NULL, NULL, NULL, NULL, "", "", "" };
    tw_plain_t plain;
    apr_int64_t msec;
    apr_status_t rv;

    memset(flow, 0, sizeof(*flow));
    rv = tw_unseal(&plain, sealer, text, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plain.len < 1 || plain.data[0] < FORMAT || plain.data[0] > FORMATS
        || !read_texts(field, texts[plain.data[0]], &plain)) {
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
    flow->remembered = *field[4] == 'r';
    flow->person = *field[5] ? field[5] : NULL;
    flow->invite = *field[6] ? field[6] : NULL;
    return APR_SUCCESS;
}
