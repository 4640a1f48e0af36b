/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/control: twauthctl's subcommands, run with the server's own
 * configuration: `apache2ctl -t -D TWAUTH_ADMIN`.
 *
 * The script src/admin/twauthctl puts its words into the environment
 * (TWAUTH_CTL, each ended by a newline), names a descriptor for what is
 * printed (TWAUTH_CTL_OUT; what httpd and its scripts print goes elsewhere),
 * and takes the status from httpd's.  No word is a secret: others may see
 * them.
 *
 * To add a subcommand:
 *
 *   1. a row in admin/control_table.h; OPTION rows behind it;
 *   2. admin/control_NAME.c with `int tw_control_NAME(tw_control_t *c)`: words
 *      in c->words, options by tw_control_option(), the database in c->db;
 *      statements belong into store/.  Rows go to c->out; what is wrong is said
 *      by tw_control_fail(), which is the status to return, as is
 *      tw_control_end() where all went well;
 *   3. one that changes something says WRITES in its row and tells each change
 *      by tw_control_tell(), with an event of its own in base/event.h
 *      (X(ADMIN_..., "admin", ...)) and a row in docs/events.md;
 *   4. an entry with the example in docs/twauthctl.8, and a live test:
 *      site.ctl("NAME", ...), on both databases.
 *
 * One that needs a terminal, or files that are root's, is a SCRIPT row and a
 * function of the script; it may ask the module by a COMMAND row that help
 * does not show.
 */
#ifndef TW_ADMIN_CONTROL_H
#define TW_ADMIN_CONTROL_H

#include <httpd.h>

#include "admin/control_table.h"
#include "admin/output.h"
#include "base/event.h"
#include "config/site.h"
#include "store/member.h"

/* What a subcommand returns. */
enum {
    TW_CONTROL_DONE = 0,
    TW_CONTROL_NOTHING = 1,             /* nothing was found; a warning */
    TW_CONTROL_WRONG = 2                /* a failure, or a wrong use */
};

/* Which hosts a subcommand is about, and what it finds ready. */
typedef enum {
    TW_CONTROL_DATABASE,    /* hosts with one database: it is open, and the
                               process goes on as the server's User */
    TW_CONTROL_HOST,        /* one host, likewise */
    TW_CONTROL_SHUT,        /* hosts with one database, of which nothing is
                               open: as for HOSTS */
    TW_CONTROL_HOSTS        /* any number of them; nothing is open, and who
                               runs it is who began, mostly root */
} tw_control_scope_t;

enum { TW_CONTROL_READS, TW_CONTROL_WRITES };

typedef struct tw_control_command_t tw_control_command_t;

/* One run of one subcommand. */
typedef struct tw_control_t {
    apr_pool_t *pool;
    server_rec *base_server;
    apr_array_header_t *sites;          /* const tw_site_t *: those of --host,
                                           or all that are on */
    const tw_site_t *site;              /* the first of them, or NULL */
    tw_db_t *db;                        /* NULL: see tw_control_scope_t */
    tw_output_t *out;
    apr_array_header_t *logs;           /* tw_event_log_t: see
                                           tw_control_tell() */
    const tw_control_command_t *command;
    apr_array_header_t *words;          /* const char *: the arguments */
    apr_table_t *options;               /* without the -- */
} tw_control_t;

#define TW_CONTROL_DECLARE(function, name, arguments, least, most, scope,   \
                           writes, help, example)                           \
    int tw_control_##function(tw_control_t *c);
#define TW_CONTROL_NO_SCRIPT(name, arguments, help, example)
#define TW_CONTROL_NO_OPTION(command, name, value, help)
TW_CONTROL_COMMANDS(TW_CONTROL_DECLARE, TW_CONTROL_NO_SCRIPT,
                    TW_CONTROL_NO_OPTION)

/* The hook test_config. */
void tw_control(apr_pool_t *pconf, server_rec *base_server);

/* What the subcommand is called. */
const char *tw_control_name(const tw_control_t *c);

/* The i-th argument; NULL: there are fewer. */
const char *tw_control_word(const tw_control_t *c, int i);

/* An option's value; "" if it takes none; NULL: it was not given. */
const char *tw_control_option(const tw_control_t *c, const char *name);

/* The option's value as a number from least to most, or otherwise where it was
 * not given; -1: it is something else, which was said. */
apr_int64_t tw_control_number(const tw_control_t *c, const char *name,
                              apr_int64_t least, apr_int64_t most,
                              apr_int64_t otherwise);

/* How many rows are to be shown: --limit, else all as JSON and a hundred for
 * people; -1 as above. */
apr_int64_t tw_control_limit(const tw_control_t *c);

/* Says on standard error what is wrong and would be right; always
 * TW_CONTROL_WRONG. */
int tw_control_fail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The same of what went wrong with the database, or at X. */
int tw_control_fail_err(const tw_control_t *c, const tw_err_t *err);

/* What a subcommand returns at its end: all is printed, and status counts, or
 * it was said that it could not be. */
int tw_control_end(const tw_control_t *c, int status);

/*
 * Opens a site's database for a command, which is closed with the pool; from
 * here on the process is root no more.  TW_CONTROL_DONE, or the status to
 * return: it was said why.
 */
int tw_control_open(tw_db_t **db, const tw_control_t *c,
                    const tw_site_t *site);

/* The same, where the caller says what went wrong. */
apr_status_t tw_control_connect(tw_db_t **db, const tw_site_t *site,
                                apr_pool_t *pool, tw_err_t *err);

/*
 * Who a word of the command names: a username, a handle (@jack), the number of
 * an account or of X (account:12, id:2244994945).  TW_CONTROL_DONE, or the
 * status to return: it was said that there is none, or that there are several.
 */
int tw_control_member(tw_member_t *member, const tw_control_t *c,
                      const char *who);

/* Ends the sessions of an account and tells the event log, where there were
 * any; as tw_control_fail() where it cannot. */
int tw_control_end_of(apr_int64_t *ended, const tw_control_t *c,
                      const tw_member_t *whom);

/* Says how many were ended, and when that counts. */
void tw_control_say_ended(const tw_control_t *c, apr_int64_t ended);

/*
 * When servers that run notice a change, for a sentence: "within 2 seconds
 * (TwAuthSessionFeed)", or by TwAuthSessionRecheck where that is sooner.  A
 * command is a process of its own, and what is known between processes is the
 * server's alone.
 */
const char *tw_control_notice(const tw_control_t *c);

/*
 * For control.c, before a command that writes: opens the event logs of all
 * sites of this run, while it may.  Where one does not open, nothing is to be
 * changed.
 */
int tw_control_join(tw_control_t *c);

/*
 * Tells the event logs of all sites of this run what was done: kind, to whom
 * (NULL: to nobody in particular), and by which words.
 */
void tw_control_tell(const tw_control_t *c, tw_event_kind_t kind,
                     const tw_member_t *whom);

#endif
