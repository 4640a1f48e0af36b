/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment as all processes of a server have it, for the tests of what is in
 * it.  The clock is ours; threads and forked children are real.
 */
#ifndef UNIT_SHARED_H
#define UNIT_SHARED_H

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "shared/segment.h"

#define SEC(n) apr_time_from_sec(n)
#define NOW SEC(1790000000)

/* How many ended sessions there is room for, where a test does not say it. */
#define ENTRIES 131072
/* The default of TwAuthSharedEntries. */
#define USUAL 262144

static tw_shared_t *shared;
static int entries;
static void *memory;

/* A segment as httpd has it: zeroed, shared with children. */
static inline void prepare(void)
{
    entries = ENTRIES;
    memory = mmap(NULL, tw_shared_size(USUAL), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        exit(2);
    }
}

static inline void fresh(void)
{
    memset(memory, 0, tw_shared_size(entries));
    shared = tw_shared_attach(memory, entries, NOW);
}

/* The nth id of many different ones (splitmix64, so that they spread). */
static inline const tw_id_t *id_of(tw_id_t *id, uint64_t n)
{
    int i;

    for (i = 0; i < 2; i++) {
        uint64_t x = (2 * n + (uint64_t)i + 1) * 0x9e3779b97f4a7c15ULL;

        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
        x ^= x >> 31;
        memcpy(id->bytes + 8 * i, &x, 8);
    }
    return id;
}

/*
 * The nth id of those that share a bucket, whatever its number: the tables
 * mix the two halves of an id's first eight bytes, so halves that differ in
 * the same bits fall together.
 */
static inline const tw_id_t *crowd(tw_id_t *id,
                                         uint32_t n)
{
    uint32_t half[2];

    memset(id, 0, sizeof(*id));
    half[0] = n * 0x9e3779b9U + 0x12345678U;
    half[1] = half[0] ^ 0x2aaaaaaaU;
    memcpy(id->bytes, half, sizeof(half));
    return id;
}

/* ---- many at once -------------------------------------------------------- */

#define RACERS 16

static pthread_barrier_t *line;
static volatile int *wins;      /* of each id, in memory that children share */
static volatile int *failed;

/* Memory for the race itself, also for children. */
static inline void race_begin(void)
{
    pthread_barrierattr_t attr;
    char *board = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(board != MAP_FAILED);
    line = (pthread_barrier_t *)board;
    failed = (volatile int *)(board + 1024);
    wins = (volatile int *)(board + 2048);
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(line, &attr, RACERS);
    pthread_barrierattr_destroy(&attr);
    fresh();
}

#endif
