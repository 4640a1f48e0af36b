/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/hub.h"

#include <string.h>

#include <apr_strings.h>

#include "sealed/texts.h"

/* Both formats; never one for the other, for their purposes differ. */
#define FORMAT 1
#define ASK_TEXTS 6
#define TICKET_TEXTS 7

static const char how_letters[] = "afs";    /* tw_hub_how_t */

tw_hub_seals_t tw_hub_seals(const tw_ring_t *ring, const char *origin,
                            apr_pool_t *pool)
{
    tw_hub_seals_t seals = {
        { ring, TW_SEAL_HUB_ASK, apr_pstrcat(pool, "hub\n", origin, NULL) },
        { ring, TW_SEAL_HUB_TICKET, apr_pstrcat(pool, "hub\n", origin, NULL) },
        0
    };

    return seals;
}

/* Opens a list of so many texts. */
static apr_status_t open_texts(const char **texts, int count,
                               const tw_sealer_t *sealer, const char *text,
                               apr_pool_t *pool)
{
    tw_plain_t plain;
    apr_status_t rv = tw_unseal(&plain, sealer, text, strlen(text), pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return plain.len && plain.data[0] == FORMAT
           && tw_texts_read(texts, count, &plain) ? APR_SUCCESS : APR_EINVAL;
}

char *tw_hub_ask_seal(const tw_hub_ask_t *ask, const tw_hub_seals_t *seals,
                      apr_pool_t *pool)
{
    const char how[] = { how_letters[ask->how], '\0' };
    const char *texts[ASK_TEXTS];

    texts[0] = tw_texts_time(ask->at, pool);
    texts[1] = how;
    texts[2] = ask->state;
    texts[3] = ask->challenge;
    texts[4] = ask->callback;
    texts[5] = tw_texts_time(ask->since, pool);
    return tw_texts_seal(FORMAT, texts, ASK_TEXTS, &seals->ask, pool);
}

apr_status_t tw_hub_ask_open(tw_hub_ask_t *ask, const tw_hub_seals_t *seals,
                             const char *text, apr_pool_t *pool)
{
    const char *texts[ASK_TEXTS], *how;
    apr_status_t rv = open_texts(texts, ASK_TEXTS, &seals->ask, text, pool);

    memset(ask, 0, sizeof(*ask));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    how = *texts[1] ? strchr(how_letters, *texts[1]) : NULL;
    if (!how || !tw_texts_read_time(&ask->at, texts[0])
        || !tw_texts_read_time(&ask->since, texts[5])) {
        return APR_EINVAL;
    }
    ask->how = (tw_hub_how_t)(how - how_letters);
    ask->state = texts[2];
    ask->challenge = texts[3];
    ask->callback = texts[4];
    return APR_SUCCESS;
}

char *tw_hub_ticket_seal(const tw_hub_ticket_t *ticket,
                         const tw_hub_seals_t *seals, const char *callback,
                         apr_pool_t *pool)
{
    tw_sealer_t sealer = tw_seal_bind(&seals->ticket, callback, pool);
    const char *texts[TICKET_TEXTS];

    texts[0] = tw_texts_time(ticket->at, pool);
    texts[1] = ticket->state;
    texts[2] = ticket->challenge;
    texts[3] = tw_id_text(&ticket->session, pool);
    texts[4] = tw_id_account_text(ticket->account, pool);
    texts[5] = ticket->twitter_id;
    texts[6] = tw_texts_time(ticket->signed_in_at, pool);
    return tw_texts_seal(FORMAT, texts, TICKET_TEXTS, &sealer, pool);
}

apr_status_t tw_hub_ticket_open(tw_hub_ticket_t *ticket,
                                const tw_hub_seals_t *seals,
                                const char *callback, const char *text,
                                apr_pool_t *pool)
{
    tw_sealer_t sealer = tw_seal_bind(&seals->ticket, callback, pool);
    const char *texts[TICKET_TEXTS];
    apr_status_t rv = open_texts(texts, TICKET_TEXTS, &sealer, text, pool);

    memset(ticket, 0, sizeof(*ticket));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    ticket->state = texts[1];
    ticket->challenge = texts[2];
    ticket->account = tw_id_account_read(texts[4]);
    ticket->twitter_id = texts[5];
    return tw_texts_read_time(&ticket->at, texts[0])
           && tw_texts_read_time(&ticket->signed_in_at, texts[6])
           && tw_id_read(&ticket->session, texts[3])
           && tw_id_twitter_ok(ticket->twitter_id) ? APR_SUCCESS : APR_EINVAL;
}
