/* SPDX-License-Identifier: Apache-2.0 */
/* What subcommands use, see admin/control.h. */
#include "admin/control.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "config/event_log.h"

/* ---- words -------------------------------------------------------------- */

const char *tw_control_word(const tw_control_t *c, int i)
{
    return i < c->words->nelts ? APR_ARRAY_IDX(c->words, i, const char *)
                               : NULL;
}

const char *tw_control_option(const tw_control_t *c, const char *name)
{
    return apr_table_get(c->options, name);
}

apr_int64_t tw_control_number(const tw_control_t *c, const char *name,
                              apr_int64_t least, apr_int64_t most,
                              apr_int64_t otherwise)
{
    const char *text = tw_control_option(c, name);
    apr_int64_t number = -1;

    if (!text) {
        return otherwise;
    }
    if (*text && strlen(text) <= 18 && !text[strspn(text, "0123456789")]) {
        number = apr_atoi64(text);
    }
    if (number < least || number > most) {
        tw_control_fail("--%s takes a number from %" APR_INT64_T_FMT " to %"
                        APR_INT64_T_FMT, name, least, most);
        return -1;
    }
    return number;
}

#define ALL 10000000
#define FOR_PEOPLE 100

apr_int64_t tw_control_limit(const tw_control_t *c)
{
    return tw_control_number(c, "limit", 1, ALL, tw_output_is_json(c->out)
                                                 ? ALL : FOR_PEOPLE);
}

/* ---- sentences ---------------------------------------------------------- */

int tw_control_fail(const char *fmt, ...)
{
    char text[2000], *at;
    va_list args;

    va_start(args, fmt);
    apr_vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    /* what is quoted in it cannot steer a terminal */
    for (at = text; *at; at++) {
        *at = apr_iscntrl(*at) ? '?' : *at;
    }
    fprintf(stderr, "twauthctl: %s\n", text);
    return TW_CONTROL_WRONG;
}

int tw_control_fail_err(const tw_control_t *c, const tw_err_t *err)
{
    return tw_control_fail("%s", tw_err_text(c->pool, err));
}

int tw_control_end(const tw_control_t *c, int status)
{
    apr_status_t rv = tw_output_end(c->out);
    char why[120];

    return rv == APR_SUCCESS
           ? status
           : tw_control_fail("not all could be written: %s",
                             apr_strerror(rv, why, sizeof(why)));
}

/* ---- the database ------------------------------------------------------- */

apr_status_t tw_control_connect(tw_db_t **db, const tw_site_t *site,
                                apr_pool_t *pool, tw_err_t *err)
{
    tw_database_t *database = apr_pmemdup(pool, &site->store.database,
                                          sizeof(*database));

    /* the breaker of one process alone */
    database->shared = tw_shared_alone(pool, apr_time_now());
    return tw_db_open_alone(db, database, pool, err);
}

int tw_control_open(tw_db_t **db, const tw_control_t *c,
                    const tw_site_t *site)
{
    tw_err_t err = { 0 };

    return tw_control_connect(db, site, c->pool, &err) == APR_SUCCESS
           ? TW_CONTROL_DONE : tw_control_fail_err(c, &err);
}

static const char *name_of(const tw_member_t *member, apr_pool_t *pool)
{
    return tw_err_quote(pool, member->username, strlen(member->username),
                        100);
}

int tw_control_member(tw_member_t *member, const tw_control_t *c,
                      const char *who)
{
    apr_array_header_t *list;
    tw_err_t err = { 0 };
    const tw_member_t *found;

    if (tw_member_find(&list, who, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    if (!list->nelts) {
        tw_control_fail("there is no account %s: twauthctl accounts lists "
                        "them", who);
        return TW_CONTROL_NOTHING;
    }
    found = (const tw_member_t *)list->elts;
    if (list->nelts > 1) {
        return tw_control_fail("%s may be account:%" APR_INT64_T_FMT " (%s) "
                               "or account:%" APR_INT64_T_FMT " (%s): say "
                               "which", who, found[0].account,
                               name_of(&found[0], c->pool), found[1].account,
                               name_of(&found[1], c->pool));
    }
    *member = found[0];
    return TW_CONTROL_DONE;
}

/* ---- event logs --------------------------------------------------------- */

int tw_control_join(tw_control_t *c)
{
    apr_table_t *joined = apr_table_make(c->pool, 4);
    int i;

    c->logs = apr_array_make(c->pool, 4, sizeof(tw_event_log_t));
    for (i = 0; i < c->sites->nelts; i++) {
        const tw_site_t *site = APR_ARRAY_IDX(c->sites, i, const tw_site_t *);
        tw_event_log_t *log;
        apr_status_t rv;
        char why[120];

        if (!site->log.events_to
            || apr_table_get(joined, site->log.events_to)) {
            continue;
        }
        apr_table_setn(joined, site->log.events_to, "");
        log = apr_array_push(c->logs);
        rv = tw_event_log_join(log, site, c->pool);
        if (rv != APR_SUCCESS) {
            return tw_control_fail("nothing was changed, for TwAuthEventLog of "
                                   "%s cannot be told of it: %s",
                                   site->address.origin,
                                   apr_strerror(rv, why, sizeof(why)));
        }
    }
    return TW_CONTROL_DONE;
}

/* The words of this run, and who became root for it. */
static const char *words_said(const tw_control_t *c)
{
    const char *sudo = getenv("SUDO_USER"), *said = getenv("TWAUTH_CTL");
    const char *told = "told\n--\n";    /* what the script has done */
    char *text = apr_pstrdup(c->pool, !said ? "" : strncmp(said, told, 8)
                                      ? said : said + 8), *at;

    for (at = text; *at; at++) {
        *at = *at != '\n' ? *at : at[1] ? ' ' : '\0';
    }
    return apr_pstrcat(c->pool, said ? "twauthctl " : "httpd -t", text,
                       sudo ? " (sudo by " : NULL, sudo, ")", NULL);
}

void tw_control_tell(const tw_control_t *c, tw_event_kind_t kind,
                     const tw_member_t *whom)
{
    tw_event_t event = { .kind = kind, .why = words_said(c) };
    int i;

    if (whom) {
        event.account = whom->account;
        event.id = whom->twitter_id;
        event.username = whom->username;
        event.screen_name = whom->screen_name;
    }
    for (i = 0; i < c->logs->nelts; i++) {
        if (tw_event_write(&event, &APR_ARRAY_IDX(c->logs, i, tw_event_log_t),
                           c->pool) != APR_SUCCESS) {
            tw_control_fail("it is done, but TwAuthEventLog takes no events");
        }
    }
}
