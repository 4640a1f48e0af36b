/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exchange.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "config/site.h"
#include "private.h"
#include "store/token.h"
#include "x/oauth2.h"

#define PROGRESS_EVERY 20
#define WAIT_MAX 900
#define TRIES 3
#define RUNNING_MAX 5

typedef struct {
    apr_file_t *out;
    const tw_site_t *site;
    tw_http_pool_t *http;
    tw_db_t *db;
    int done, failed, skipped;
    int running;            /* failures without a success between */
} exchange_t;

/* Waits when X asks for it; 0 when asking again would not help. */
static int is_worth_another(const exchange_t *x, const tw_err_t *err)
{
    int wait = err->retry_after ? err->retry_after : 5;

    if (err->kind != TW_ERR_LIMITED && err->kind != TW_ERR_UNREACHABLE
        && err->kind != TW_ERR_TIMEOUT && err->kind != TW_ERR_GARBAGE) {
        return 0;
    }
    apr_file_printf(x->out, "  X asks for patience: %d seconds (%s: %s)\n",
                    wait, err->step ? err->step : "exchange", err->why);
    apr_sleep(apr_time_from_sec(wait < WAIT_MAX ? wait : WAIT_MAX));
    return 1;
}

static void failed(exchange_t *x, const tw_stored_t *account,
                   const char *why)
{
    x->failed++;
    apr_file_printf(x->out, "  account %" APR_INT64_T_FMT " (X id %s) keeps "
                    "its old tokens: %s\n", account->account,
                    account->twitter_id, why);
}

/* One account; 0 when there is no use in going on. */
static int exchange_one(exchange_t *x, const tw_stored_t *account,
                        apr_pool_t *pool)
{
    const tw_site_t *site = x->site;
    tw_err_t err = { 0 };
    tw_tokens_t tokens;
    apr_status_t rv = APR_EGENERAL;
    int try, done;

    if (!account->tokens.token) {
        failed(x, account, "they do not open (another key sealed them?)");
        return 1;
    }
    for (try = 0; try < TRIES; try++) {
        rv = tw_oauth2_exchange(&tokens, &account->tokens,
                                &site->provider.client, x->http, pool, &err);
        if (rv == APR_SUCCESS || !is_worth_another(x, &err)) {
            break;
        }
    }
    if (rv != APR_SUCCESS) {
        failed(x, account, tw_err_text(pool, &err));
        /* the application itself is refused, or X is down: the others would
         * fare no better */
        return !(err.kind == TW_ERR_REFUSED && err.code)
               && ++x->running < RUNNING_MAX;
    }
    x->running = 0;
    rv = tw_token_exchanged(&done, account, &tokens, x->db, &site->store,
                            &err);
    if (rv != APR_SUCCESS) {
        failed(x, account, err.why);
        return 0;
    }
    /* not stored: they have changed meanwhile, as by a sign-in */
    x->done += done;
    x->skipped += !done;
    if (x->done && x->done % PROGRESS_EVERY == 0) {
        apr_file_printf(x->out, "  %d done\n", x->done);
    }
    return 1;
}

static int exchange_all(exchange_t *x, apr_pool_t *pconf)
{
    apr_int64_t after = 0;
    int more = 1;

    while (more) {
        apr_array_header_t *list;
        tw_err_t err = { 0 };
        apr_pool_t *pool;
        int i;

        apr_pool_create(&pool, pconf);
        tw_db_use_pool(x->db, pool);
        if (tw_token_list_oauth1(&list, after, x->db, &x->site->store, &err)
            != APR_SUCCESS) {
            apr_file_printf(x->out, "  %s\n", tw_err_text(pool, &err));
            return 0;
        }
        more = list->nelts > 0;
        for (i = 0; i < list->nelts; i++) {
            const tw_stored_t *account = &APR_ARRAY_IDX(list, i, tw_stored_t);

            after = account->account;
            if (!exchange_one(x, account, pool)) {
                return 0;
            }
        }
        apr_pool_destroy(pool);
    }
    return 1;
}

static int exchange_site(apr_file_t *out, const tw_site_t *site,
                         apr_pool_t *pconf)
{
    exchange_t x = { out, site, NULL, NULL, 0, 0, 0, 0 };
    tw_database_t database = site->store.database;
    tw_err_t err = { 0 };
    int whole;

    apr_file_printf(out, "%s\n", site->address.origin);
    /* the breaker of one process alone */
    database.shared = tw_shared_attach(apr_pcalloc(pconf, tw_shared_size()),
                                       apr_time_now());
    if (tw_http_init() != APR_SUCCESS
        || tw_http_pool_make(&x.http, 1, pconf) != APR_SUCCESS
        || tw_db_open_alone(&x.db, &database, pconf, &err) != APR_SUCCESS) {
        apr_file_printf(out, "  %s\n", err.why ? err.why
                                               : "a library did not start");
        return 0;
    }
    whole = exchange_all(&x, pconf);
    if (x.skipped) {
        apr_file_printf(out, "  %d changed meanwhile: run it again to be "
                        "sure\n", x.skipped);
    }
    apr_file_printf(out, "  %d exchanged, %d not%s\n", x.done, x.failed,
                    whole ? "" : "; stopped: run it again when that is "
                                 "mended");
    return whole && !x.failed;
}

void tw_exchange(apr_pool_t *pconf, server_rec *base_server)
{
    apr_file_t *out;
    server_rec *s;
    int good = 1, sites = 0;

    if (!ap_exists_config_define("TWAUTH_EXCHANGE")) {
        return;
    }
    apr_file_open_stdout(&out, pconf);
    apr_file_printf(out, "mod_twauth: tokens of OAuth 1.0a to OAuth 2.0\n");
    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (!tw_site_is_on(s) || site->provider.protocol != &tw_oauth2) {
            continue;
        }
        if (site->store.tokens == TW_TOKENS_NONE) {
            apr_file_printf(out, "%s keeps no tokens (TwAuthTokens none)\n",
                            site->address.origin);
            sites++;
        }
        else if (site->incomplete) {
            apr_file_printf(out, "%s: left out, for commands (exec:) are not "
                            "run here; the key and the client secret must be "
                            "in files\n", site->address.origin);
            good = 0;
        }
        else {
            good &= exchange_site(out, site, pconf);
            sites++;
        }
    }
    if (!sites) {
        apr_file_printf(out, "no host to do: none uses OAuth 2.0\n");
    }
    exit(good && sites ? 0 : 1);
}
