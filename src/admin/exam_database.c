/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_database.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_log.h>

#include "admin/exam_folders.h"
#include "store/db.h"
#include "store/version.h"

#define DBD_MAX 10              /* mod_dbd's own */
#define USER_MAX 64             /* longer names PostgreSQL cuts */

/* For a driver that says nothing of time: seconds, as libpq takes them. */
#define CONNECT_VARIABLE "PGCONNECT_TIMEOUT"
#define CONNECT_MAX "5"

/* A database, opened once for all hosts that have it. */
typedef struct {
    tw_database_t database;
    server_rec quiet;
    tw_db_t *db;                        /* NULL: it is not open */
    tw_err_t err;                       /* why */
} opened_t;

/* ---- a connection -------------------------------------------------------- */

/* What the store would log is said in verdicts. */
static void hush(opened_t *opened, const tw_site_t *site)
{
    opened->quiet = *site->server;
    opened->quiet.log.level = APLOG_EMERG;
    opened->quiet.log.module_levels = NULL;
    opened->database.server = &opened->quiet;
    opened->database.events = NULL;
}

static int is_sqlite(const tw_exam_t *exam)
{
    return tw_db_native_kind(exam->site->store.database.driver)
           == TW_DB_NATIVE_SQLITE;
}

/* What SQLite would make, were it asked for what is not there. */
static int is_missing(opened_t *opened, const tw_exam_t *exam)
{
    const char *file = opened->database.params;
    struct stat st;

    if (!is_sqlite(exam) || stat(file, &st) == 0) {
        return 0;
    }
    tw_err_set(&opened->err, exam->pool, TW_ERR_DATABASE, APR_ENOENT,
               "%s is not there, or in a folder that the server's user may "
               "not enter", file);
    opened->err.advice = "make it: `twauthctl tables`; it and its folder must "
                         "belong to the server's user";
    return 1;
}

static void open_it(opened_t *opened, tw_exam_t *exam)
{
    static const tw_statement_t hello[] = {
        { "twauth_doctor", "SELECT 1", 0 },
        { "twauth_doctor_file", "SELECT count(*) FROM sqlite_master", 0 }
    };
    static const tw_statement_t closed = {
        "twauth_doctor_only", "PRAGMA query_only = 1", 0
    };
    int sqlite = is_sqlite(exam);
    apr_array_header_t *rows;

    opened->database = exam->site->store.database;
    hush(opened, exam->site);
    /* what an administrator's statements do to a file is not ours to try */
    opened->database.init = sqlite ? NULL : opened->database.init;
    opened->database.shared = tw_shared_alone(exam->pool, apr_time_now());
    setenv(CONNECT_VARIABLE, CONNECT_MAX, 0);
    if (is_missing(opened, exam)
        || tw_db_open_alone(&opened->db, &opened->database, exam->pool,
                            &opened->err) != APR_SUCCESS) {
        return;
    }
    if ((sqlite && tw_db_run(&rows, opened->db, &closed, NULL, &opened->err)
                   != APR_SUCCESS)
        || tw_db_run(&rows, opened->db, &hello[sqlite], NULL, &opened->err)
           != APR_SUCCESS) {
        opened->db = NULL;
    }
}

static opened_t *open_once(tw_exam_t *exam)
{
    const tw_database_t *database = &exam->site->store.database;
    /* statements may choose the schema */
    const char *init = database->init
                       ? apr_array_pstrcat(exam->pool, database->init, '\n')
                       : "";
    const char *key = apr_pstrcat(exam->pool, "database ", database->driver,
                                  " ", database->params, "\n", init, NULL);
    opened_t *opened = apr_hash_get(exam->known, key, APR_HASH_KEY_STRING);

    if (!opened) {
        opened = apr_pcalloc(exam->pool, sizeof(*opened));
        open_it(opened, exam);
        apr_hash_set(exam->known, key, APR_HASH_KEY_STRING, opened);
    }
    return opened;
}

/* The connection; NULL: there is none, and the check has said so. */
static opened_t *connected(tw_exam_t *exam)
{
    opened_t *opened = open_once(exam);

    if (!opened->db) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "the database could not "
                    "be asked: see above");
        return NULL;
    }
    return opened;
}

