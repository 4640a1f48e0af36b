/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database below the statements: it has alice, bob, and the sessions of the
 * input that is under way, and answers as the tables would.
 */

#include "parts.h"

#include "base/id.h"
#include "store/db.h"

/* More than any statement gives back. */
#define COLUMNS 32

struct tw_db_t {
    const tw_database_t *database;
    apr_pool_t *pool;
};

typedef void (*answer_t)(apr_array_header_t *rows, const char *const *args);

/* A row of empty columns. */
static const char **add_row(apr_array_header_t *rows)
{
    const char **row = apr_palloc(rows->pool, COLUMNS * sizeof(*row));
    int i;

    for (i = 0; i < COLUMNS; i++) {
        row[i] = "";
    }
    APR_ARRAY_PUSH(rows, const char **) = row;
    return row;
}

static const char *seconds(apr_pool_t *pool, apr_time_t time)
{
    return apr_psprintf(pool, "%" APR_TIME_T_FMT, apr_time_sec(time));
}

/* ---- what each statement gives back ------------------------------------- */

static void nothing(apr_array_header_t *rows, const char *const *args)
{
    (void)rows;
    (void)args;
}

/* Whom X names is alice. */
static void sign_in(apr_array_header_t *rows, const char *const *args)
{
    const char **row = add_row(rows);

    HOLDS(!strcmp(args[0], SERVER_ALICE));
    row[0] = "1";
    row[1] = "alice";
    row[2] = "1700000000";
}

static void begin(apr_array_header_t *rows, const char *const *args)
{
    const char *c;

    for (c = args[5]; *c; c++) {
        HOLDS(*c >= 0x20 && *c <= 0x7e);
    }
    HOLDS(!strcmp(args[6], "1"));
    add_row(rows)[0] = args[0];
    server_did.begun++;
}

static void check(apr_array_header_t *rows, const char *const *args)
{
    static const char *const names[] = { "alice", "bob" };
    int i;

    for (i = 0; i < 2; i++) {
        tw_session_t session = session_of(names[i]);

        if (!strcmp(args[0], tw_id_text(&session.id, rows->pool))) {
            const char **row = add_row(rows);

            row[0] = tw_id_account_text(session.account, rows->pool);
            row[1] = session.twitter_id;
            row[2] = session.username;
            row[3] = session.screen_name;
            row[4] = "1";
            row[5] = seconds(rows->pool, session.expires_at);
            /* long ago: it is to be written */
            row[6] = "1700000000";
        }
    }
}

static void end(apr_array_header_t *rows, const char *const *args)
{
    tw_id_t id;

    (void)rows;
    HOLDS(tw_id_read(&id, args[0]));
    /* a sign-in ends the session of before */
    server_did.ended += !server_did.begun;
}

static void end_all(apr_array_header_t *rows, const char *const *args)
{
    tw_session_t session = session_of(strcmp(args[0], "1") ? "bob" : "alice");

    /* and one that somebody else wrote there */
    add_row(rows)[0] = tw_id_text(&session.id, rows->pool);
    add_row(rows)[0] = "no id";
    server_did.ended++;
}

static void profile(apr_array_header_t *rows, const char *const *args)
{
    const char **row = add_row(rows);

    (void)args;
    row[0] = "Alice\xff\xe2\x80\xae";
    row[3] = "1";
}

/* The one that flows bring is another one's; any other is not there. */
static void invitation(apr_array_header_t *rows, const char *const *args)
{
    HOLDS(strlen(args[0]) == 32);
    if (!strcmp(args[0], SERVER_INVITATION)) {
        add_row(rows)[0] = "1";
    }
}

/* No tokens are kept. */
static void read_tokens(apr_array_header_t *rows, const char *const *args)
{
    (void)args;
    add_row(rows);
}

static const struct {
    const char *name;
    answer_t answer;
} statements[] = {
    { "twauth_find_or_create", sign_in },
    { "twauth_find_or_create_profile", sign_in },
    { "twauth_profile_read", profile },
    { "twauth_invitation_use", nothing },
    { "twauth_invitation_state", invitation },
    { "twauth_session_begin", begin },
    { "twauth_session_check", check },
    { "twauth_session_seen", nothing },
    { "twauth_session_end", end },
    { "twauth_session_end_all", end_all },
    { "twauth_tokens_read", read_tokens },
};

static void run(apr_array_header_t *rows, const tw_statement_t *statement,
                const char *const *args)
{
    const char *at = statement->sql;
    size_t i;
    int n;

    /* a text for each %s */
    for (n = 0; (at = strstr(at, "%s")); n++, at++) {
        HOLDS(n < statement->args && args[n] && strlen(args[n]) < 4096);
    }
    HOLDS(n == statement->args);
    for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (!strcmp(statement->name, statements[i].name)) {
            statements[i].answer(rows, args);
            return;
        }
    }
    fprintf(stderr, "%s: not among the statements of this database\n",
            statement->name);
    abort();
}

/* ---- store/db ----------------------------------------------------------- */

int tw_db_find(void)
{
    return 1;
}

apr_status_t tw_db_open(tw_db_t **db, const tw_database_t *database,
                        apr_pool_t *pool, tw_err_t *err)
{
    (void)err;
    *db = apr_palloc(pool, sizeof(**db));
    (*db)->database = database;
    (*db)->pool = pool;
    return APR_SUCCESS;
}

void tw_db_close(tw_db_t *db)
{
    (void)db;
}

apr_pool_t *tw_db_pool(const tw_db_t *db)
{
    return db->pool;
}

const tw_database_t *tw_db_database(const tw_db_t *db)
{
    return db->database;
}

const tw_link_t *tw_db_link(const tw_db_t *db)
{
    (void)db;
    return NULL;
}

int tw_db_is_doubtful(const tw_db_t *db)
{
    (void)db;
    return 0;
}

apr_status_t tw_db_run(apr_array_header_t **rows, tw_db_t *db,
                       const tw_statement_t *statement,
                       const char *const *args, tw_err_t *err)
{
    apr_array_header_t *got = apr_array_make(db->pool, 1,
                                             sizeof(const char **));

    (void)err;
    run(got, statement, args);
    if (rows) {
        *rows = got;
    }
    return APR_SUCCESS;
}

apr_status_t tw_db_run_newest(apr_array_header_t **rows, tw_db_t *db,
                              const tw_statement_t *const *newest,
                              const char *const *args, tw_err_t *err)
{
    return tw_db_run(rows, db, *newest, args, err);
}

int tw_db_try(tw_db_t *db, const tw_statement_t *statement,
              const char *const *args)
{
    return tw_db_run(NULL, db, statement, args, NULL) == APR_SUCCESS;
}
