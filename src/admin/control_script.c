/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the script asks, for setup and new-key: lines of words with tabs between
 * them.  Help does not show these.
 */
#include "admin/control.h"

#include <string.h>

#include <apr_strings.h>

#include "config/conftree.h"

/* ---- places ------------------------------------------------------------- */

static int has_name(const server_rec *s, const char *name)
{
    int i;

    if (s->server_hostname && !strcasecmp(s->server_hostname, name)) {
        return 1;
    }
    for (i = 0; s->names && i < s->names->nelts; i++) {
        if (!strcasecmp(APR_ARRAY_IDX(s->names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

static int is_https(const tw_conftree_t *tree, const server_rec *s)
{
    return tw_conftree_tls(tree, s)
           || (s->server_scheme && !strcasecmp(s->server_scheme, "https"));
}

/*
 * places HOST: for each virtual host of that name whose visitors come by https
 * (and, if there is none, a line for each by http): scheme, file, line of
 * <VirtualHost>, callback URL or -, and what the whole server has already: its
 * DBDriver or -, 1 or 0 for TwAuthKey.
 */
int tw_control_places(tw_control_t *c)
{
    tw_conftree_t *tree = tw_conftree_read(c->base_server, c->pool);
    const char *driver = tw_conftree_args(tree, c->base_server, "DBDriver");
    const server_rec *s;

    for (s = c->base_server->next; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (!has_name(s, tw_control_word(c, 0)) || !s->defn_name) {
            continue;
        }
        tw_output_say(c->out, "%s\t%s\t%u\t%s\t%s\t%d",
                      is_https(tree, s) ? "https" : "http", s->defn_name,
                      s->defn_line_number,
                      site ? site->provider.client.callback : "-",
                      driver ? tw_conftree_word(c->pool, driver) : "-",
                      tw_conftree_args(tree, c->base_server, "TwAuthKey")
                      != NULL);
    }
    return tw_control_end(c, TW_CONTROL_DONE);
}

/* ---- keys --------------------------------------------------------------- */

static void say_keys(const tw_control_t *c, const ap_directive_t *d)
{
    apr_array_header_t *words = tw_conftree_words(d, c->pool);
    int i;

    for (i = 0; i < words->nelts; i++) {
        tw_output_say(c->out, "%s\t%d\t%s", d->filename, d->line_num,
                      tw_conftree_nth(words, i));
    }
}

/* keys: for each key of the hosts: file and line of TwAuthKey, and where the
 * key is.  Each line once. */
int tw_control_keys(tw_control_t *c)
{
    tw_conftree_t *tree = tw_conftree_read(c->base_server, c->pool);
    apr_array_header_t *said = apr_array_make(c->pool, 4, sizeof(void *));
    int i, k;

    for (i = 0; i < c->sites->nelts; i++) {
        const server_rec *s = APR_ARRAY_IDX(c->sites, i,
                                            const tw_site_t *)->server;
        const ap_directive_t *d;

        if (!tw_conftree_args(tree, s, "TwAuthKey")) {
            s = c->base_server;
        }
        for (d = tw_conftree_part(tree, s); d; d = d->next) {
            for (k = 0; k < said->nelts
                        && APR_ARRAY_IDX(said, k, const void *) != d; k++) {
                continue;
            }
            if (k == said->nelts && tw_conftree_is(d, "TwAuthKey")) {
                APR_ARRAY_PUSH(said, const void *) = d;
                say_keys(c, d);
            }
        }
    }
    return tw_control_end(c, TW_CONTROL_DONE);
}

/* ---- events ------------------------------------------------------------- */

/* told WHAT [WORD] ...: the script has done it, by these words. */
int tw_control_told(tw_control_t *c)
{
    const char *what = tw_control_word(c, 0);

    tw_control_tell(c, !strcmp(what, "setup")    ? TW_EVENT_ADMIN_SETUP
                       : !strcmp(what, "tables") ? TW_EVENT_ADMIN_TABLES
                                                 : TW_EVENT_ADMIN_KEY, NULL);
    return TW_CONTROL_DONE;
}
