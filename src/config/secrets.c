/* SPDX-License-Identifier: Apache-2.0 */
#include "config/secrets.h"

#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "config/phase.h"
#include "private.h"

/* Whether text can be a sealing key. */
static apr_status_t try_key(const char *text, apr_pool_t *pool, tw_err_t *err)
{
    tw_ring_t *ring = tw_ring_make(pool);

    return ring ? tw_ring_add(ring, text, pool, err)
                : tw_err_set(err, pool, TW_ERR_INTERNAL, APR_ENOMEM,
                             "no locked memory for keys (ulimit -l)");
}

typedef apr_status_t (*try_t)(const char *text, apr_pool_t *pool,
                              tw_err_t *err);

/*
 * Reads a secret into memory that is locked.  At a restart a secret that
 * cannot be read, or does not do, is the one of before: the rotation of a log
 * must not end a site.
 */
static const char *read_anew(const tw_draft_t *draft, const char *directive,
                             const char *from, try_t try)
{
    tw_vault_t *vault = draft->vault;
    tw_err_t err = { 0 };
    char *text;
    const char *kept;

    if (tw_secret_read(&text, from, draft->ptemp, &err) != APR_SUCCESS
        || (try && try(text, draft->ptemp, &err) != APR_SUCCESS)) {
        if (text) {
            err.why = apr_pstrcat(draft->ptemp,
                                  tw_secret_name(draft->ptemp, from), ": ",
                                  err.why, NULL);
        }
        text = vault && tw_phase_is_restart()
               ? tw_vault_get(vault, from, draft->ptemp) : NULL;
        if (!text) {
            tw_draft_refuse(draft, "%s %s", directive,
                            tw_err_text(draft->ptemp, &err));
            return NULL;
        }
        ap_log_error(APLOG_MARK, APLOG_CRIT, err.rv, draft->site->server,
                     TWLOGNO(0102) "%s %s: the value of before stays in use "
                     "until the next stop", directive, err.why);
    }
    else if (vault && !tw_phase_is_test()) {
        tw_vault_put(vault, from, text);
    }
    /* a key is needed until the rings are made, other secrets for good */
    kept = tw_seal_keep(try ? draft->ptemp : draft->pconf, text);
    tw_secret_wipe(text);
    if (!kept) {
        tw_draft_refuse(draft, "no locked memory for secrets (ulimit -l)");
    }
    return kept;
}

/* A secret, read once for all hosts that say the same. */
static const char *read_once(const tw_draft_t *draft, const char *directive,
                             const char *from, try_t try)
{
    const char *origin, *secret;

    if (tw_secret_is_command(from)
        && (tw_phase_is_test() || tw_phase_is_trial())) {
        draft->site->incomplete = 1;
        return "";      /* commands run once, at the real start */
    }
    origin = apr_pstrcat(draft->ptemp, directive, " ", from, NULL);
    secret = apr_hash_get(draft->secrets, origin, APR_HASH_KEY_STRING);
    if (!secret) {
        secret = read_anew(draft, directive, from, try);
        apr_hash_set(draft->secrets, origin, APR_HASH_KEY_STRING, secret);
    }
    return secret;
}

const char *tw_secrets_read(const tw_draft_t *draft, const char *directive,
                            const char *from)
{
    return read_once(draft, directive, from, NULL);
}

/* Adds one key; of a command that was not run there is none yet. */
static int add_key(const tw_draft_t *draft, tw_ring_t *ring, const char *from)
{
    const char *text = read_once(draft, "TwAuthKey", from, try_key);
    tw_err_t err = { 0 };

    if (!text) {
        return 0;
    }
    if (*text
        && tw_ring_add(ring, text, draft->ptemp, &err) != APR_SUCCESS) {
        return tw_draft_refuse(draft, "TwAuthKey %s: %s",
                               tw_secret_name(draft->ptemp, from),
                               tw_err_text(draft->ptemp, &err));
    }
    return 1;
}

int tw_secrets_make_ring(tw_draft_t *draft)
{
    const apr_array_header_t *keys = draft->conf->keys;
    tw_ring_t *ring;
    const char *origin;
    int i;

    if (!keys) {
        return tw_draft_refuse(draft, "TwAuthKey is missing: make a key with "
                               "`openssl rand -base64 48`, in a file of mode "
                               "0600, and say TwAuthKey file:/path");
    }
    origin = apr_array_pstrcat(draft->ptemp, keys, '\n');
    ring = apr_hash_get(draft->rings, origin, APR_HASH_KEY_STRING);
    if (ring) {
        draft->site->sealers.ring = ring;
        return 1;
    }
    ring = draft->site->sealers.ring = tw_ring_make(draft->pconf);
    if (!ring) {
        return tw_draft_refuse(draft, "no locked memory for keys (ulimit -l)");
    }
    for (i = 0; i < keys->nelts; i++) {
        if (!add_key(draft, ring, APR_ARRAY_IDX(keys, i, const char *))) {
            return 0;
        }
    }
    if (!draft->site->incomplete) {
        apr_hash_set(draft->rings, origin, APR_HASH_KEY_STRING, ring);
    }
    return 1;
}
