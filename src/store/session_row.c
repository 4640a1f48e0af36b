/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session_row.h"

#include <string.h>

#include <apr_strings.h>

#include "store/column.h"

#define USER_AGENT_MAX 255

/* From the account, not beside it: no session without one.  It may be run
 * again after a connection was lost, hence ON CONFLICT. */
#define BEGIN(may, returning)                                               \
    "INSERT INTO twauth_session (id, account_id, created_at, seen_at,"      \
    " expires_at, address, user_agent)"                                     \
    " SELECT CAST(%s AS text), a.id, CAST(%s AS bigint),"                   \
    " CAST(%s AS bigint), CAST(%s AS bigint), CAST(%s AS text),"            \
    " CAST(%s AS text) FROM twauth_account a"                               \
    " WHERE a.id = CAST(%s AS bigint) AND a.active = 1" may                 \
    " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"            \
    " RETURNING id" returning

/* The same with the number of sessions that the account may have. */
#define BEGIN_KEEP(may, returning)                                          \
    "INSERT INTO twauth_session (id, account_id, created_at, seen_at,"      \
    " expires_at, address, user_agent, keep)"                               \
    " SELECT CAST(%s AS text), a.id, CAST(%s AS bigint),"                   \
    " CAST(%s AS bigint), CAST(%s AS bigint), CAST(%s AS text),"            \
    " CAST(%s AS text), i.keep FROM twauth_account a"                       \
    " CROSS JOIN (SELECT CAST(%s AS bigint) AS account,"                    \
    " CAST(%s AS integer) AS keep) AS i"                                    \
    " WHERE a.id = i.account AND a.active = 1" may                          \
    " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"            \
    " RETURNING id" returning

#define IS_IN " AND a.waiting_since IS NULL"
#define ITS_ROLES                                                           \
    ", (SELECT o.roles FROM twauth_account o"                               \
    " WHERE o.id = twauth_session.account_id)"

static const tw_statement_t session_begin = {
    "twauth_session_begin", BEGIN(IS_IN, ITS_ROLES), 7
};
static const tw_statement_t session_begin_4 = {
    "twauth_session_begin_4", BEGIN("", ", ''"), 7
};
static const tw_statement_t session_begin_keep = {
    "twauth_session_begin_keep", BEGIN_KEEP(IS_IN, ITS_ROLES), 8
};
static const tw_statement_t session_begin_keep_4 = {
    "twauth_session_begin_keep_4", BEGIN_KEEP("", ", ''"), 8
};

/* By the tables' version; and with another number than tables have by
 * themselves, which those of -3 and before cannot have. */
static const tw_statement_t *const begins[] = {
    &session_begin, &session_begin_4, NULL
};
static const tw_statement_t *const begins_keep[] = {
    &session_begin_keep, &session_begin_keep_4, &session_begin_4, NULL
};

/*
 * Sessions that wait drive none out, for a page elsewhere can send a browser
 * to a hub as often as it likes: they are few, and count when they are taken.
 */
#define WAITING_KEEP 1000000
#define THE_OLDEST(which)                                                   \
    "DELETE FROM twauth_session WHERE id IN (SELECT id FROM twauth_session" \
    " WHERE account_id = CAST(%s AS bigint) AND " which                     \
    " ORDER BY created_at DESC, id LIMIT 1000 OFFSET "

static const tw_statement_t waiting_sweep = {
    "twauth_session_waiting_sweep", THE_OLDEST("seen_at = 0") "3)", 1
};
static const tw_statement_t taken_sweep = {
    "twauth_session_taken_sweep",
    THE_OLDEST("seen_at > 0 AND id <> %s") "CAST(%s AS bigint))", 3
};

/* A row that was never seen waits: the first who comes for it has it. */
static const tw_statement_t session_take = {
    "twauth_session_take",
    "UPDATE twauth_session SET seen_at = CAST(%s AS bigint),"
    " expires_at = CAST(%s AS bigint), address = CAST(%s AS text),"
    " user_agent = CAST(%s AS text)"
    " WHERE id = %s AND account_id = CAST(%s AS bigint) AND seen_at = 0"
    " AND expires_at >= CAST(%s AS bigint) RETURNING id",
    7
};

/* Whether the account is active and let in, its roles, and what more is asked
 * for, as far as the tables have it. */
#define CHECK_WITH(active, more)                                            \
    "SELECT a.id, a.twitter_id, a.username, a.screen_name, " active         \
    ", s.expires_at, s.seen_at, " more                                      \
    " FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"   \
    " WHERE s.id = %s"
#define IN_NOW "CASE WHEN a.waiting_since IS NULL THEN a.active ELSE 0 END"
#define PROFILE ", a.name, a.avatar, a.email, a.verified"

