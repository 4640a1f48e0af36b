/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/conftree: what the configuration says in other modules' directives.
 *
 * Some questions about a virtual host (is TLS on, has it a name of its own,
 * where is the database file, what does it redirect) are answered by no
 * function of httpd at the time of the configuration test, but by its tree of
 * directives.  What <IfModule>, Include, Define and Use make of a file is
 * done in the tree already.  For start-up only.
 */
#ifndef TW_CONFIG_CONFTREE_H
#define TW_CONFIG_CONFTREE_H

#include <httpd.h>
#include <http_config.h>

#include <apr_tables.h>

typedef struct tw_conftree_t tw_conftree_t;

/* Reads which part of the configuration is whose, once for all hosts. */
tw_conftree_t *tw_conftree_read(server_rec *base_server, apr_pool_t *pool);

server_rec *tw_conftree_base_server(const tw_conftree_t *tree);

/*
 * The first directive of the server's own part (its <VirtualHost>; for the
 * main server: outside of all).
 */
const ap_directive_t *tw_conftree_part(const tw_conftree_t *tree,
                                       const server_rec *s);

/* What stands outside of all hosts. */
const ap_directive_t *tw_conftree_outside(const tw_conftree_t *tree);

/*
 * The arguments of the last such directive in the server's own part, not in
 * sections below it.  NULL: there is none.
 */
const char *tw_conftree_args(const tw_conftree_t *tree, const server_rec *s,
                             const char *directive);

/* The same, else the main server's. */
const char *tw_conftree_inherited(const tw_conftree_t *tree,
                                  const server_rec *s, const char *directive);

/* The first words of all such directives that count for the server, its own
 * before the main server's, as an array of const char *. */
apr_array_header_t *tw_conftree_every(const tw_conftree_t *tree,
                                      const server_rec *s,
                                      const char *directive, apr_pool_t *pool);

/*
 * Whether the directive stands with these arguments (compared without case;
 * NULL: with any) somewhere in the server's own part, sections below it
 * included.
 */
int tw_conftree_mentions(const tw_conftree_t *tree, const server_rec *s,
                         const char *directive, const char *args);

/* Whether TLS is on: by SSLEngine, else by the port 443. */
int tw_conftree_tls(const tw_conftree_t *tree, const server_rec *s);

/* The first word of args, unquoted; NULL for NULL. */
const char *tw_conftree_word(apr_pool_t *pool, const char *args);

/* All words of args, unquoted, as const char *; without a section's '>'. */
apr_array_header_t *tw_conftree_words(const ap_directive_t *d,
                                      apr_pool_t *pool);

/* The i-th of words; "" where there is none. */
const char *tw_conftree_nth(const apr_array_header_t *words, int i);

/* Whether word is one of these, whatever its case; the last of them is
 * NULL. */
int tw_conftree_one_of(const char *word, const char *const *names);

/* Whether d is the directive or section (written "<Location") of that name. */
int tw_conftree_is(const ap_directive_t *d, const char *name);

#endif
