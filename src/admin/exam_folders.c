/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_folders.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/db_native.h"
#include "base/secret.h"

void tw_exam_secrets(tw_exam_t *exam)
{
    const apr_array_header_t *secrets =
        tw_exposed_secrets(exam->site, exam->pool);
    int i;

    for (i = 0; i < secrets->nelts; i++) {
        const tw_exposed_secret_t *secret =
            &APR_ARRAY_IDX(secrets, i, tw_exposed_secret_t);
        const char *file = tw_exposed_file(exam->user, secret, exam->pool);
        const char *folder = tw_exposed_folder(exam->user, secret,
                                               exam->pool);

        if (file) {
            tw_exam_say(exam, TW_VERDICT_WARNING, TW_EXPOSED_FILE, "%s",
                        file);
        }
        if (folder) {
            tw_exam_say(exam, TW_VERDICT_WARNING, "give that folder to root "
                        "(chown root:root, chmod 0755 or less)", "%s",
                        folder);
        }
    }
    if (tw_exam_has_said(exam)) {
        return;
    }
    if (exam->user) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%d files and commands, none "
                    "within reach of the server's user", secrets->nelts);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "this was not begun by "
                    "root (sudo): what the server's user can get at is not "
                    "known");
    }
}

/* ---- SQLite's file ------------------------------------------------------- */

/* The path of it; NULL: there is none. */
static const char *file_of(const tw_exam_t *exam)
{
    const tw_database_t *database = &exam->site->store.database;

    return tw_db_native_kind(database->driver) == TW_DB_NATIVE_SQLITE
               ? database->params : NULL;
}

static const char *folder_of(const char *file, apr_pool_t *pool)
{
    const char *slash = strrchr(file, '/');

    return !slash ? "." : slash == file ? "/"
           : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file));
}

/* Whether everybody may pass through all folders on the way. */
static int is_open_way(const char *file, apr_pool_t *pool)
{
    const char *path = folder_of(file, pool);
    struct stat st;

    while (*path == '/' && stat(path, &st) == 0 && (st.st_mode & S_IXOTH)) {
        if (!path[1]) {
            return 1;
        }
        path = folder_of(path, pool);
    }
    return 0;
}

void tw_exam_folder(tw_exam_t *exam)
{
    const char *file = file_of(exam);
    const char *folder;
    struct stat st;

    if (!file) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the database is no file here");
        return;
    }
    folder = folder_of(file, exam->pool);
    if (stat(folder, &st) != 0) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "make it with `twauthctl tables`, "
                    "or: install -d -m 0700 -o www-data -g www-data FOLDER",
                    "the folder %s is not there", folder);
    }
    else if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX)) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "chmod 0700 the folder, which "
                    "belongs to the server's user", "everybody may exchange "
                    "the database: the folder %s has mode %04o", folder,
                    (unsigned)st.st_mode & 07777);
    }
    else if (stat(file, &st) == 0 && (st.st_mode & S_IROTH)
             && is_open_way(file, exam->pool)) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "chmod 0700 its folder, which "
                    "belongs to the server's user", "everybody on this server "
                    "can read the database %s", file);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the database %s is not for "
                    "everybody", file);
    }
}

/* Whether what is there cannot be written to by who this is. */
static int is_closed(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
}

void tw_exam_sqlite_writable(tw_exam_t *exam)
{
    static const char *const beside[] = { "", "-wal", "-shm", "-journal" };
    const char *file = file_of(exam);
    const char *folder;
    apr_size_t i;

    if (!file) {
        return;
    }
    folder = folder_of(file, exam->pool);
    for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        const char *path = apr_pstrcat(exam->pool, file, beside[i], NULL);

        if (is_closed(path)) {
            tw_exam_say(exam, TW_VERDICT_WRONG, "give it to the server's user "
                        "(chown www-data:www-data), and use sqlite3 as that "
                        "user and never as root", "the server's user may not "
                        "write to %s", path);
        }
    }
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS)) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "give the folder to the server's "
                    "user: SQLite makes files beside the database",
                    "the server's user may not write to the folder %s",
                    folder);
    }
    if (!tw_exam_has_said(exam)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the server's user may write "
                    "to the file and its folder");
    }
}
