/* SPDX-License-Identifier: Apache-2.0 */
#include "config/conftree.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#define VIRTUAL_HOST "<VirtualHost"

struct tw_conftree_t {
    server_rec *base_server;
    const ap_directive_t *outside;      /* of all hosts */
    apr_hash_t *parts;                  /* section of a host, by its start */
};

/* Where a section begins; a file that is included twice has two names. */
typedef struct {
    const char *file;
    apr_uint64_t line;
} start_t;

tw_conftree_t *tw_conftree_read(server_rec *base_server, apr_pool_t *pool)
{
    tw_conftree_t *tree = apr_pcalloc(pool, sizeof(*tree));
    ap_directive_t *last = NULL;
    const ap_directive_t *d;

    tree->base_server = base_server;
    tree->parts = apr_hash_make(pool);
    for (d = ap_conftree; d; d = d->next) {
        if (tw_conftree_is(d, VIRTUAL_HOST)) {
            start_t *start = apr_pcalloc(pool, sizeof(*start));

            start->file = d->filename;
            start->line = (apr_uint64_t)d->line_num;
            apr_hash_set(tree->parts, start, sizeof(*start), d);
        }
        else {
            /* a list of its own, without thousands of hosts in between */
            ap_directive_t *copy = apr_pmemdup(pool, d, sizeof(*d));

            copy->next = NULL;
            if (last) {
                last->next = copy;
            }
            else {
                tree->outside = copy;
            }
            last = copy;
        }
    }
    return tree;
}

server_rec *tw_conftree_base_server(const tw_conftree_t *tree)
{
    return tree->base_server;
}

const ap_directive_t *tw_conftree_part(const tw_conftree_t *tree,
                                       const server_rec *s)
{
    start_t start = { s->defn_name, s->defn_line_number };
    const ap_directive_t *d;

    if (!s->is_virtual) {
        return tree->outside;
    }
    d = apr_hash_get(tree->parts, &start, sizeof(start));
    return d ? d->first_child : NULL;
}

const ap_directive_t *tw_conftree_outside(const tw_conftree_t *tree)
{
    return tree->outside;
}

int tw_conftree_is(const ap_directive_t *d, const char *name)
{
    return !strcasecmp(d->directive, name);
}

int tw_conftree_one_of(const char *word, const char *const *names)
{
    while (*names && strcasecmp(word, *names)) {
        names++;
    }
    return *names != NULL;
}

const char *tw_conftree_args(const tw_conftree_t *tree, const server_rec *s,
                             const char *directive)
{
    const ap_directive_t *d;
    const char *args = NULL;

    for (d = tw_conftree_part(tree, s); d; d = d->next) {
        if (tw_conftree_is(d, directive)) {
            args = d->args;
        }
    }
    return args;
}

const char *tw_conftree_inherited(const tw_conftree_t *tree,
                                  const server_rec *s, const char *directive)
{
    const char *args = tw_conftree_args(tree, s, directive);

    return args ? args : tw_conftree_args(tree, tree->base_server, directive);
}

static void add_words(apr_array_header_t *words, const ap_directive_t *d,
                      const char *directive)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, directive)) {
            const char *args = d->args;

            APR_ARRAY_PUSH(words, const char *) =
                ap_getword_conf(words->pool, &args);
        }
    }
}

apr_array_header_t *tw_conftree_every(const tw_conftree_t *tree,
                                      const server_rec *s,
                                      const char *directive, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 2, sizeof(char *));

    add_words(words, tw_conftree_part(tree, s), directive);
    if (s != tree->base_server) {
        add_words(words, tw_conftree_part(tree, tree->base_server), directive);
    }
    return words;
}

static int mentions(const ap_directive_t *d, const char *directive,
                    const char *args)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, directive)
            && (!args || !strcasecmp(d->args, args))) {
            return 1;
        }
        if (d->first_child && mentions(d->first_child, directive, args)) {
            return 1;
        }
    }
    return 0;
}

int tw_conftree_mentions(const tw_conftree_t *tree, const server_rec *s,
                         const char *directive, const char *args)
{
    return mentions(tw_conftree_part(tree, s), directive, args);
}

int tw_conftree_tls(const tw_conftree_t *tree, const server_rec *s)
{
    const char *engine = tw_conftree_inherited(tree, s, "SSLEngine");
    const server_addr_rec *addr;

    if (engine) {
        return !strcasecmp(engine, "on") || !strcasecmp(engine, "optional");
    }
    for (addr = s->addrs; addr; addr = addr->next) {
        if (addr->host_port == 443) {
            return 1;
        }
    }
    return s->port == 443;
}

const char *tw_conftree_word(apr_pool_t *pool, const char *args)
{
    return args ? ap_getword_conf(pool, &args) : NULL;
}

apr_array_header_t *tw_conftree_words(const ap_directive_t *d,
                                      apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));
    char *args = apr_pstrdup(pool, d->args ? d->args : "");
    apr_size_t len = strlen(args);
    const char *rest = args;

    if (d->directive[0] == '<' && len && args[len - 1] == '>') {
        args[len - 1] = '\0';
    }
    while (*rest) {
        const char *word = ap_getword_conf(pool, &rest);

        if (*word || *rest) {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
    }
    return words;
}

const char *tw_conftree_nth(const apr_array_header_t *words, int i)
{
    return i >= 0 && i < words->nelts ? APR_ARRAY_IDX(words, i, const char *)
                                      : "";
}