tw_db_t *tw_exam_connection(tw_exam_t *exam)
{
    opened_t *opened = connected(exam);

    return opened ? opened->db : NULL;
}

void tw_exam_database(tw_exam_t *exam)
{
    const tw_database_t *database = &exam->site->store.database;
    opened_t *opened = open_once(exam);

    if (opened->db) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the database (%s) answers the "
                    "server's user", database->driver);
        return;
    }
    tw_exam_say_err(exam, TW_VERDICT_WRONG, is_sqlite(exam)
                    ? "the file must be a database, and it and its folder "
                      "must belong to the server's user"
                    : "is PostgreSQL running, and do DBDParams name its host, "
                      "the database, a user and the password?  Does its "
                      "pg_hba.conf let the server's user in?", &opened->err);
}

/* ---- tables -------------------------------------------------------------- */

/* What nobody could sign in without; what came later the version shows. */
static const tw_statement_t columns = {
    "twauth_doctor_columns",
    "SELECT a.id, a.twitter_id, a.username, a.screen_name, a.token, a.secret,"
    " a.token_kind, a.token_expires_at, a.token_refresh_at, a.active,"
    " a.created_at, a.signed_in_at, n.name, n.twitter_id, s.id, s.account_id,"
    " s.created_at, s.seen_at, s.expires_at, s.address, s.user_agent"
    " FROM twauth_account a, twauth_username n, twauth_session s"
    " WHERE 1 = 0",
    0
};

void tw_exam_tables(tw_exam_t *exam)
{
    opened_t *opened = connected(exam);
    apr_array_header_t *rows;
    tw_err_t err = { 0 };
    int version;

    if (!opened) {
        return;
    }
    if (tw_db_run(&rows, opened->db, &columns, NULL, &err) != APR_SUCCESS
        || tw_version_read(&version, opened->db, &err) != APR_SUCCESS) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, "make them: `twauthctl "
                        "tables`", &err);
    }
    else if (version >= 0 && version < TW_VERSION) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "run `twauthctl tables`", "the "
                    "tables are of version %d, and this module wants those of "
                    "version %d: what is new does not work", version,
                    TW_VERSION);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the tables are there, with "
                    "all that this version needs");
    }
}

/* ---- rights -------------------------------------------------------------- */

static const tw_statement_t missing_rights = {
    "twauth_doctor_rights",
    "SELECT c.relname, p.name, current_user"
    " FROM pg_catalog.pg_class c CROSS JOIN (VALUES (1, 'SELECT'),"
    " (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) AS p (place, name)"
    " WHERE c.relname IN ('twauth_account', 'twauth_invitation',"
    " 'twauth_role', 'twauth_session', 'twauth_username')"
    " AND c.relkind IN ('r', 'p')"
    " AND pg_table_is_visible(c.oid)"
    " AND NOT (c.relname = 'twauth_username' AND p.name = 'DELETE')"
    " AND NOT has_table_privilege(c.oid, p.name) ORDER BY c.relname, p.place",
    0
};

static const tw_statement_t read_only = {
    "twauth_doctor_read_only",
    "SELECT 1 WHERE current_setting('transaction_read_only') = 'on'",
    0
};

/* Rows of it come sorted by table. */
static void say_missing(tw_exam_t *exam, const apr_array_header_t *rows)
{
    const char *list = "", *tables = "", *table = "", *user = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(rows, i, const char **);
        const char *comma = i ? ", " : "";

        list = apr_pstrcat(exam->pool, list, comma, row[1], " on ", row[0],
                           NULL);
        if (strcmp(table, row[0])) {
            tables = apr_pstrcat(exam->pool, tables, comma, row[0], NULL);
        }
        table = row[0];
        user = tw_err_quote(exam->pool, row[2], strlen(row[2]), USER_MAX);
    }
    tw_exam_say(exam, TW_VERDICT_WRONG, apr_psprintf(
                    exam->pool, "as the tables' owner: GRANT SELECT, INSERT, "
                    "UPDATE, DELETE ON %s TO \"%s\"", tables, user),
                "the database user %s lacks rights: %s", user, list);
}

