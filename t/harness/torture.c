/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into httpd: counts the calls that may fail, by their kinds, and fails
 * one of them, once.  The file $TORTURE is mapped by all its processes and by
 * the test, which says there whose calls count, and which one fails; see
 * torture.py, which has the same layout.
 *
 * Not counted:
 * - memory that neither the module nor libcurl asks for, nor a library for
 *   them: what httpd does without is not the module's;
 * - memory for httpd, its modules, APR, liboauth and the dynamic linker: they
 *   end the process without it;
 * - memory for NSS, by which liboauth signs: see caller.h;
 * - memory by which libcurl (7.88) remembers a TLS session for libssl: what it
 *   has no room for there, it frees twice;
 * - memory for TLS that is not with X;
 * - what httpd's listener does: httpd gives up without;
 * - getrandom(): libsodium ends the child without it.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "caller.h"

enum {
    MEMORY, TLS, RESOURCE, IO, WAIT, STATEMENT, LOST, PROVIDER, SEAL, KINDS
};
enum { WORKERS = 1, PARENT = 2, CHILDREN = 4 };

typedef struct {
    uint32_t armed;         /* whose calls count, 0: nobody's */
    uint32_t kind, number;  /* the call that fails, from 1; 0: none */
    uint32_t parent;        /* httpd's first process */
    uint32_t calls[KINDS];  /* counted so far */
    uint32_t fresh;         /* each call to X has a connection of its own */
    uint32_t failed;
    char stack[4000];       /* what failed, and who called it: file+offset */
} control_t;

static control_t *control;
static __thread int busy, listens, calls_x;

