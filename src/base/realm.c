/* SPDX-License-Identifier: Apache-2.0 */
#include "base/realm.h"

#include <string.h>

#include <apr_strings.h>

/* The words of PostgreSQL's params that say which database it is. */
static const char *const names[] = {
    "service=", "host=", "hostaddr=", "port=", "dbname=", "options=", NULL
};

/* The last word that begins so, which is the one that counts; "". */
static const char *word_of(const char *params, const char *name,
                           apr_pool_t *pool)
{
    apr_size_t len = strlen(name);
    const char *at = params, *found = "";

    while ((at = strstr(at, name)) != NULL) {
        if (at == params || strchr(" \t", at[-1])) {
            const char *value = at + len;
            const char *end = *value == '\'' ? strchr(value + 1, '\'') : NULL;

            found = apr_pstrmemdup(pool, at, end ? (apr_size_t)(end + 1 - at)
                                   : strcspn(at, " \t"));
        }
        at += len;
    }
    return found;
}

static const char *database_of(const char *driver, const char *params,
                               apr_pool_t *pool)
{
    const char *text;
    int i;

    driver = driver ? driver : "";
    text = driver;

    /* a URI, or another database: as it is */
    if (strcmp(driver, "pgsql") || strstr(params, "://")) {
        return apr_pstrcat(pool, driver, " ", params, NULL);
    }
    for (i = 0; names[i]; i++) {
        text = apr_pstrcat(pool, text, " ", word_of(params, names[i], pool),
                           NULL);
    }
    return text;
}

const char *tw_realm_audience(apr_hash_t *realms, const char *realm,
                              const char *driver, const char *params,
                              apr_pool_t *pool)
{
    const char *database = database_of(driver, params, pool);
    const char *first = apr_hash_get(realms, realm, APR_HASH_KEY_STRING);

    if (!first) {
        apr_hash_set(realms, realm, APR_HASH_KEY_STRING, database);
        return realm;
    }
    return !strcmp(first, database)
           ? realm : apr_pstrcat(pool, realm, "\n", database, NULL);
}
