#include "tw_tree.h"

#include <http_config.h>

#define VIRTUAL_HOST "<VirtualHost"

/* The first directive of the server's own part. */
static const ap_directive_t *part_of(const server_rec *s)
{
    const ap_directive_t *d;

    if (!s->is_virtual) {
        return ap_conftree;
    }
    for (d = ap_conftree; d; d = d->next) {
        /* the number first: each host asks, and passes all the others */
        if (d->line_num == (int)s->defn_line_number
            && !strcasecmp(d->directive, VIRTUAL_HOST)
            && s->defn_name && !strcmp(d->filename, s->defn_name)) {
            return d->first_child;
        }
    }
    return NULL;
}

const char *tw_tree_args(const server_rec *s, const char *directive)
{
    const ap_directive_t *d;
    const char *args = NULL;

    for (d = part_of(s); d; d = d->next) {
        if (!strcasecmp(d->directive, directive)) {
            args = d->args;
        }
    }
    return args;
}

const char *tw_tree_word(apr_pool_t *pool, const char *args)
{
    return args ? ap_getword_conf(pool, &args) : NULL;
}

const char *tw_tree_inherited(const server_rec *s, const server_rec *main,
                              const char *directive)
{
    const char *args = tw_tree_args(s, directive);

    return args ? args : tw_tree_args(main, directive);
}

static int mentions(const ap_directive_t *d, const char *directive,
                    const char *args)
{
    for (; d; d = d->next) {
        if (!strcasecmp(d->directive, directive)
            && (!args || !strcasecmp(d->args, args))) {
            return 1;
        }
        /* another host's part is not this one's */
        if (d->first_child && strcasecmp(d->directive, VIRTUAL_HOST)
            && mentions(d->first_child, directive, args)) {
            return 1;
        }
    }
    return 0;
}

int tw_tree_mentions(const server_rec *s, const char *directive,
                     const char *args)
{
    return mentions(part_of(s), directive, args);
}
