/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vault.h"

#include <string.h>
#include <sys/mman.h>

#include <apr_strings.h>

#define VAULT_SIZE (64 * 1024)

/* from, NUL, text, NUL, and so on; ends with an empty from. */
struct tw_vault_t {
    char text[VAULT_SIZE];
};

apr_size_t tw_vault_size(void)
{
    return sizeof(tw_vault_t);
}

tw_vault_t *tw_vault_make(void)
{
    tw_vault_t *vault = mmap(NULL, sizeof(*vault), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (vault == MAP_FAILED) {
        return NULL;
    }
    /* both may be refused to an ordinary user; the vault works all the same */
    (void)mlock(vault, sizeof(*vault));
#ifdef MADV_DONTDUMP
    (void)madvise(vault, sizeof(*vault), MADV_DONTDUMP);
#endif
    /* children have no use for it; httpd's own parent fills it after it has
     * detached itself */
#ifdef MADV_WIPEONFORK
    (void)madvise(vault, sizeof(*vault), MADV_WIPEONFORK);
#endif
    return vault;
}

/* Where from stands, or the end of the list. */
static char *vault_find(const tw_vault_t *vault, const char *from)
{
    const char *at = vault->text;

    while (*at && strcmp(at, from)) {
        at += strlen(at) + 1;
        at += strlen(at) + 1;
    }
    return (char *)at;
}

void tw_vault_put(tw_vault_t *vault, const char *from, const char *text)
{
    char *at = vault_find(vault, from);
    apr_size_t need = strlen(from) + strlen(text) + 3;
    char *end;

    if (*at) {
        /* take the old entry out, the rest moves up */
        char *rest = at + strlen(at) + 1;

        if (!strcmp(rest, text)) {
            return;     /* many hosts have one secret */
        }
        rest += strlen(rest) + 1;
        memmove(at, rest, (apr_size_t)(vault->text + VAULT_SIZE - rest));
        at = vault_find(vault, from);
    }
    end = vault->text + VAULT_SIZE;
    if ((apr_size_t)(end - at) > need) {
        memcpy(at, from, strlen(from) + 1);
        at += strlen(from) + 1;
        memcpy(at, text, strlen(text) + 1);
        at[strlen(text) + 1] = '\0';
    }
}

char *tw_vault_get(const tw_vault_t *vault, const char *from,
                   apr_pool_t *pool)
{
    const char *at = vault_find(vault, from);

    return *at ? apr_pstrdup(pool, at + strlen(at) + 1) : NULL;
}
