/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/shown.h"

#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "config/conf.h"
#include "config/conftree.h"
#include "config/directives.h"
#include "config/values.h"
#include "private.h"

/* Of a host, or by default. */
typedef struct {
    const tw_server_conf_t *server;
    const tw_dir_conf_t *dir;
    apr_pool_t *pool;
} values_t;

static const char *join(apr_pool_t *pool, const char *list, const char *word)
{
    return list ? apr_pstrcat(pool, list, " ", word, NULL) : word;
}

/* ---- one value, by its row ---------------------------------------------- */

static const char *text_of(const values_t *v, const tw_setting_t *row,
                           const char *text)
{
    apr_size_t len = text ? strlen(text) : 0;

    if (!text) {
        return NULL;
    }
    if (row->check == tw_values_key) {
        return apr_pstrcat(v->pool, "...", len > 8 ? text + len - 4 : "",
                           NULL);
    }
    if (row->check == tw_values_secret) {
        return tw_secret_name(v->pool, text);
    }
    if (row->check == tw_values_proxy) {
        return tw_values_shown_url(v->pool, text);
    }
    if (row->check == tw_values_events && *text == '|') {
        return "|...";
    }
    return strchr(text, ' ') ? apr_pstrcat(v->pool, "\"", text, "\"", NULL)
                             : text;
}

/* A word, or words that count together. */
static const char *words_of(const values_t *v, const tw_choice_t *choices,
                            apr_int64_t number)
{
    const tw_choice_t *choice;
    const char *list = NULL;

    for (choice = choices; choice->text; choice++) {
        if (choice->value == number) {
            return choice->text;
        }
    }
    for (choice = choices; number > 0 && choice->text; choice++) {
        if (choice->value & number) {
            list = join(v->pool, list, choice->text);
        }
    }
    return list;
}

static const char *row_of(const values_t *v, const tw_setting_t *row,
                          const void *conf)
{
    const char *at = (const char *)conf + row->offset;
    apr_int64_t number;

    if (row->kind == TW_SETTINGS_TEXT) {
        return text_of(v, row, *(const char *const *)at);
    }
    number = *(const apr_int64_t *)at;
    if (row->kind == TW_SETTINGS_CHOICE) {
        return words_of(v, row->choices, number);
    }
    if (number == TW_UNSET) {
        return NULL;
    }
    if (row->kind == TW_SETTINGS_TIME) {
        return number < row->least ? "Off"
                                   : tw_values_time_text(v->pool, number);
    }
    if (row->kind == TW_SETTINGS_SIZE) {
        return tw_values_size_text(v->pool, number);
    }
    return number < row->least ? NULL : apr_psprintf(v->pool,
                                                     "%" APR_INT64_T_FMT,
                                                     number);
}

/* ---- directives with more than one value -------------------------------- */

static const char *keys(const values_t *v)
{
    const char *list = NULL;
    int i;

    for (i = 0; v->server->keys && i < v->server->keys->nelts; i++) {
        list = join(v->pool, list,
                    tw_secret_name(v->pool,
                                   APR_ARRAY_IDX(v->server->keys, i,
                                                 const char *)));
    }
    return list;
}

static const char *hub_for(const values_t *v)
{
    const apr_array_header_t *hosts = v->server->own.hub_for;

    return hosts ? apr_array_pstrcat(v->pool, hosts, ' ') : NULL;
}

static const char *provider(const values_t *v)
{
    return v->server->provider.api ? join(v->pool, v->server->provider.api,
                                          v->server->provider.browser) : NULL;
}

static const char *rate(const values_t *v, const tw_rate_t *limit)
{
    return apr_psprintf(v->pool, "%d/%s", (int)limit->count,
                        limit->period <= apr_time_from_sec(1) ? "s"
                        : limit->period <= apr_time_from_sec(60) ? "min"
                        : "h");
}

static const char *start_limit(const values_t *v)
{
    return join(v->pool, rate(v, &v->server->sign_in.limit_client),
                rate(v, &v->server->sign_in.limit_all));
}

static const char *recheck(const values_t *v)
{
    return row_of(v, TW_SERVER_ROW(session.recheck), v->server);
}

static const char *exports(const values_t *v)
{
    static const tw_choice_t words[] = {
        { "none", 0 }, { "env", TW_EXPORT_ENV },
        { "headers", TW_EXPORT_HEADERS }, { "profile", TW_EXPORT_PROFILE },
        { "tokens", TW_EXPORT_TOKENS }, { NULL, 0 }
    };

    return words_of(v, words, v->dir->exports);
}

static const char *fresh(const values_t *v)
{
    return v->dir->fresh.configured
           ? tw_values_time_text(v->pool, v->dir->fresh.configured) : NULL;
}

static const char *headers(const values_t *v)
{
    const char *list = NULL;
    int i;

    for (i = 0; v->dir->headers && i < v->dir->headers->nelts; i++) {
        const tw_header_t *header = &APR_ARRAY_IDX(v->dir->headers, i,
                                                   tw_header_t);

        list = list ? apr_pstrcat(v->pool, list, ", ", NULL) : "";
        list = apr_pstrcat(v->pool, list, header->name, " ",
                           tw_told_word(header->told), NULL);
    }
    return list;
}

