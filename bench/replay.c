/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions by the hundred thousand, without as many browsers: bench/sessions.py.
 *
 *     replay ids COUNT [FIRST]     the ids of sessions FIRST (1) and on, as
 *                                  rows have them, one a line
 *     replay cookies KEY REALM COUNT [FIRST]
 *                                  their sealed copies, checked now
 *     replay run KEY REALM PORT NAME SESSIONS PART EVERY SECONDS OLDEST AHEAD
 *
 * `run` has PART of SESSIONS ask for a members' page every EVERY seconds, for so
 * many seconds, each with the copy that it was given last, which before the
 * first was checked at some time in the last OLDEST seconds.  NAME is the
 * cookie's, KEY a file.  The server's clock is AHEAD seconds ahead.  What it
 * says is JSON: requests, of which `renewed` brought a new copy, `refused` were
 * not answered with 200, and `late` is how far the last one was behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "sealed/session.h"

#define WORKERS 8
#define DAY apr_time_from_sec(24 * 3600)

typedef struct {
    long requests, renewed, refused, late;
} said_t;

/* What `run` was told. */
static struct {
    tw_sealer_t sealer;
    const char *name;
    int port;
    long sessions, part;
    double every, seconds, oldest;
    apr_time_t ahead;
} told;

static void stop(const char *why)
{
    fprintf(stderr, "replay: %s\n", why);
    exit(1);
}

/* Ids that spread (splitmix64). */
static void id_of(tw_id_t *id, long n)
{
    int i;

    for (i = 0; i < 2; i++) {
        apr_uint64_t x = (2 * (apr_uint64_t)n + (apr_uint64_t)i + 1)
                         * 0x9e3779b97f4a7c15ULL;

        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
        x ^= x >> 31;
        memcpy(id->bytes + 8 * i, &x, 8);
    }
}

/* Session n is of account n, whose name is un. */
static char *copy_of(long n, apr_time_t checked, apr_pool_t *pool)
{
    tw_session_t session = { .account = n };

    id_of(&session.id, n);
    session.twitter_id = apr_psprintf(pool, "%ld", n);
    session.username = session.screen_name = apr_psprintf(pool, "u%ld", n);
    session.signed_in_at = checked;
    session.expires_at = checked + 6 * DAY;
    session.checked_at = session.last_seen = checked;
    return tw_session_seal(&session, &told.sealer, pool);
}

static void seal_with(const char *file, const char *realm, apr_pool_t *pool)
{
    char text[512] = "";
    tw_ring_t *ring = tw_ring_make(pool);
    FILE *from = fopen(file, "r");
    tw_err_t err = { 0 };

    if (!from || !fgets(text, sizeof(text), from)) {
        stop("no key");
    }
    fclose(from);
    text[strcspn(text, "\n")] = '\0';
    if (!ring || tw_ring_add(ring, text, pool, &err) != APR_SUCCESS) {
        stop("the key is none");
    }
    told.sealer = (tw_sealer_t){ ring, TW_SEAL_SESSION, realm };
}

/* ---- asking ------------------------------------------------------------- */