static const tw_statement_t session_check = {
    "twauth_session_check", CHECK_WITH(IN_NOW, "a.roles"), 1
};
static const tw_statement_t session_check_4 = {
    "twauth_session_check_4", CHECK_WITH("a.active", "''"), 1
};
static const tw_statement_t session_check_profile = {
    "twauth_session_check_profile",
    CHECK_WITH(IN_NOW, "a.roles" PROFILE), 1
};
static const tw_statement_t session_check_profile_4 = {
    "twauth_session_check_profile_4", CHECK_WITH("a.active", "''" PROFILE), 1
};
static const tw_statement_t session_check_none = {
    "twauth_session_check_none",
    CHECK_WITH("a.active", "'', '', '', '', ''"), 1
};

static const tw_statement_t *const checks[] = {
    &session_check, &session_check_4, NULL
};
static const tw_statement_t *const checks_profile[] = {
    &session_check_profile, &session_check_profile_4, &session_check_none,
    NULL
};

static const tw_statement_t session_seen = {
    "twauth_session_seen",
    "UPDATE twauth_session SET seen_at = CAST(%s AS bigint) WHERE id = %s",
    2
};

static const tw_statement_t session_end = {
    "twauth_session_end",
    "DELETE FROM twauth_session WHERE id = %s",
    1
};

static const tw_statement_t session_end_all = {
    "twauth_session_end_all",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " RETURNING id",
    1
};

/*
 * Sessions that began later are not those that were meant.  Nor has a session
 * that was ended meanwhile, by an administrator or from elsewhere, anything
 * to say any more: its own row must still be there.
 */
static const tw_statement_t session_end_deferred = {
    "twauth_session_end_deferred",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " AND created_at <= CAST(%s AS bigint)"
    " AND EXISTS (SELECT 1 FROM twauth_session o WHERE o.id = %s"
    " AND o.account_id = twauth_session.account_id)",
    3
};

static const char *clean_user_agent(apr_pool_t *pool, const char *text)
{
    char *clean = apr_pstrndup(pool, text ? text : "", USER_AGENT_MAX);
    char *c;

    for (c = clean; *c; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            *c = '?';
        }
    }
    return clean;
}

int tw_session_row_run_deferred(tw_db_t *db)
{
    const tw_database_t *database = tw_db_database(db);
    apr_pool_t *pool = tw_db_pool(db);
    tw_deferred_delete_t deferred;
    int done = 0;

    while (tw_shared_take_deferred(database->shared, database->slot, &deferred,
                                   apr_time_now())) {
        const char *args[3];

        args[2] = tw_id_text(&deferred.id, pool);
        args[0] = deferred.account ? tw_id_account_text(deferred.account, pool)
                                   : args[2];
        args[1] = tw_column_seconds(deferred.at, pool);
        if (!tw_db_try(db,
                       deferred.account ? &session_end_deferred : &session_end,
                       args)) {
            tw_shared_deferred_again(database->shared, &deferred);
            return -1;
        }
        tw_shared_deferred_done(database->shared, &deferred);
        done = 1;
    }
    return done;
}

apr_status_t tw_session_row_begin(tw_session_t *session, tw_db_t *db,
                                  const tw_session_from_t *from,
                                  tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    int keep = from->waits ? WAITING_KEEP : from->keep;
    const char *args[8];
    apr_array_header_t *rows;
    apr_status_t rv;

    tw_seal_random(&session->id, sizeof(session->id));
    session->checked_at = session->last_seen = session->signed_in_at;
    args[0] = tw_id_text(&session->id, pool);
    args[1] = tw_column_seconds(session->signed_in_at, pool);
    args[2] = from->waits ? "0" : args[1];
    args[3] = tw_column_seconds(session->expires_at, pool);
    args[4] = from->address;
    args[5] = clean_user_agent(pool, from->user_agent);
    args[6] = tw_id_account_text(session->account, pool);
    args[7] = apr_itoa(pool, keep);
    rv = from->waits ? tw_db_run(NULL, db, &waiting_sweep, args + 6, err)
                     : APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        rv = tw_db_run_newest(&rows, db, keep == TW_SESSIONS_PER_ACCOUNT
                                         ? begins : begins_keep, args, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rows->nelts) {
        return tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                          "account %s went away during the sign-in", args[6]);
    }
    tw_session_set_roles(session, APR_ARRAY_IDX(rows, 0, const char **)[1]);
    return APR_SUCCESS;
}

