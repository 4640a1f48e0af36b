/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables-are: what the script asks for `twauthctl tables`: one line of words
 * with tabs between them, - for what is empty.
 *
 *   sqlite3 USER GROUP VERSION WANTED FILE
 *   pgsql USER GROUP VERSION WANTED SCHEMA OWNER ROLE DATABASE PORT HOST RIGHTS
 *
 * USER and GROUP are whose the file is; VERSION as tw_version_read() has it,
 * WANTED TW_VERSION; the rest is tw_version_place_t, RIGHTS 1 where all are
 * there.
 */
#include "admin/control.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <unixd.h>

#include "store/version.h"

/* As whom the server works: root is the one who may become another. */
static const char *server_user(apr_pool_t *pool)
{
    int root = geteuid() == 0;
    const struct passwd *user =
        getpwuid(root ? ap_unixd_config.user_id : geteuid());
    const char *name = user ? apr_pstrdup(pool, user->pw_name) : NULL;
    const struct group *group =
        getgrgid(root ? ap_unixd_config.group_id : getegid());

    return name && group ? apr_psprintf(pool, "%s\t%s", name, group->gr_name)
                         : NULL;
}

/* A word of the line; NULL: it cannot be one. */
static const char *word(const char *text)
{
    const char *at;

    for (at = text; *at; at++) {
        if (apr_iscntrl(*at)) {
            return NULL;
        }
    }
    return *text ? text : "-";
}

static int say_sqlite(tw_control_t *c, const char *user)
{
    const char *file = c->site->store.database.params;
    struct stat found;
    tw_err_t err = { 0 };
    int version = 0, status;

    if (*file != '/' || !word(file)) {
        return tw_control_fail("DBDParams must be the whole path of a file: "
                               "\"/var/lib/twauth/twauth.db\"");
    }
    /* opening makes a file that is not there */
    if (stat(file, &found) == 0) {
        status = tw_control_open(&c->db, c, c->site);
        if (status != TW_CONTROL_DONE) {
            return status;
        }
        if (tw_version_read(&version, c->db, &err) != APR_SUCCESS) {
            return tw_control_fail_err(c, &err);
        }
    }
    tw_output_say(c->out, "sqlite3\t%s\t%d\t%d\t%s", user, version,
                  TW_VERSION, file);
    return tw_control_end(c, TW_CONTROL_DONE);
}

static int say_pgsql(tw_control_t *c, const char *user)
{
    tw_version_place_t place = { 0 };
    tw_err_t err = { 0 };
    const char *words[6];
    int version = 0, i, status = tw_control_open(&c->db, c, c->site);

    if (status != TW_CONTROL_DONE) {
        return tw_control_fail("the server itself must get in first: docs/"
                               "set-up.md, PostgreSQL, says how its role and "
                               "the database are made");
    }
    if (tw_version_read(&version, c->db, &err) != APR_SUCCESS
        || tw_version_place(&place, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    if (!*place.schema) {
        return tw_control_fail("no schema of the search_path is there: make "
                               "it, and GRANT USAGE, CREATE on it");
    }
    words[0] = place.schema;
    words[1] = place.owner;
    words[2] = place.role;
    words[3] = place.database;
    words[4] = place.port;
    words[5] = tw_db_native_host(tw_link_native(tw_db_link(c->db)));
    for (i = 0; i < 6; i++) {
        words[i] = word(words[i]);
        if (!words[i]) {
            return tw_control_fail("a name in the database has characters "
                                   "that cannot be written here");
        }
    }
    tw_output_say(c->out, "pgsql\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%d",
                  user, version, TW_VERSION, words[0], words[1], words[2],
                  words[3], words[4], words[5], !place.lacks_rights);
    return tw_control_end(c, TW_CONTROL_DONE);
}

int tw_control_tables_are(tw_control_t *c)
{
    const char *driver = c->site->store.database.driver;
    const char *user = server_user(c->pool);

    if (!user) {
        return tw_control_fail("User and Group name nobody on this system");
    }
    switch (tw_db_native_kind(driver)) {
    case TW_DB_NATIVE_SQLITE:
        return say_sqlite(c, user);
    case TW_DB_NATIVE_PGSQL:
        return say_pgsql(c, user);
    default:
        return tw_control_fail("tables are made in SQLite and PostgreSQL, not "
                               "with DBDriver %s", driver);
    }
}
