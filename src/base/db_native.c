/* SPDX-License-Identifier: Apache-2.0 */
#include "base/db_native.h"

#include <stdlib.h>
#include <string.h>

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/watchdog.h"

/* As libpq-fe.h and sqlite3.h have them. */
#define PQERRORS_VERBOSE 2
#define CONNECTION_OK 0
enum { POLLING_FAILED, POLLING_READING, POLLING_WRITING, POLLING_OK };
typedef struct {
    const char *keyword, *variable, *compiled, *value, *label, *display;
    int size;
} option_t;
#define SQLITE_FCNTL_HAS_MOVED 20

static struct {
    int (*socket)(const void *);
    const char *(*host)(const void *);
    int (*status)(const void *);
    int (*verbosity)(void *, int);
    int (*reset_start)(void *);
    int (*reset_poll)(void *);
    void (*reset)(void *);
    option_t *(*options)(void *);
    void (*free_options)(option_t *);
} pq;

static struct {
    int (*errcode)(void *);
    int (*busy_handler)(void *, int (*)(void *, int), void *);
    void (*interrupt)(void *);
    const char *(*filename)(void *, const char *);
    int (*control)(void *, const char *, int, void *);
} sqlite;

static const struct {
    tw_db_native_t kind;
    const char *name;
    void *function;
} functions[] = {
    { TW_DB_NATIVE_PGSQL, "PQsocket", &pq.socket },
    { TW_DB_NATIVE_PGSQL, "PQhost", &pq.host },
    { TW_DB_NATIVE_PGSQL, "PQstatus", &pq.status },
    { TW_DB_NATIVE_PGSQL, "PQsetErrorVerbosity", &pq.verbosity },
    { TW_DB_NATIVE_PGSQL, "PQresetStart", &pq.reset_start },
    { TW_DB_NATIVE_PGSQL, "PQresetPoll", &pq.reset_poll },
    { TW_DB_NATIVE_PGSQL, "PQreset", &pq.reset },
    { TW_DB_NATIVE_PGSQL, "PQconninfo", &pq.options },
    { TW_DB_NATIVE_PGSQL, "PQconninfoFree", &pq.free_options },
    { TW_DB_NATIVE_SQLITE, "sqlite3_extended_errcode", &sqlite.errcode },
    { TW_DB_NATIVE_SQLITE, "sqlite3_busy_handler", &sqlite.busy_handler },
    { TW_DB_NATIVE_SQLITE, "sqlite3_interrupt", &sqlite.interrupt },
    { TW_DB_NATIVE_SQLITE, "sqlite3_db_filename", &sqlite.filename },
    { TW_DB_NATIVE_SQLITE, "sqlite3_file_control", &sqlite.control },
};

tw_db_native_t tw_db_native_kind(const char *driver)
{
    return !strcmp(driver, "pgsql")     ? TW_DB_NATIVE_PGSQL
           : !strcmp(driver, "sqlite3") ? TW_DB_NATIVE_SQLITE
                                        : TW_DB_NATIVE_OTHER;
}

int tw_db_native_find(tw_db_native_t kind, const void *inside)
{
    void *driver = NULL;
    Dl_info where;
    int whole = 1;
    unsigned i;

    if (dladdr(inside, &where)) {
        driver = dlopen(where.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    }
    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *found;

        if (functions[i].kind != kind) {
            continue;
        }
        /* in the order in which the driver's own calls are bound */
        found = dlsym(RTLD_DEFAULT, functions[i].name);
        if (!found && driver) {
            found = dlsym(driver, functions[i].name);
        }
        memcpy(functions[i].function, &found, sizeof(found));
        whole &= found != NULL;
    }
    if (driver) {
        dlclose(driver);    /* it stays: whoever loaded it holds it */
    }
    return whole;
}

void tw_db_native_verbose(void *connection)
{
    if (pq.verbosity) {
        pq.verbosity(connection, PQERRORS_VERBOSE);
    }
}

int tw_db_native_socket(void *connection)
{
    return pq.socket ? pq.socket(connection) : -1;
}

const char *tw_db_native_host(void *connection)
{
    const char *host = pq.host ? pq.host(connection) : NULL;

    return host ? host : "";
}

