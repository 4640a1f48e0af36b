/* SPDX-License-Identifier: Apache-2.0 */
#include "store/link.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/err.h"
#include "base/watchdog.h"

/* Among the statements of a connection. */
#define KEPT "twauth_kept"

/* ---- what failed -------------------------------------------------------- */

void *tw_link_native(const tw_link_t *link)
{
    return apr_dbd_native_handle(link->dbd->driver, link->dbd->handle);
}

/* Whether SQLite knows the tables at all: asked of SQLite itself. */
static int has_tables(const tw_link_t *link)
{
    apr_dbd_results_t *result = NULL;
    apr_pool_t *pool;
    int rc;

    apr_pool_create(&pool, link->pool);
    rc = apr_dbd_select(link->dbd->driver, pool, link->dbd->handle, &result,
                        "SELECT 1 FROM twauth_account, twauth_session, "
                        "twauth_username LIMIT 0", 1);
    apr_pool_destroy(pool);
    return rc == 0;
}

void tw_link_see(tw_failed_t *failed, const tw_link_t *link, int rc,
                 int preparing)
{
    const char *words = apr_dbd_error(link->dbd->driver, link->dbd->handle,
                                      rc);
    apr_size_t len;
    int code;

    words = words ? words : "";
    len = strcspn(words, "\n");     /* what follows may have values */
    while (len && apr_isspace(words[len - 1])) {
        len--;
    }
    failed->code[0] = '\0';
    switch (link->native) {
    case TW_DB_NATIVE_PGSQL:
        if (!tw_db_failure_sqlstate(failed->code, words)) {
            link->kept->unsure = 1;
        }
        failed->what = tw_db_failure_pgsql(
            *failed->code ? failed->code : NULL,
            tw_db_native_connected(tw_link_native(link)));
        break;
    case TW_DB_NATIVE_SQLITE:
        code = tw_db_native_code(tw_link_native(link));
        code = code < 0 ? rc : code;
        apr_snprintf(failed->code, sizeof(failed->code), "%d", code);
        failed->words = tw_err_quote(link->pool, words, len, 200);
        failed->what = tw_db_failure_sqlite(code, preparing,
                                            preparing && code == 1
                                            && has_tables(link));
        return;
    default:
        failed->what = tw_db_failure(TW_DB_FAILURE_BROKEN);
    }
    failed->words = tw_err_quote(link->pool, words, len, 200);
}

/* ---- connections -------------------------------------------------------- */

static tw_kept_t *kept_of(ap_dbd_t *dbd)
{
    tw_kept_t *kept = apr_hash_get(dbd->prepared, KEPT, APR_HASH_KEY_STRING);

    if (!kept) {
        kept = apr_pcalloc(dbd->pool, sizeof(*kept));
        kept->dbd = dbd;
        apr_pool_create(&kept->pool, dbd->pool);
        apr_pool_tag(kept->pool, "twauth_link");
        kept->used_at = tw_watchdog_clock();
        apr_hash_set(dbd->prepared, KEPT, APR_HASH_KEY_STRING, kept);
    }
    return kept;
}

static apr_status_t close_own(void *given)
{
    ap_dbd_t *dbd = given;

    return apr_dbd_close(dbd->driver, dbd->handle);
}

void tw_link_own(ap_dbd_t *dbd, apr_pool_t *pool)
{
    dbd->pool = pool;
    dbd->prepared = apr_hash_make(pool);
    /* before the pools of its statements go */
    apr_pool_pre_cleanup_register(pool, dbd, close_own);
}

/* Whether what failed has words that are not PostgreSQL's. */
static int is_unsure(const tw_link_t *link, int rc)
{
    const char *words = apr_dbd_error(link->dbd->driver, link->dbd->handle,
                                      rc);
    char code[TW_SQLSTATE_LEN + 1];

    return link->native == TW_DB_NATIVE_PGSQL && words && *words
           && !tw_db_failure_sqlstate(code, words);
}

void tw_link_set_up(const tw_link_t *link)
{
    const apr_array_header_t *init = link->database->init;
    int rows, i;

    /* one that returns a row counts as failed with the driver, without words:
     * all are run */
    for (i = 0; init && i < init->nelts; i++) {
        int rc = apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows,
                               APR_ARRAY_IDX(init, i, const char *));

        link->kept->unsure |= rc != 0 && is_unsure(link, rc);
    }
}

void tw_link_init(tw_link_t *link, const tw_database_t *database,
                  ap_dbd_t *dbd, apr_pool_t *pool)
{
    memset(link, 0, sizeof(*link));
    link->database = database;
    link->dbd = dbd;
    link->kept = kept_of(dbd);
    link->native = tw_db_native_kind(apr_dbd_name(dbd->driver));
    link->pool = pool;
}

void tw_link_rest(tw_link_t *link)
{
    link->kept->used_at = tw_watchdog_clock();
    link->kept->patience.kind = TW_PATIENCE_STEP;
}

void tw_link_patience(tw_link_t *link, tw_patience_kind_t kind)
{
    link->kept->patience.kind = kind;
}

int tw_link_socket(const tw_link_t *link)
{
    return link->native == TW_DB_NATIVE_PGSQL
               ? tw_db_native_socket(tw_link_native(link))
               : -1;
}

/* ---- statements --------------------------------------------------------- */

void tw_link_give_up(tw_link_t *link, const char *name)
{
    apr_hash_set(link->dbd->prepared, name, APR_HASH_KEY_STRING, NULL);
    link->kept->given_up++;
}

void tw_link_forget(tw_link_t *link)
{
    tw_kept_t *kept = link->kept;

    apr_pool_clear(kept->pool);
    kept->attempt = NULL;
    kept->given_up = kept->failed_to_prepare = 0;
    link->dbd->prepared = apr_hash_make(kept->pool);
    apr_hash_set(link->dbd->prepared, KEPT, APR_HASH_KEY_STRING, kept);
}

int tw_link_prepare(apr_dbd_prepared_t **prepared, tw_link_t *link,
                    const char *name, const char *sql)
{
    tw_kept_t *kept = link->kept;
    apr_pool_t *pool = kept->pool;
    int rc;

    *prepared = apr_hash_get(link->dbd->prepared, name, APR_HASH_KEY_STRING);
    if (*prepared) {
        return 0;
    }
    if (kept->failed_to_prepare) {
        if (!kept->attempt) {
            apr_pool_create(&kept->attempt, kept->pool);
        }
        pool = kept->attempt;
    }
    if (kept->patience.kind == TW_PATIENCE_STEP) {
        kept->patience.kind = TW_PATIENCE_PREPARE;
    }
    /* no label: PostgreSQL then keeps nothing that a restart loses */
    rc = apr_dbd_prepare(link->dbd->driver, pool, link->dbd->handle, sql,
                         NULL, prepared);
    if (kept->patience.kind == TW_PATIENCE_PREPARE) {
        kept->patience.kind = TW_PATIENCE_STEP;
    }
    if (rc != 0) {
        if (kept->attempt) {
            apr_pool_clear(kept->attempt);
        }
        kept->failed_to_prepare = 1;
        return rc;
    }
    kept->attempt = NULL;       /* it has the statement now, if there was */
    kept->failed_to_prepare = 0;
    apr_hash_set(link->dbd->prepared, name, APR_HASH_KEY_STRING, *prepared);
    return 0;
}