static void rights_of_pgsql(tw_exam_t *exam, opened_t *opened)
{
    apr_array_header_t *rows, *closed;
    tw_err_t err = { 0 };

    if (tw_db_run(&rows, opened->db, &missing_rights, NULL, &err)
        != APR_SUCCESS
        || tw_db_run(&closed, opened->db, &read_only, NULL, &err)
           != APR_SUCCESS) {
        tw_exam_say_err(exam, TW_VERDICT_WARNING, NULL, &err);
    }
    else if (closed->nelts) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "name the primary in DBDParams, or "
                    "take default_transaction_read_only back", "the database "
                    "takes nothing in: a standby, or read-only");
    }
    else if (rows->nelts) {
        say_missing(exam, rows);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the database user may do what "
                    "is needed");
    }
}

void tw_exam_rights(tw_exam_t *exam)
{
    opened_t *opened = connected(exam);

    if (!opened) {
        return;
    }
    switch (tw_db_native_kind(exam->site->store.database.driver)) {
    case TW_DB_NATIVE_SQLITE:
        tw_exam_sqlite_writable(exam);
        break;
    case TW_DB_NATIVE_PGSQL:
        rights_of_pgsql(exam, opened);
        break;
    default:
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "not looked at with the "
                    "driver %s", exam->site->store.database.driver);
    }
}

/* ---- connections --------------------------------------------------------- */

/* How many PostgreSQL has for who is no superuser. */
static const tw_statement_t room = {
    "twauth_doctor_room",
    "SELECT CAST(current_setting('max_connections') AS integer)"
    " - CAST(current_setting('superuser_reserved_connections') AS integer)",
    0
};

/* What the findings of the configuration have on it. */
static int say_findings(tw_exam_t *exam)
{
    int i;

    for (i = 0; i < exam->findings->list->nelts; i++) {
        const tw_finding_t *f = &APR_ARRAY_IDX(exam->findings->list, i,
                                               tw_finding_t);

        if (tw_exam_is_about_connections(exam, f)) {
            tw_exam_say(exam, TW_VERDICT_WARNING, f->advice, "%s",
                        f->sentence);
        }
    }
    return tw_exam_has_said(exam);
}

/* The room for connections; -1: not known, or without a limit. */
static int room_of(tw_exam_t *exam)
{
    apr_array_header_t *rows;
    tw_err_t err = { 0 };
    opened_t *opened;

    if (exam->offline
        || tw_db_native_kind(exam->site->store.database.driver)
           != TW_DB_NATIVE_PGSQL) {
        return -1;
    }
    opened = open_once(exam);
    return opened->db
           && tw_db_run(&rows, opened->db, &room, NULL, &err) == APR_SUCCESS
           && rows->nelts == 1
               ? (int)apr_atoi64(APR_ARRAY_IDX(rows, 0, const char **)[0])
               : -1;
}

void tw_exam_connections(tw_exam_t *exam)
{
    const char *max = tw_conftree_inherited(exam->tree, exam->site->server,
                                            "DBDMax");
    int processes = 1, threads = 1, has;
    int each = max ? (int)apr_atoi64(max) : DBD_MAX;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (threads < 1) {
        threads = 1;
    }
    /* as many as are asked for at once, and then mod_dbd's limit */
    each = threads < each ? threads : each;
    has = room_of(exam);
    if (has >= 0 && processes * each > has) {
        tw_exam_say(exam, TW_VERDICT_WARNING, apr_psprintf(
                        exam->pool, "raise max_connections above %d, or lower "
                        "DBDMax, or put PgBouncer before it",
                        processes * each),
                    "httpd may open %d connections (%d processes, %d each: "
                    "DBDMax and ThreadsPerChild), and PostgreSQL has %d",
                    processes * each, processes, each, has);
    }
    if (!say_findings(exam) && !tw_exam_has_said(exam)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "a process has up to %d "
                    "connections (threads: %d)%s", each, threads,
                    has < 0 ? "" : apr_psprintf(
                        exam->pool, ": %d in all, and PostgreSQL has %d",
                        processes * each, has));
    }
}
