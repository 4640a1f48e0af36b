/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/table: what apr_table_t does not do itself.
 */
#ifndef TW_BASE_TABLE_H
#define TW_BASE_TABLE_H

#include <string.h>

#include <apr_tables.h>

/* Whether names (to NULL) have it, in any case; one with a '-' at its end is
 * for all that begin so. */
static inline int tw_table_is_listed(const char *name,
                                     const char *const *names)
{
    for (; *names; names++) {
        apr_size_t len = strlen(*names);

        if ((*names)[len - 1] == '-' ? !strncasecmp(name, *names, len)
                                     : !strcasecmp(name, *names)) {
            return 1;
        }
    }
    return 0;
}

/*
 * Takes everything out whose name is one of those that is() says, which is
 * given what as well.  Inline: tables are walked at every request.
 */
static inline void tw_table_remove(apr_table_t *table,
                                   int (*is)(const char *name,
                                             const void *what),
                                   const void *what)
{
    const apr_array_header_t *list = apr_table_elts(table);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    int i = 0;

    /* those behind one that is taken out move up: look at i again */
    while (i < list->nelts) {
        if (is(entry[i].key, what)) {
            apr_table_unset(table, entry[i].key);
        }
        else {
            i++;
        }
    }
}

#endif