apr_status_t tw_session_row_take(tw_session_t *session, tw_db_t *db,
                                 const tw_session_from_t *from,
                                 tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_time_t now = apr_time_now();
    const char *args[7];
    apr_array_header_t *rows;
    apr_status_t rv;

    session->last_seen = now;
    args[0] = args[6] = tw_column_seconds(now, pool);
    args[1] = tw_column_seconds(session->expires_at, pool);
    args[2] = from->address;
    args[3] = clean_user_agent(pool, from->user_agent);
    args[4] = tw_id_text(&session->id, pool);
    args[5] = tw_id_account_text(session->account, pool);
    rv = tw_db_run(&rows, db, &session_take, args, err);
    if (rv == APR_SUCCESS && !rows->nelts) {
        return tw_err_set(err, pool, TW_ERR_REFUSED, APR_EGENERAL,
                          "the session was taken before, is over, or is in "
                          "another database than this host's");
    }
    if (rv == APR_SUCCESS) {
        args[0] = args[5];
        args[1] = args[4];
        args[2] = apr_itoa(pool, from->keep - 1);
        rv = tw_db_run(NULL, db, &taken_sweep, args, err);
    }
    return rv;
}

void tw_session_row_end_or_defer(const tw_session_t *session, tw_db_t *db)
{
    const tw_database_t *database = tw_db_database(db);
    const char *id = tw_id_text(&session->id, tw_db_pool(db));
    tw_deferred_delete_t deferred = { .whose = session->account };
    tw_err_t ignored = { 0 };

    if (tw_db_run(NULL, db, &session_end, &id, &ignored) != APR_SUCCESS) {
        deferred.id = session->id;
        tw_shared_defer_delete(database->shared, database->slot, &deferred,
                               apr_time_now());
    }
}

static apr_status_t read_row(apr_array_header_t **rows, tw_db_t *db,
                             const char *const *args, tw_err_t *err)
{
    const tw_statement_t *const *statements =
        tw_db_database(db)->profiles ? checks_profile : checks;
    apr_status_t rv;

    do {
        rv = tw_db_run_newest(rows, db, statements, args, err);
        /* it may have been among those whose deletion was deferred */
    } while (rv == APR_SUCCESS && (*rows)->nelts
             && tw_session_row_run_deferred(db) > 0);
    return rv;
}

apr_status_t tw_session_row_check(tw_check_t *check, tw_session_t *session,
                              const tw_database_t *database,
                              apr_interval_time_t idle, apr_pool_t *pool,
                              tw_err_t *err)
{
    apr_time_t now = apr_time_now();
    const char *args[2];
    apr_array_header_t *rows;
    const char **row;
    tw_db_t *db;
    apr_status_t rv;

    *check = TW_CHECK_GONE;
    rv = tw_db_open(&db, database, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    args[0] = tw_id_text(&session->id, pool);
    rv = read_row(&rows, db, args, err);
    if (rv != APR_SUCCESS || !rows->nelts) {
        goto done;
    }
    *check = TW_CHECK_REFUSED;
    row = APR_ARRAY_IDX(rows, 0, const char **);
    if (tw_id_account_read(row[0]) != session->account
        || strcmp(row[1], session->twitter_id) || strcmp(row[4], "1")
        || apr_atoi64(row[5]) <= apr_time_sec(now)
        || !row[2][0] || !tw_column_is_name(row[2])
        || !tw_column_is_name(row[3])) {
        goto done;
    }
    *check = TW_CHECK_GOOD;
    session->username = row[2];
    session->screen_name = row[3];
    tw_session_set_roles(session, row[7]);
    if (database->profiles) {
        tw_profile_t profile;

        tw_column_profile(&profile, row + 8, pool);
        tw_session_set_profile(session, &profile);
    }
    if (apr_atoi64(row[5]) < apr_time_sec(session->expires_at)) {
        session->expires_at = tw_column_time(row[5]);
    }
    session->checked_at = now;
    session->checked_there = 0;
    if (idle > 0 && tw_column_time(row[6]) < now - idle / 10) {
        args[1] = args[0];
        args[0] = tw_column_seconds(now, pool);
        tw_db_try(db, &session_seen, args);
    }

done:
    tw_db_close(db);
    return rv;
}

apr_status_t tw_session_row_end(apr_array_header_t **ended,
                            const tw_session_t *session, int everywhere,
                            const tw_database_t *database, apr_pool_t *pool,
                            tw_err_t *err)
{
    const char *arg = everywhere ? tw_id_account_text(session->account, pool)
                                 : tw_id_text(&session->id, pool);
    apr_array_header_t *rows;
    tw_db_t *db;
    apr_status_t rv;
    int i;

    if (ended) {
        *ended = apr_array_make(pool, 4, sizeof(tw_id_t));
    }
    rv = tw_db_open(&db, database, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = tw_db_run(&rows, db, everywhere ? &session_end_all : &session_end,
                   &arg, err);
    if (rv == APR_SUCCESS) {
        tw_session_row_run_deferred(db);
    }
    tw_db_close(db);
    for (i = 0; rv == APR_SUCCESS && everywhere && ended && i < rows->nelts;
         i++) {
        const char *text = APR_ARRAY_IDX(rows, i, const char **)[0];
        tw_id_t id;

        if (tw_id_read(&id, text)) {
            APR_ARRAY_PUSH(*ended, tw_id_t) = id;
        }
    }
    return rv;
}
