/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <http_core.h>

#include "base/id.h"

/* What the script tells a run that came this far by, from httpd's own. */
#define STATUS_BASE 64

struct tw_control_command_t {
    const char *name;
    const char *arguments;
    int least, most;                    /* how many */
    tw_control_scope_t scope;
    int writes;
    int (*run)(tw_control_t *c);
};

static const tw_control_command_t commands[] = {
#define COMMAND(function, name, arguments, least, most, scope, writes, help,\
                example)                                                    \
    { name, arguments, least, most, TW_CONTROL_##scope,                     \
      TW_CONTROL_##writes, tw_control_##function },
    TW_CONTROL_COMMANDS(COMMAND, TW_CONTROL_NO_SCRIPT, TW_CONTROL_NO_OPTION)
#undef COMMAND
};

#define NO_COMMAND(function, name, arguments, least, most, scope, writes,   \
                   help, example)
static const struct { const char *command, *name, *value; } options[] = {
#define OPTION(command, name, value, help) { command, name, value },
    TW_CONTROL_COMMANDS(NO_COMMAND, TW_CONTROL_NO_SCRIPT, OPTION)
#undef OPTION
    { "", "host", "NAME" },
    { "", "json", "" }
};

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- words -------------------------------------------------------------- */

/* An option that a command has, or that all have: its value's name; NULL: it
 * has none such. */
static const char *value_of(const char *command, const char *name)
{
    int i;

    for (i = 0; i < N(options); i++) {
        if (!strcmp(options[i].name, name)
            && (!*options[i].command
                || !strcmp(options[i].command, command))) {
            return options[i].value;
        }
    }
    return NULL;
}

/* What the script said, each word ended by a newline: the command first. */
static apr_array_header_t *words_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 8, sizeof(const char *));
    const char *end;

    for (; (end = strchr(text, '\n')); text = end + 1) {
        APR_ARRAY_PUSH(words, const char *) =
            apr_pstrmemdup(pool, text, (apr_size_t)(end - text));
    }
    return words;
}

/* One option, at words[i]; how many words it takes, or 0: it is wrong. */
static int read_option(tw_control_t *c, const apr_array_header_t *words, int i)
{
    char *name = apr_pstrdup(c->pool, APR_ARRAY_IDX(words, i, char *) + 2);
    char *given = strchr(name, '=');
    const char *value;

    if (given) {
        *given++ = '\0';
    }
    value = value_of(c->command->name, name);
    if (!value) {
        tw_control_fail("%s has no option --%s: twauthctl %s --help shows "
                        "those that it has", c->command->name, name,
                        c->command->name);
        return 0;
    }
    if (!*value && given) {
        tw_control_fail("--%s takes no value", name);
        return 0;
    }
    if (*value && !given && i + 1 >= words->nelts) {
        tw_control_fail("--%s takes a value: --%s %s", name, name, value);
        return 0;
    }
    apr_table_setn(c->options, name,
                   !*value ? "" : given ? given
                   : APR_ARRAY_IDX(words, i + 1, const char *));
    return *value && !given ? 2 : 1;
}

/* One in 4,096 names of sessions begins as an option does. */
static int is_option(const char *word)
{
    tw_id_t id;

    return !strncmp(word, "--", 2) && !tw_id_read(&id, word);
}

/* Behind the command's name. */
static int read_words(tw_control_t *c, const apr_array_header_t *words)
{
    int i = 1, only_words = 0;

    while (i < words->nelts) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);
        int taken = 1;

        if (!only_words && !strcmp(word, "--")) {
            only_words = 1;
        }
        else if (!only_words && is_option(word)) {
            taken = read_option(c, words, i);
            if (!taken) {
                return TW_CONTROL_WRONG;
            }
        }
        else {
            APR_ARRAY_PUSH(c->words, const char *) = word;
        }
        i += taken;
    }
    if (c->words->nelts < c->command->least
        || c->words->nelts > c->command->most) {
        return tw_control_fail("%s takes %s: twauthctl %s%s%s",
                               c->command->name,
                               c->command->most ? "other arguments"
                                                : "no arguments",
                               c->command->name,
                               *c->command->arguments ? " " : "",
                               c->command->arguments);
    }
    return TW_CONTROL_DONE;
}

const char *tw_control_name(const tw_control_t *c)
{
    return c->command->name;
}

/* ---- hosts -------------------------------------------------------------- */

static int is_called(const tw_site_t *site, const char *name,
                     apr_pool_t *pool)
{
    const tw_site_address_t *a = &site->address;

    return !name || !strcasecmp(name, a->host) || !strcasecmp(name, a->origin)
           || !strcasecmp(name, apr_psprintf(pool, "%s:%d", a->host,
                                             (int)a->port));
}