static int connect_to(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((apr_uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        stop("no connection");
    }
    return fd;
}

/* A whole answer; 0: the connection was closed before it. */
static int receive(int fd, char *answer, size_t room)
{
    size_t have = 0;

    for (;;) {
        ssize_t n = read(fd, answer + have, room - 1 - have);
        char *end, *length;

        if (n <= 0) {
            return 0;
        }
        have += (size_t)n;
        answer[have] = '\0';
        end = strstr(answer, "\r\n\r\n");
        length = strstr(answer, "Content-Length: ");
        if (end && (!length || length > end
                    || have >= (size_t)(end + 4 - answer)
                               + strtoul(length + 16, NULL, 10))) {
            return 1;
        }
    }
}

static void ask(said_t *said, int *fd, char **copy)
{
    char request[4096], answer[32768], *set;
    int len = snprintf(request, sizeof(request),
                       "GET /members/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                       "Cookie: %s=%s\r\n\r\n", told.port, told.name, *copy);

    while (write(*fd, request, (size_t)len) != len
           || !receive(*fd, answer, sizeof(answer))) {
        close(*fd);
        *fd = connect_to(told.port);
    }
    said->requests++;
    said->refused += strncmp(answer + 9, "200", 3) != 0;
    set = strstr(answer, "Set-Cookie: ");
    if (set && !strncmp(set + 12, told.name, strlen(told.name))) {
        set += 12 + strlen(told.name) + 1;
        free(*copy);
        *copy = strndup(set, strcspn(set, ";\r"));
        said->renewed++;
    }
}

/* ---- one of the workers ------------------------------------------------- */

/* When the nth request of a worker is due, after the first. */
static apr_time_t due(long n, long count)
{
    return (apr_time_t)(1e6 * told.every * (double)n / (double)count);
}

/* The copies of every WORKERSth session of the part, which are spread over all
 * of them. */
static char **copies_of(long count, int me, apr_time_t begin)
{
    char **copies = calloc((size_t)count, sizeof(*copies));
    apr_pool_t *pool;
    long j;

    apr_pool_create(&pool, NULL);
    for (j = 0; copies && j < count; j++) {
        long n = (j * WORKERS + me) * (told.sessions / told.part) + 1;
        /* those that ask one after the other were checked at times apart */
        double age = told.oldest * (double)(j * 7919 % count) / (double)count;

        copies[j] = strdup(copy_of(n, begin + told.ahead + due(j, count)
                                      - (apr_time_t)(1e6 * age), pool));
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return copies;
}

static void work(said_t *said, int me, apr_time_t begin)
{
    long count = told.part / WORKERS, n;
    char **copies = copies_of(count, me, begin);
    int fd = connect_to(told.port);

    if (!copies) {
        stop("no memory");
    }
    for (n = 0;; n++) {
        apr_time_t ahead = begin + due(n, count) - apr_time_now();

        if (due(n, count) >= (apr_time_t)(1e6 * told.seconds)) {
            return;
        }
        if (ahead > 0) {
            apr_sleep(ahead);
        }
        said->late = ahead < 0 ? (long)(-ahead / 1000) : 0;
        ask(said, &fd, &copies[n % count]);
    }
}

static void run(void)
{
    said_t *each = mmap(NULL, WORKERS * sizeof(*each), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0), all = { 0 };
    apr_time_t begin = apr_time_now() + apr_time_from_sec(told.part / 50000
                                                          + 1);
    int i, status;

    for (i = 0; i < WORKERS; i++) {
        if (!fork()) {
            work(&each[i], i, begin);
            _exit(0);
        }
    }
    while (wait(&status) > 0) {
        if (status) {
            stop("a worker failed");
        }
    }
    for (i = 0; i < WORKERS; i++) {
        all.requests += each[i].requests;
        all.renewed += each[i].renewed;
        all.refused += each[i].refused;
        all.late = each[i].late > all.late ? each[i].late : all.late;
    }
    printf("{\"requests\": %ld, \"renewed\": %ld, \"refused\": %ld, "
           "\"late\": %.3f}\n", all.requests, all.renewed, all.refused,
           (double)all.late / 1000);
}

static void print_each(long count, long first, int sealed, apr_pool_t *pool)
{
    apr_pool_t *sub;
    tw_id_t id;
    long n;

    apr_pool_create(&sub, pool);
    for (n = first; n < first + count; n++) {
        id_of(&id, n);
        puts(sealed ? copy_of(n, apr_time_now(), sub) : tw_id_text(&id, sub));
        apr_pool_clear(sub);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (tw_seal_init() != APR_SUCCESS) {
        stop("no random numbers");
    }
    if (!strcmp(what, "ids")) {
        print_each(atol(argv[2]), argc > 3 ? atol(argv[3]) : 1, 0, pool);
        return 0;
    }
    if (argc > 4) {
        seal_with(argv[2], argv[3], pool);
    }
    if (!strcmp(what, "cookies") && argc > 4) {
        print_each(atol(argv[4]), argc > 5 ? atol(argv[5]) : 1, 1, pool);
    }
    else if (!strcmp(what, "run") && argc == 12) {
        told.port = atoi(argv[4]);
        told.name = argv[5];
        told.sessions = atol(argv[6]);
        told.part = atol(argv[7]);
        told.every = atof(argv[8]);
        told.seconds = atof(argv[9]);
        told.oldest = atof(argv[10]);
        told.ahead = (apr_time_t)(1e6 * atof(argv[11]));
        run();
    }
    else {
        stop("what? the head of bench/replay.c says it");
    }
    return 0;
}
