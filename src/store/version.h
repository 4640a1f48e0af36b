/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/version: which version the tables of a database are of.
 *
 * A version is a number, that of the file sql/sqlite3-N.sql or sql/pgsql-N.sql
 * which was said to the tables last; since the fifth it stands in the table
 * twauth_schema.  Those of before are known by what they have.  A module does
 * with older tables what it did with them, and newer ones have all that it
 * needs: a file only ever adds.
 */
#ifndef TW_STORE_VERSION_H
#define TW_STORE_VERSION_H

#include "store/db.h"

/* What this module is made for: the highest number of a file in sql/. */
#define TW_VERSION 6

/*
 * The version; 0: there are no tables where the connection looks for them, -1:
 * the database is neither SQLite nor PostgreSQL, and is not asked.
 */
apr_status_t tw_version_read(int *version, tw_db_t *db, tw_err_t *err);

/* Where the tables of PostgreSQL are, or would be made, as the server's own
 * role sees it. */
typedef struct tw_version_place_t {
    const char *schema;         /* "": search_path names none that is there */
    const char *owner;          /* of the tables; "": there are none */
    const char *role;           /* the server's */
    const char *database;
    const char *port;
    int lacks_rights;           /* to some of the tables */
} tw_version_place_t;

apr_status_t tw_version_place(tw_version_place_t *place, tw_db_t *db,
                              tw_err_t *err);

/*
 * In a child that starts: says in the log, once for each start and database,
 * what the tables lack and which files bring it.
 */
void tw_version_check(const tw_database_t *database, apr_pool_t *pool);

#endif