/* Their addresses, for a sentence. */
static const char *names_of(const tw_control_t *c)
{
    const char *names = "";
    int i;

    for (i = 0; i < c->sites->nelts; i++) {
        names = apr_pstrcat(c->pool, names, i ? ", " : "",
                            APR_ARRAY_IDX(c->sites, i, tw_site_t *)
                                ->address.origin, NULL);
    }
    return names;
}

/* Whether the hosts are few enough for what the command is about. */
static int one_enough(const tw_control_t *c)
{
    int i;

    for (i = 1; i < c->sites->nelts; i++) {
        const tw_site_t *site = APR_ARRAY_IDX(c->sites, i, tw_site_t *);

        if (c->command->scope == TW_CONTROL_HOST) {
            return tw_control_fail("say which host: --host with one of %s",
                                   names_of(c));
        }
        if ((c->command->scope == TW_CONTROL_DATABASE
             || c->command->scope == TW_CONTROL_SHUT)
            && !tw_site_share_database(site, c->site)) {
            return tw_control_fail("hosts have several databases, say "
                                   "which: --host with one of %s",
                                   names_of(c));
        }
    }
    return TW_CONTROL_DONE;
}

static int find_sites(tw_control_t *c)
{
    const char *name = tw_control_option(c, "host");
    int any = 0;
    server_rec *s;

    for (s = c->base_server; s; s = s->next) {
        if (tw_site_is_on(s)) {
            any = 1;
            if (is_called(tw_site(s), name, c->pool)) {
                APR_ARRAY_PUSH(c->sites, const tw_site_t *) = tw_site(s);
            }
        }
    }
    if (c->sites->nelts) {
        c->site = APR_ARRAY_IDX(c->sites, 0, const tw_site_t *);
        return one_enough(c);
    }
    if (c->command->scope == TW_CONTROL_HOSTS && !name) {
        return TW_CONTROL_DONE;
    }
    return tw_control_fail(any ? "no host %s has mod_twauth on; apache2ctl "
                           "-t -D DUMP_TWAUTH shows all that have"
                           : "mod_twauth is off everywhere: twauthctl setup "
                           "sets a host up%.0s", name ? name : "");
}

/* ---- the run ------------------------------------------------------------ */

static int run(tw_control_t *c)
{
    int status = find_sites(c);

    if (status == TW_CONTROL_DONE && c->command->writes) {
        status = tw_control_join(c);
    }
    if (status == TW_CONTROL_DONE && c->command->scope <= TW_CONTROL_HOST) {
        status = tw_control_open(&c->db, c, c->site);
    }
    return status == TW_CONTROL_DONE ? c->command->run(c) : status;
}

/* Where the script wants what is printed. */
static apr_file_t *output_of(apr_pool_t *pool)
{
    const char *text = getenv("TWAUTH_CTL_OUT");
    apr_os_file_t fd = text ? (int)apr_atoi64(text) : -1;
    apr_file_t *file;

    if (fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0
        || apr_os_file_put(&file, &fd, APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                           pool) != APR_SUCCESS) {
        apr_file_open_flags_stdout(&file, APR_FOPEN_BUFFERED, pool);
    }
    return file;
}

static int run_words(apr_pool_t *pool, server_rec *base_server,
                     const apr_array_header_t *words)
{
    tw_control_t *c = apr_pcalloc(pool, sizeof(*c));
    const char *name = APR_ARRAY_IDX(words, 0, const char *);
    int i, status;

    c->pool = pool;
    c->base_server = base_server;
    c->sites = apr_array_make(pool, 4, sizeof(const tw_site_t *));
    c->words = apr_array_make(pool, 4, sizeof(const char *));
    c->options = apr_table_make(pool, 4);
    for (i = 0; i < N(commands) && strcmp(commands[i].name, name) != 0; i++) {
        continue;
    }
    if (i == N(commands)) {
        return tw_control_fail("this mod_twauth knows no subcommand %s: is "
                               "the module older than twauthctl?", name);
    }
    c->command = &commands[i];
    status = read_words(c, words);
    if (status == TW_CONTROL_DONE) {
        c->out = tw_output_make(output_of(pool),
                                tw_control_option(c, "json") != NULL, pool);
        status = run(c);
    }
    return status;
}

void tw_control(apr_pool_t *pconf, server_rec *base_server)
{
    const char *text = getenv("TWAUTH_CTL");
    apr_array_header_t *words;

    if (!ap_exists_config_define("TWAUTH_ADMIN")) {
        return;
    }
    words = words_of(text ? text : "", pconf);
    if (!words->nelts) {
        tw_control_fail("-D TWAUTH_ADMIN is for the command twauthctl");
        exit(STATUS_BASE + TW_CONTROL_WRONG);
    }
    exit(STATUS_BASE + run_words(pconf, base_server, words));
}
