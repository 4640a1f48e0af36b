/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exchange.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "admin/control.h"
#include "config/site.h"
#include "private.h"
#include "store/token.h"
#include "x/oauth2.h"

#define PROGRESS_EVERY 20
#define WAIT_MAX 900
#define TRIES 3
#define RUNNING_MAX 5

static const tw_output_column_t columns[] = {
    { "host", TW_OUTPUT_TEXT },
    { "exchanged", TW_OUTPUT_NUMBER },
    { "kept", TW_OUTPUT_NUMBER },
    { "changed", TW_OUTPUT_NUMBER },
    { NULL, TW_OUTPUT_TEXT }
};

typedef struct {
    tw_output_t *out;
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
    tw_output_say(x->out, "  X asks for patience: %d seconds (%s: %s)",
                  wait, err->step ? err->step : "exchange", err->why);
    apr_sleep(apr_time_from_sec(wait < WAIT_MAX ? wait : WAIT_MAX));
    return 1;
}

/* What ends it: among the sentences, for programs on standard error. */
static void ends(const tw_output_t *out, const char *why)
{
    if (tw_output_is_json(out)) {
        tw_control_fail("%s", why);
    }
}

static void failed(exchange_t *x, const tw_stored_t *account,
                   const char *why)
{
    x->failed++;
    tw_output_say(x->out, "  account %" APR_INT64_T_FMT " (X id %s) keeps "
                  "its old tokens: %s", account->account, account->twitter_id,
                  why);
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
        tw_output_say(x->out, "  %d done", x->done);
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
            tw_output_say(x->out, "  %s", tw_err_text(pool, &err));
            ends(x->out, tw_err_text(pool, &err));
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

static void put_row(const tw_control_t *c, const exchange_t *x)
{
    const char *values[] = {
        x->site->address.host, apr_itoa(c->pool, x->done),
        apr_itoa(c->pool, x->failed), apr_itoa(c->pool, x->skipped)
    };

    if (tw_output_is_json(c->out)) {
        tw_output_row(c->out, values);
    }
}

/* A status, as a subcommand's. */
static int exchange_site(const tw_control_t *c, const tw_site_t *site)
{
    exchange_t x = { c->out, site, NULL, NULL, 0, 0, 0, 0 };
    tw_err_t err = { 0 };
    int whole;

    tw_output_say(c->out, "%s", site->address.origin);
    if (tw_http_init() != APR_SUCCESS
        || tw_http_pool_make(&x.http, 1, c->pool) != APR_SUCCESS
        || tw_control_connect(&x.db, site, c->pool, &err) != APR_SUCCESS) {
        err.why = err.why ? err.why : "a library did not start";
        tw_output_say(c->out, "  %s", err.why);
        ends(c->out, err.why);
        return TW_CONTROL_WRONG;
    }
    whole = exchange_all(&x, c->pool);
    if (x.skipped) {
        tw_output_say(c->out, "  %d changed meanwhile: run it again to be "
                      "sure", x.skipped);
    }
    tw_output_say(c->out, "  %d exchanged, %d not%s", x.done, x.failed,
                  whole ? "" : "; stopped: run it again when that is mended");
    put_row(c, &x);
    if (x.done) {
        tw_control_tell(c, TW_EVENT_ADMIN_EXCHANGE, NULL);
    }
    return !whole ? TW_CONTROL_WRONG
                  : x.failed ? TW_CONTROL_NOTHING : TW_CONTROL_DONE;
}

/* One host; -1: it has nothing to do. */
static int exchange_host(const tw_control_t *c, const tw_site_t *site)
{
    if (site->provider.protocol != &tw_oauth2) {
        return -1;
    }
    if (site->store.tokens == TW_TOKENS_NONE) {
        tw_output_say(c->out, "%s keeps no tokens (TwAuthTokens none)",
                      site->address.origin);
        return TW_CONTROL_DONE;
    }
    if (site->incomplete) {
        tw_output_say(c->out, "%s: left out, for commands (exec:) are not "
                      "run here; the key and the client secret must be in "
                      "files", site->address.origin);
        return TW_CONTROL_WRONG;
    }
    return exchange_site(c, site);
}

int tw_control_exchange(tw_control_t *c)
{
    int i, worst = -1;

    tw_output_table(c->out, columns);
    for (i = 0; i < c->sites->nelts; i++) {
        int status = exchange_host(c, APR_ARRAY_IDX(c->sites, i,
                                                    const tw_site_t *));

        worst = status > worst ? status : worst;
    }
    if (worst < 0) {
        tw_output_say(c->out, "no host to do: none uses OAuth 2.0");
        worst = TW_CONTROL_NOTHING;
    }
    return tw_control_end(c, worst);
}

void tw_exchange(apr_pool_t *pconf, server_rec *base_server)
{
    tw_control_t c = { .pool = pconf, .base_server = base_server };
    apr_file_t *out;
    server_rec *s;
    int status;

    if (!ap_exists_config_define("TWAUTH_EXCHANGE")) {
        return;
    }
    apr_file_open_stdout(&out, pconf);
    c.out = tw_output_make(out, 0, pconf);
    c.sites = apr_array_make(pconf, 4, sizeof(const tw_site_t *));
    tw_output_say(c.out, "mod_twauth: tokens of OAuth 1.0a to OAuth 2.0");
    for (s = base_server; s; s = s->next) {
        if (tw_site_is_on(s)) {
            APR_ARRAY_PUSH(c.sites, const tw_site_t *) = tw_site(s);
        }
    }
    status = tw_control_join(&c);
    if (status == TW_CONTROL_DONE) {
        status = tw_control_exchange(&c);
    }
    exit(status == TW_CONTROL_DONE ? 0 : 1);
}
