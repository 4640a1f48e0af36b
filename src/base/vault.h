/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/vault: the last good secrets.
 *
 * A secret that cannot be read at a graceful restart must not end a site.
 * The vault outlives the configuration and the module's own unloading; its
 * memory is locked and left out of core dumps.
 */
#ifndef TW_BASE_VAULT_H
#define TW_BASE_VAULT_H

#include <apr_pools.h>

typedef struct tw_vault_t tw_vault_t;

/* NULL: the system gives no such memory. */
tw_vault_t *tw_vault_make(void);

/* How large one is: another version of the module may have another one. */
apr_size_t tw_vault_size(void);

/* Remembers text for from; a vault that is full forgets the newcomer. */
void tw_vault_put(tw_vault_t *vault, const char *from, const char *text);

/* A copy in pool, or NULL. */
char *tw_vault_get(const tw_vault_t *vault, const char *from,
                   apr_pool_t *pool);

#endif