static const char *value_of(const values_t *v, const command_rec *command)
{
    static const struct {
        const char *name;
        const char *(*value)(const values_t *v);
    } others[] = {
        { "TwAuthKey", keys }, { "TwAuthHubFor", hub_for },
        { "TwAuthProvider", provider }, { "TwAuthStartLimit", start_limit },
        { "TwAuthSessionRecheck", recheck }, { "TwAuthExport", exports },
        { "TwAuthFresh", fresh }, { "TwAuthHeader", headers }
    };
    apr_size_t i;

    if (command->cmd_data) {
        return row_of(v, command->cmd_data, command->req_override == RSRC_CONF
                      ? (const void *)v->server : v->dir);
    }
    for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (!strcmp(command->name, others[i].name)) {
            return others[i].value(v);
        }
    }
    return NULL;
}

/* ---- lines -------------------------------------------------------------- */

static values_t by_default(apr_pool_t *pool)
{
    tw_server_conf_t *server = tw_conf_server_create(pool, NULL);
    tw_dir_conf_t *dir = tw_conf_dir_create(pool, NULL);
    values_t v = { server, dir, pool };

    tw_conf_defaults(server);
    tw_conf_dir_fill(dir);
    return v;
}

void tw_shown_settings(apr_file_t *out, const server_rec *s, apr_pool_t *pool)
{
    values_t v = { tw_conf_server(s),
                   ap_get_module_config(s->lookup_defaults, &twauth_module),
                   pool };
    const values_t usual = by_default(pool);
    const command_rec *command;
    const char *label = "Settings:";

    for (command = tw_directives; command->name; command++) {
        const char *value = value_of(&v, command);
        const char *other = value_of(&usual, command);

        if (value && (!other || strcmp(value, other) != 0)) {
            apr_file_printf(out, "  %-14s %s %s\n", label, command->name,
                            value);
            label = "";
        }
    }
}

void tw_shown_defaults(apr_file_t *out, apr_pool_t *pool)
{
    const values_t usual = by_default(pool);
    const command_rec *command;

    apr_file_printf(out, "Where nothing else is said:\n");
    for (command = tw_directives; command->name; command++) {
        const char *value = value_of(&usual, command);

        apr_file_printf(out, "  %s %s\n", command->name,
                        value ? value : "(not set)");
    }
}

/* ---- places ------------------------------------------------------------- */

/* What a directive says; NULL: it is nothing that is shown. */
static const char *said(const ap_directive_t *d, apr_pool_t *pool)
{
    apr_array_header_t *words;
    int not;

    if (!strncasecmp(d->directive, "TwAuth", 6)
        || tw_conftree_is(d, "AuthType")) {
        return d->args;
    }
    if (!tw_conftree_is(d, "Require")) {
        return NULL;
    }
    words = tw_conftree_words(d, pool);
    not = !strcasecmp(tw_conftree_nth(words, 0), "not");
    if (strcasecmp(tw_conftree_nth(words, not), "expr") != 0) {
        return d->args;
    }
    return not ? "not expr ..." : "expr ...";
}

typedef struct {
    apr_file_t *out;
    const char *title;                  /* "" once it has been printed */
    apr_pool_t *pool;
} places_t;

static void show_lines(places_t *p, const ap_directive_t *section,
                       const char *name)
{
    const ap_directive_t *d;
    const char *head = name;

    for (d = section->first_child; d; d = d->next) {
        const char *what = said(d, p->pool);

        if (!what) {
            continue;
        }
        if (head) {
            apr_file_printf(p->out, "%s  Place:         %s\n", p->title,
                            head);
            head = NULL;
            p->title = "";
        }
        apr_file_printf(p->out, "                   %s %s\n", d->directive,
                        what);
    }
}

/* in: the sections around it. */
static void show_section(places_t *p, const ap_directive_t *section,
                         const char *in)
{
    int secret = tw_conftree_is(section, "<If")
                 || tw_conftree_is(section, "<ElseIf");
    const char *args = secret ? "...>" : section->args;
    const char *name = apr_pstrcat(p->pool, in, *in ? " " : "",
                                   section->directive, *args == '>' ? "" : " ",
                                   args, NULL);
    const ap_directive_t *d;

    show_lines(p, section, name);
    for (d = section->first_child; d; d = d->next) {
        if (d->first_child) {
            show_section(p, d, name);
        }
    }
}

void tw_shown_places(apr_file_t *out, const ap_directive_t *first,
                     const char *title, apr_pool_t *pool)
{
    places_t p = { out, title, pool };
    const ap_directive_t *d;

    for (d = first; d; d = d->next) {
        if (d->first_child && !tw_conftree_is(d, "<VirtualHost")) {
            show_section(&p, d, "");
        }
    }
}
