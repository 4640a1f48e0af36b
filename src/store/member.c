/* SPDX-License-Identifier: Apache-2.0 */
#include "store/member.h"

#include <string.h>

#include <apr_strings.h>

#include "base/ascii.h"
#include "base/id.h"
#include "store/column.h"

/* more: what tables of an older version do not have. */
#define MEMBER(more)                                                        \
    "SELECT a.id, a.twitter_id, a.username, a.screen_name, a.active,"       \
    " (SELECT count(*) FROM twauth_session s WHERE s.account_id = a.id"     \
    " AND s.expires_at > CAST(%s AS bigint)),"                              \
    " a.created_at, a.signed_in_at, " more " FROM twauth_account a WHERE "

#define ALL "a.id > CAST(%s AS bigint) ORDER BY a.id LIMIT 500"
#define SOME                                                                \
    "a.id > CAST(%s AS bigint) AND ("                                       \
    "lower(a.username) LIKE lower(CAST(%s AS text)) ESCAPE '!'"             \
    " OR lower(a.screen_name) LIKE lower(CAST(%s AS text)) ESCAPE '!'"      \
    " OR a.twitter_id LIKE lower(CAST(%s AS text)) ESCAPE '!'"              \
    " OR a.id = CAST(%s AS bigint)) ORDER BY a.id LIMIT 500"
/* Each argument is "" where it is not asked for, the number -1. */
#define ONE                                                                 \
    "(a.username <> '' AND a.username = CAST(%s AS text))"                  \
    " OR (a.screen_name <> '' AND lower(a.screen_name)"                     \
    " = lower(CAST(%s AS text)))"                                           \
    " OR a.twitter_id = CAST(%s AS text)"                                   \
    " OR a.id = CAST(%s AS bigint) ORDER BY a.id LIMIT 2"

/* By the tables' version. */
#define NEW MEMBER("a.roles, a.waiting_since")
#define OLD MEMBER("'', ''")
#define STATEMENTS(name, which, args)                                       \
    static const tw_statement_t name##_new = {                              \
        "twauth_member_" #name, NEW which, args                             \
    };                                                                      \
    static const tw_statement_t name##_old = {                              \
        "twauth_member_" #name "_4", OLD which, args                        \
    };                                                                      \
    static const tw_statement_t *const name[] = { &name##_new, &name##_old, \
                                                  NULL };

STATEMENTS(all, ALL, 2)
STATEMENTS(some, SOME, 6)
STATEMENTS(one, ONE, 5)

static const tw_statement_t waiting_new = {
    "twauth_member_waiting", NEW "a.waiting_since IS NOT NULL AND a.active = 1"
    " AND " ALL, 2
};
static const tw_statement_t *const waiting[] = { &waiting_new, NULL };

/* As a number of an account; "-1": it is none. */
static const char *number_of(const char *text)
{
    apr_size_t len = strspn(text, "0123456789");

    return len && len <= 18 && !text[len] ? text : "-1";
}

static const char *lower(const char *text, apr_pool_t *pool)
{
    return tw_ascii_lower(apr_pstrdup(pool, text), strlen(text));
}

/* A pattern of LIKE for what has text in it. */
static const char *having(const char *text, apr_pool_t *pool)
{
    char *pattern = apr_palloc(pool, 2 * strlen(text) + 3), *to = pattern;

    *to++ = '%';
    for (; *text; text++) {
        if (strchr("%_!", *text)) {
            *to++ = '!';
        }
        *to++ = *text;
    }
    *to++ = '%';
    *to = '\0';
    return pattern;
}

static apr_status_t run(apr_array_header_t **list,
                        const tw_statement_t *const *statements,
                        const char *const *args, tw_db_t *db, tw_err_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run_newest(&rows, db, statements, args, err);
    int i;

    *list = apr_array_make(tw_db_pool(db), 16, sizeof(tw_member_t));
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(rows, i, const char **);
        tw_member_t *member = apr_array_push(*list);

        member->account = tw_id_account_read(row[0]);
        member->twitter_id = row[1];
        member->username = row[2];
        member->screen_name = row[3];
        member->active = row[4];
        member->sessions = row[5];
        member->created_at = row[6];
        member->signed_in_at = row[7];
        member->roles = row[8];
        member->waiting_since = row[9];
    }
    return rv;
}

apr_status_t tw_member_list(apr_array_header_t **list, apr_int64_t after,
                            const char *like, tw_db_t *db, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *args[6];

    args[0] = tw_column_seconds(apr_time_now(), pool);
    args[1] = tw_id_account_text(after, pool);
    if (!like) {
        return run(list, all, args, db, err);
    }
    args[2] = args[3] = args[4] = having(like, pool);
    args[5] = number_of(like);
    return run(list, some, args, db, err);
}

apr_status_t tw_member_waiting(apr_array_header_t **list, apr_int64_t after,
                               tw_db_t *db, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *args[2];

    args[0] = tw_column_seconds(apr_time_now(), pool);
    args[1] = tw_id_account_text(after, pool);
    return run(list, waiting, args, db, err);
}

apr_status_t tw_member_find(apr_array_header_t **list, const char *who,
                            tw_db_t *db, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *args[5];

    args[0] = tw_column_seconds(apr_time_now(), pool);
    args[1] = args[2] = args[3] = "";
    args[4] = "-1";
    if (!strncmp(who, "account:", 8)) {
        args[4] = number_of(who + 8);
    }
    else if (!strncmp(who, "id:", 3)) {
        args[3] = who + 3;
    }
    else if (*who == '@') {
        args[2] = who + 1;
        args[3] = apr_pstrcat(pool, "handle:", lower(who + 1, pool), NULL);
    }
    else {
        args[1] = lower(who, pool);
        args[2] = who;
        args[3] = *number_of(who) == '-'
                  ? apr_pstrcat(pool, "handle:", lower(who, pool), NULL) : who;
        args[4] = number_of(who);
    }
    return run(list, one, args, db, err);
}
