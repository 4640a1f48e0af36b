/* SPDX-License-Identifier: Apache-2.0 */
#include "store/version.h"

#include <string.h>

#include <apr_strings.h>

#include "private.h"

/* Where make install puts the files. */
#define FILES "/usr/share/mod_twauth/"

/* The first that has a row for its version. */
#define FIRST_RECORDED 5

/* Each version of before by something that it brought; nothing here fails
 * where a table is missing. */
#define RECOGNISE(is_table, has_column, has_trigger)                        \
    "SELECT CASE WHEN " is_table("twauth_schema") " THEN 5"                 \
    " WHEN " has_column("twauth_session", "keep") " THEN 4"                 \
    " WHEN " has_trigger("twauth_account", "twauth_username_left")          \
    " THEN 3"                                                               \
    " WHEN " has_column("twauth_account", "token_kind") " THEN 2"           \
    " WHEN " is_table("twauth_account") " THEN 1 ELSE 0 END"

#define SQLITE_TABLE(table)                                                 \
    "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '" table "')"
#define SQLITE_COLUMN(table, column)                                        \
    "EXISTS (SELECT 1 FROM pragma_table_info('" table "')"                  \
    " WHERE name = '" column "')"
#define SQLITE_TRIGGER(table, trigger)                                      \
    "EXISTS (SELECT 1 FROM sqlite_master WHERE tbl_name = '" table "'"      \
    " AND name = '" trigger "')"

#define PGSQL_TABLE(table) "to_regclass('" table "') IS NOT NULL"
#define PGSQL_COLUMN(table, column)                                         \
    "EXISTS (SELECT 1 FROM pg_catalog.pg_attribute"                         \
    " WHERE attrelid = to_regclass('" table "')"                            \
    " AND attname = '" column "' AND NOT attisdropped)"
#define PGSQL_TRIGGER(table, trigger)                                       \
    "EXISTS (SELECT 1 FROM pg_catalog.pg_trigger"                           \
    " WHERE tgrelid = to_regclass('" table "') AND tgname = '" trigger "')"

static const tw_statement_t recognise_sqlite = {
    "twauth_version_sqlite",
    RECOGNISE(SQLITE_TABLE, SQLITE_COLUMN, SQLITE_TRIGGER), 0
};

static const tw_statement_t recognise_pgsql = {
    "twauth_version_pgsql",
    RECOGNISE(PGSQL_TABLE, PGSQL_COLUMN, PGSQL_TRIGGER), 0
};

static const tw_statement_t recorded = {
    "twauth_version",
    "SELECT COALESCE(max(version), 4) FROM twauth_schema", 0
};

static const tw_statement_t place_pgsql = {
    "twauth_version_place",
    "SELECT COALESCE(n.nspname, current_schema(), ''),"
    " COALESCE(pg_get_userbyid(c.relowner), ''), current_user,"
    " current_database(), current_setting('port'),"
    " (SELECT count(*) FROM pg_catalog.pg_class t"
    " WHERE t.relnamespace = c.relnamespace AND t.relkind = 'r'"
    " AND left(t.relname, 7) = 'twauth_'"
    " AND t.relname NOT IN ('twauth_schema', 'twauth_adopt')"
    " AND NOT (has_table_privilege(t.oid, 'SELECT')"
    " AND has_table_privilege(t.oid, 'INSERT')"
    " AND has_table_privilege(t.oid, 'UPDATE')"
    " AND has_table_privilege(t.oid, 'DELETE')))"
    " FROM (SELECT to_regclass('twauth_account') AS oid) a"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = a.oid"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace", 0
};

static apr_status_t read_number(int *number, tw_db_t *db,
                                const tw_statement_t *statement, tw_err_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, statement, NULL, err);

    *number = rv == APR_SUCCESS && rows->nelts
                  ? (int)apr_atoi64(APR_ARRAY_IDX(rows, 0, const char **)[0])
                  : 0;
    return rv;
}

apr_status_t tw_version_read(int *version, tw_db_t *db, tw_err_t *err)
{
    tw_db_native_t kind = tw_db_native_kind(tw_db_database(db)->driver);
    apr_status_t rv;

    *version = -1;
    if (kind != TW_DB_NATIVE_SQLITE && kind != TW_DB_NATIVE_PGSQL) {
        return APR_SUCCESS;
    }
    rv = read_number(version, db, kind == TW_DB_NATIVE_SQLITE
                                      ? &recognise_sqlite : &recognise_pgsql,
                     err);
    return rv == APR_SUCCESS && *version >= FIRST_RECORDED
               ? read_number(version, db, &recorded, err) : rv;
}

apr_status_t tw_version_place(tw_version_place_t *place, tw_db_t *db,
                              tw_err_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &place_pgsql, NULL, err);
    const char **row;

    if (rv != APR_SUCCESS || !rows->nelts) {
        return rv;
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    place->schema = row[0];
    place->owner = row[1];
    place->role = row[2];
    place->database = row[3];
    place->port = row[4];
    place->lacks_rights = strcmp(row[5], "0") != 0;
    return APR_SUCCESS;
}

/* The files that are missing, by name. */
static const char *missing(int version, const char *driver, apr_pool_t *pool)
{
    const char *last = apr_psprintf(pool, FILES "%s-%d.sql", driver,
                                    TW_VERSION);

    return !version ? apr_psprintf(pool, FILES "%s.sql", driver)
           : version + 1 == TW_VERSION ? last
           : apr_psprintf(pool, FILES "%s-%d.sql to %s-%d.sql", driver,
                          version + 1, driver, TW_VERSION);
}

static void say(int version, const tw_database_t *database, apr_pool_t *pool)
{
    if (version > TW_VERSION) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0521) "the tables are of version %d; this module "
                     "knows those of version %d, and goes on with what it "
                     "knows", version, TW_VERSION);
    }
    else if (version >= 0 && version < TW_VERSION) {
        const char *are = version ? apr_psprintf(pool, "are of version %d",
                                                 version)
                                  : "are not there";

        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0520) "the tables %s, and this module wants "
                     "those of version %d: run `twauthctl tables`, or by hand "
                     "%s%s", are, TW_VERSION,
                     missing(version, database->driver, pool),
                     version ? "; until then there is nothing of what is new"
                             : "; if they are in a schema of their own, set "
                               "search_path");
    }
}

void tw_version_check(const tw_database_t *database, apr_pool_t *pool)
{
    tw_database_t quiet = *database;
    tw_err_t err = { 0 };
    int version = -1;
    tw_db_t *db;

    /* that it is down is said by whoever needs it */
    quiet.shared = NULL;
    if (!tw_outage_first(database)
        || tw_db_open(&db, &quiet, pool, &err) != APR_SUCCESS) {
        return;
    }
    if (tw_version_read(&version, db, &err) == APR_SUCCESS) {
        say(version, database, pool);
    }
    tw_db_close(db);
}
