/*
 * tw_tree: what the configuration says in other modules' directives.
 *
 * Some questions about a virtual host (is TLS on, has it a name of its own,
 * where is the database file) are answered by no function of httpd at the
 * time of the configuration test, but by its tree of directives.  For
 * start-up only.
 */
#ifndef TW_TREE_H
#define TW_TREE_H

#include <httpd.h>

/*
 * The arguments of the last such directive in the server's own part of the
 * configuration (its <VirtualHost>; for the main server: outside of all),
 * not in sections below it.  NULL: there is none.
 */
const char *tw_tree_args(const server_rec *s, const char *directive);

/* The same, else the main server's. */
const char *tw_tree_inherited(const server_rec *s, const server_rec *main,
                              const char *directive);

/* The first word of args, unquoted; NULL for NULL. */
const char *tw_tree_word(apr_pool_t *pool, const char *args);

/*
 * Whether the directive stands with these arguments (compared without case;
 * NULL: with any) somewhere in the server's own part, sections below it
 * included.
 */
int tw_tree_mentions(const server_rec *s, const char *directive,
                     const char *args);

#endif