static __attribute__((constructor)) void begin(void)
{
    const char *path = getenv("TORTURE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    uint32_t nobody = 0;
    void *at;

    busy++;
    backtrace(&at, 1);      /* has what it needs from now on */
    at = fd >= 0 ? mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0) : MAP_FAILED;
    if (at != MAP_FAILED) {
        control_t *mapped = at;

        __atomic_compare_exchange_n(&mapped->parent, &nobody,
                                    (uint32_t)getpid(), 0, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        control = mapped;
    }
    if (fd >= 0) {
        close(fd);
    }
    busy--;
}

/* ---- which call --------------------------------------------------------- */

static unsigned whose(void)
{
    if ((uint32_t)getpid() == control->parent) {
        return PARENT;
    }
    return gettid() == getpid() ? CHILDREN : listens ? 0 : WORKERS;
}

/* Writes down what fails. */
static void note(const char *name)
{
    char *end = control->stack + sizeof(control->stack);
    char *at = control->stack;
    void *frames[40];
    int i, n = backtrace(frames, 40);
    Dl_info info;

    at += snprintf(at, (size_t)(end - at), "%s", name);
    for (i = 2; i < n && end - at > 100; i++) {
        const char *file = file_of(frames[i], &info);

        at += snprintf(at, (size_t)(end - at), "\n%.60s+0x%zx", file,
                       (size_t)((char *)frames[i] - (char *)info.dli_fbase));
    }
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
}

static int counts(void)
{
    return control && control->armed && !busy && whose() & control->armed;
}

static int fails(unsigned kind, const char *name)
{
    int due = 0;

    if (counts()) {
        uint32_t n = __atomic_add_fetch(&control->calls[kind], 1,
                                        __ATOMIC_SEQ_CST);

        due = kind == control->kind && n == control->number;
        if (due) {
            busy++;
            note(name);
            busy--;
        }
    }
    return due;
}

/*
 * Whether memory is asked for on behalf of the module or of libcurl.  Others
 * are refused none: the C library, for one, remembers for good that it could
 * not load a resolver.  None is refused below libssl, which calls libcurl to
 * have a TLS session remembered, nor below NSS: see the list above.
 */
static int is_ours(void)
{
    void *frames[40];
    int i, ours = 0, n = backtrace(frames, 40);
    Dl_info info;

    for (i = 2; i < n; i++) {
        const char *file = file_of(frames[i], &info);

        if (!strncmp(file, "libssl", 6) || is_of(file, nss)) {
            return 0;
        }
        ours |= !strncmp(file, "mod_twauth", 10)
                || !strncmp(file, "libcurl", 7);
    }
    return ours;
}

/* Whether memory is refused to this caller; never to one that would end or
 * corrupt the process without. */
static int starves(const void *caller, const char *name)
{
    static const char *const endings[] = {
        "apache2", "libapr", "mod_", "liboauth", NULL
    };
    Dl_info info;
    const char *file;
    int ours;

    if (!counts()) {
        return 0;
    }
    busy++;
    file = file_of(caller, &info);
    busy--;
    if (!strncmp(file, "mod_twauth", 10)) {
        return fails(MEMORY, name);
    }
    if (is_of(file, endings) || is_of(file, linker) || is_of(file, nss)) {
        return 0;
    }
    if (!strncmp(file, "libssl", 6) || !strncmp(file, "libcrypto", 9)) {
        return calls_x && fails(TLS, name);
    }
    busy++;
    ours = is_ours();
    busy--;
    return ours && fails(MEMORY, name);
}

/* The proper function; a library may have been unloaded and loaded again. */
static void *proper(const char *library, const char *name)
{
    void *found, *handle;

    busy++;
    handle = library ? dlopen(library, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    found = dlsym(handle ? handle : RTLD_NEXT, name);
    if (handle) {
        dlclose(handle);
    }
    busy--;
    return found;
}

#define REAL(library, name) ((__typeof__(&name))proper(library, #name))

/* A function of the system; failing: what it gives back when it fails. */
#define SYSTEM(kind, failing, type, name, params, args)                       \
    type name params                                                          \
    {                                                                         \
        static __typeof__(&name) real;                                        \
                                                                              \
        if (!real) {                                                          \
            real = REAL(NULL, name);                                          \
        }                                                                     \
        return fails(kind, #name) ? failing : real args;                      \
    }
#define MINUS(number) (errno = (number), -1)

/* ---- memory ------------------------------------------------------------- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

#define NO_MEMORY(name)                                                       \
    (starves(__builtin_return_address(0), name) && (errno = ENOMEM))

void *malloc(size_t size)
{
    return NO_MEMORY("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return NO_MEMORY("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return NO_MEMORY("realloc") ? NULL : __libc_realloc(old, size);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    return NO_MEMORY("mmap") ? MAP_FAILED
           : REAL(NULL, mmap)(at, len, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off64_t offset)
{
    return NO_MEMORY("mmap64") ? MAP_FAILED
           : REAL(NULL, mmap64)(at, len, prot, flags, fd, offset);
}

/* ---- descriptors and threads; without accept() httpd would give up ------ */

#define WITH_MODE(name, first, ...)                                           \
    int name(first, int flags, ...)                                           \
    {                                                                         \
        va_list more;                                                         \
        mode_t mode;                                                          \
                                                                              \
        va_start(more, flags);                                                \
        mode = va_arg(more, mode_t);                                          \
        va_end(more);                                                         \
        return fails(RESOURCE, #name) ? MINUS(EMFILE)                         \
               : REAL(NULL, name)(__VA_ARGS__, flags, mode);                  \
    }

WITH_MODE(open, const char *path, path)
WITH_MODE(open64, const char *path, path)
#define DIRECTORY_AND_PATH int folder, const char *path
WITH_MODE(openat, DIRECTORY_AND_PATH, folder, path)

SYSTEM(RESOURCE, (errno = EMFILE, NULL), FILE *, fopen,
       (const char *path, const char *mode), (path, mode))
SYSTEM(RESOURCE, (errno = EMFILE, NULL), FILE *, fopen64,
       (const char *path, const char *mode), (path, mode))
SYSTEM(RESOURCE, MINUS(EMFILE), int, socket,
       (int domain, int type, int protocol), (domain, type, protocol))
SYSTEM(RESOURCE, MINUS(EMFILE), int, socketpair,
       (int domain, int type, int protocol, int pair[2]),
       (domain, type, protocol, pair))
SYSTEM(RESOURCE, MINUS(EMFILE), int, pipe, (int pair[2]), (pair))
SYSTEM(RESOURCE, MINUS(EMFILE), int, pipe2, (int pair[2], int flags),
       (pair, flags))
SYSTEM(RESOURCE, MINUS(EMFILE), int, eventfd, (unsigned count, int flags),
       (count, flags))
SYSTEM(RESOURCE, MINUS(EMFILE), int, dup, (int fd), (fd))
SYSTEM(RESOURCE, MINUS(EMFILE), int, epoll_create1, (int flags), (flags))
SYSTEM(RESOURCE, EAGAIN, int, pthread_create,
       (pthread_t *thread, const pthread_attr_t *attributes,
        void *(*run)(void *), void *arg), (thread, attributes, run, arg))

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    listens = 1;
    return REAL(NULL, epoll_wait)(fd, events, most, timeout);
}

/* ---- reading, writing, and who is asked before -------------------------- */

/* a connection that failed once does not come to life again */
#define DEAD(number) (shutdown(fd, SHUT_RDWR), MINUS(number))
SYSTEM(IO, DEAD(EIO), ssize_t, read, (int fd, void *data, size_t len),
       (fd, data, len))
SYSTEM(IO, MINUS(EIO), ssize_t, pread64,
       (int fd, void *data, size_t len, off64_t at), (fd, data, len, at))
SYSTEM(IO, DEAD(EIO), ssize_t, readv,
       (int fd, const struct iovec *pieces, int n), (fd, pieces, n))
SYSTEM(IO, DEAD(ENOSPC), ssize_t, write,
       (int fd, const void *data, size_t len), (fd, data, len))
SYSTEM(IO, MINUS(ENOSPC), ssize_t, pwrite64,
       (int fd, const void *data, size_t len, off64_t at),
       (fd, data, len, at))
SYSTEM(IO, DEAD(EPIPE), ssize_t, writev,
       (int fd, const struct iovec *pieces, int n), (fd, pieces, n))
SYSTEM(IO, DEAD(ECONNRESET), ssize_t, recv,
       (int fd, void *data, size_t len, int flags), (fd, data, len, flags))
SYSTEM(IO, DEAD(ECONNRESET), ssize_t, recvfrom,
       (int fd, void *data, size_t len, int flags, struct sockaddr *from,
        socklen_t *size), (fd, data, len, flags, from, size))
SYSTEM(IO, DEAD(EPIPE), ssize_t, send,
       (int fd, const void *data, size_t len, int flags),
       (fd, data, len, flags))
SYSTEM(IO, DEAD(EPIPE), ssize_t, sendto,
       (int fd, const void *data, size_t len, int flags,
        const struct sockaddr *to, socklen_t size),
       (fd, data, len, flags, to, size))
SYSTEM(IO, MINUS(ECONNREFUSED), int, connect,
       (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
SYSTEM(WAIT, MINUS(ENOMEM), int, poll,
       (struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout))
SYSTEM(IO, EAI_AGAIN, int, getaddrinfo,
       (const char *name, const char *service, const struct addrinfo *hints,
        struct addrinfo **found), (name, service, hints, found))
SYSTEM(IO, MINUS(EIO), int, fdatasync, (int fd), (fd))
SYSTEM(IO, MINUS(EIO), int, ftruncate64, (int fd, off64_t size), (fd, size))

/* Locks alone: libcurl does not look whether a socket waits or not, and a lock
 * that were not given back would be held by who believes that it is not. */
static int locks(int command, const void *arg)
{
    const struct flock *lock = arg;

    return command == F_SETLK && lock->l_type != F_UNLCK;
}

#define CONTROLS(name)                                                        \
    int name(int fd, int command, ...)                                        \
    {                                                                         \
        va_list more;                                                         \
        void *arg;                                                            \
                                                                              \
        va_start(more, command);                                              \
        arg = va_arg(more, void *);                                           \
        va_end(more);                                                         \
        return locks(command, arg) && fails(IO, #name) ? MINUS(ENOLCK)        \
               : REAL(NULL, name)(fd, command, arg);                          \
    }

CONTROLS(fcntl)
CONTROLS(fcntl64)

/* ---- libraries: their headers need not be there ------------------------- */

#define LIBRARY(kind, library, failing, type, name, params, args)             \
    type name params;                                                         \
    type name params                                                          \
    {                                                                         \
        return fails(kind, #name) ? failing : REAL(library, name) args;       \
    }
/* A call that fails, or that was made and whose answer is lost. */
#define LOSABLE(kind, library, failing, lose, type, name, params, args)       \
    type name params;                                                         \
    type name params                                                          \
    {                                                                         \
        type answer;                                                          \
                                                                              \
        if (fails(kind, #name)) {                                             \
            return failing;                                                   \
        }                                                                     \
        answer = REAL(library, name) args;                                    \
        if (fails(LOST, #name)) {                                             \
            lose;                                                             \
            return failing;                                                   \
        }                                                                     \
        return answer;                                                        \
    }

#define PQ "libpq.so.5"
void PQclear(void *);
#define FORGET REAL(PQ, PQclear)(answer)
LOSABLE(STATEMENT, PQ, NULL, FORGET, void *, PQexec,
        (void *db, const char *sql), (db, sql))
LOSABLE(STATEMENT, PQ, NULL, FORGET, void *, PQexecPrepared,
        (void *db, const char *name, int n, void *values, void *lengths,
         void *formats, int format),
        (db, name, n, values, lengths, formats, format))
LOSABLE(STATEMENT, PQ, NULL, FORGET, void *, PQexecParams,
        (void *db, const char *sql, int n, void *types, void *values,
         void *lengths, void *formats, int format),
        (db, sql, n, types, values, lengths, formats, format))
LIBRARY(STATEMENT, PQ, NULL, void *, PQconnectdb, (const char *info), (info))

/*
 * What others ask of SQLite, not what it asks of itself: it reads the schema by
 * its own statements, and takes one of them that ends early for the whole of
 * the schema.  sqlite3_prepare() leaves no statement behind when it fails, and
 * APR finalizes what it left.
 */
#define SQLITE "libsqlite3.so.0"
#define SQLITE_IOERR 10
#define BY_ITSELF                                                             \
    (!control || !control->armed || by_sqlite(__builtin_return_address(0)))
static int by_sqlite(const void *caller)
{
    Dl_info info;
    int found;

    busy++;
    found = !strncmp(file_of(caller, &info), "libsqlite3", 10);
    busy--;
    return found;
}

int sqlite3_step(void *statement);
int sqlite3_step(void *statement)
{
    int by_itself = BY_ITSELF, code;

    if (!by_itself && fails(STATEMENT, "sqlite3_step")) {
        return SQLITE_IOERR;
    }
    code = REAL(SQLITE, sqlite3_step)(statement);
    return !by_itself && fails(LOST, "sqlite3_step") ? SQLITE_IOERR : code;
}

int sqlite3_prepare(void *db, const char *sql, int len, void **made,
                    void *rest);
int sqlite3_prepare(void *db, const char *sql, int len, void **made,
                    void *rest)
{
    if (!BY_ITSELF && fails(STATEMENT, "sqlite3_prepare")) {
        *made = NULL;
        return SQLITE_IOERR;
    }
    return REAL(SQLITE, sqlite3_prepare)(db, sql, len, made, rest);
}

LIBRARY(STATEMENT, SQLITE, 14, int, sqlite3_open, (const char *file, void *db),
        (file, db))

#define CURL "libcurl.so.4"
#define FRESH_CONNECT 74
#define FORBID_REUSE 75
int curl_easy_setopt(void *curl, int option, ...);
int curl_easy_setopt(void *curl, int option, ...)
{
    va_list more;
    void *value;

    va_start(more, option);
    value = va_arg(more, void *);
    va_end(more);
    return fails(PROVIDER, "curl_easy_setopt") ? 27 /* out of memory */
           : REAL(CURL, curl_easy_setopt)(curl, option, value);
}

int curl_easy_perform(void *curl);
int curl_easy_perform(void *curl)
{
    int code;

    if (fails(PROVIDER, "curl_easy_perform")) {
        return 7;       /* no connection */
    }
    if (control && control->fresh) {
        REAL(CURL, curl_easy_setopt)(curl, FRESH_CONNECT, 1L);
        REAL(CURL, curl_easy_setopt)(curl, FORBID_REUSE, 1L);
    }
    calls_x++;
    code = REAL(CURL, curl_easy_perform)(curl);
    calls_x--;
    return fails(LOST, "curl_easy_perform") ? 56 /* no answer */ : code;
}

LIBRARY(PROVIDER, CURL, NULL, void *, curl_easy_init, (void), ())
LIBRARY(PROVIDER, CURL, NULL, void *, curl_slist_append,
        (void *list, const char *line), (list, line))
LIBRARY(PROVIDER, CURL, 27, int, curl_global_init, (long flags), (flags))
LIBRARY(PROVIDER, "liboauth.so.0", NULL, char *, oauth_sign_hmac_sha1,
        (const char *text, const char *key), (text, key))
LIBRARY(PROVIDER, "libjansson.so.4", NULL, void *, json_loadb,
        (const char *text, size_t len, size_t flags, void *error),
        (text, len, flags, error))
LIBRARY(PROVIDER, "libjansson.so.4", NULL, char *, json_dumps,
        (void *json, size_t flags), (json, flags))

#define SODIUM "libsodium.so.23"
/* sealing and digests cannot fail where the lengths are right */
typedef const unsigned char text_t;
typedef unsigned long long len_t;
LIBRARY(SEAL, SODIUM, -1, int, sodium_init, (void), ())
LIBRARY(SEAL, SODIUM, NULL, void *, sodium_malloc, (size_t len), (len))
LIBRARY(SEAL, SODIUM, -1, int, sodium_mprotect_readonly, (void *at), (at))
LIBRARY(SEAL, SODIUM, -1, int, crypto_aead_xchacha20poly1305_ietf_decrypt,
        (unsigned char *to, len_t *to_len, unsigned char *none, text_t *from,
         len_t len, text_t *more, len_t more_len, text_t *nonce, text_t *key),
        (to, to_len, none, from, len, more, more_len, nonce, key))