int tw_db_native_connected(void *connection)
{
    return !pq.status || pq.status(connection) == CONNECTION_OK;
}

/* Waits until a socket is ready; 0: it was not in time. */
static int wait_for(int socket, short events, apr_interval_time_t limit)
{
    struct pollfd at = { socket, events, 0 };
    apr_interval_time_t until = tw_watchdog_clock() + limit;
    int rc;

    do {
        limit = until - tw_watchdog_clock();
        rc = poll(&at, 1, limit > 0 ? (int)apr_time_as_msec(limit) : 0);
    } while (rc < 0 && errno == EINTR);
    return rc > 0;
}

int tw_db_native_unasked(void *connection)
{
    int socket = tw_db_native_socket(connection);

    return socket >= 0 && wait_for(socket, POLLIN, 0);
}

/* Whether it is one of several hosts, each of which has its own time. */
static int has_more_hosts(void *connection)
{
    option_t *options = pq.reset && pq.options && pq.free_options
                            ? pq.options(connection) : NULL;
    const option_t *option;
    int several = 0, bounded = 0;

    for (option = options; option && option->keyword; option++) {
        if (!option->value) {
            continue;
        }
        if (!strcmp(option->keyword, "connect_timeout")) {
            bounded = strtol(option->value, NULL, 10) > 0;
        }
        else if (!strcmp(option->keyword, "host")
                 || !strcmp(option->keyword, "hostaddr")) {
            several |= strchr(option->value, ',') != NULL;
        }
    }
    if (options) {
        pq.free_options(options);
    }
    return several && bounded;
}

int tw_db_native_reset(void *connection, apr_interval_time_t limit)
{
    apr_interval_time_t until = tw_watchdog_clock() + limit;
    int state = POLLING_WRITING;

    if (!pq.reset_start || !pq.reset_poll || !pq.socket) {
        return -1;
    }
    /* from a host that is silent only libpq itself goes on to the next */
    if (has_more_hosts(connection)) {
        pq.reset(connection);
        return tw_db_native_connected(connection);
    }
    if (!pq.reset_start(connection)) {
        return 0;
    }
    while (state == POLLING_READING || state == POLLING_WRITING) {
        int socket = pq.socket(connection);
        apr_interval_time_t left = until - tw_watchdog_clock();

        if (left <= 0 || socket < 0
            || !wait_for(socket, state == POLLING_READING ? POLLIN : POLLOUT,
                         left)) {
            return 0;
        }
        state = pq.reset_poll(connection);
    }
    return state == POLLING_OK;
}

#define STEP_SLEEP 5000             /* microseconds */
#define STEP_SLEEPS 4
#define PREPARE_SLEEPS 400

/*
 * SQLite's, when it meets a lock; 1: it shall try again.  The driver asks
 * sixteen times again whatever is said here, unless it is interrupted.
 */
static int be_patient(void *given, int times)
{
    const tw_patience_t *patience = given;

    if (patience->kind == TW_PATIENCE_NONE) {
        sqlite.interrupt(patience->connection);
        return 0;
    }
    if (times >= (patience->kind == TW_PATIENCE_STEP ? STEP_SLEEPS
                                                     : PREPARE_SLEEPS)) {
        return 0;
    }
    usleep(STEP_SLEEP);
    return 1;
}

int tw_db_native_patience(tw_patience_t *patience, void *connection)
{
    patience->connection = connection;
    patience->kind = TW_PATIENCE_STEP;
    if (!sqlite.busy_handler || !sqlite.interrupt) {
        return 0;
    }
    sqlite.busy_handler(connection, be_patient, patience);
    return 1;
}

int tw_db_native_code(void *connection)
{
    return sqlite.errcode ? sqlite.errcode(connection) : -1;
}

const char *tw_db_native_file(void *connection)
{
    const char *path = sqlite.filename ? sqlite.filename(connection, "main")
                                       : NULL;

    return path && *path ? path : NULL;
}

int tw_db_native_moved(void *connection)
{
    int moved = 0;

    return sqlite.control
           && sqlite.control(connection, "main", SQLITE_FCNTL_HAS_MOVED,
                             &moved) == 0
           && moved;
}
