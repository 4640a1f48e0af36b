/* SPDX-License-Identifier: Apache-2.0 */
#include "base/watchdog.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STACK (128 * 1024)

APR_RING_HEAD(calls_t, tw_watchdog_t);

/*
 * Not in a pool: the thread outlives those of its process.  Calls stand in
 * the order in which they will be late.  Nearly all have the same time, so
 * that one that joins is the last, and need not wake who sleeps until the
 * first.
 */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t first;
    struct calls_t calls;
    int running;
    int idle;           /* there was nothing to watch: it wants to be told */
    apr_interval_time_t until;      /* else it sleeps until then */
} watched = { .mutex = PTHREAD_MUTEX_INITIALIZER };

apr_interval_time_t tw_watchdog_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return apr_time_from_sec((apr_time_t)t.tv_sec) + t.tv_nsec / 1000;
}

static void sleep_until(apr_interval_time_t until)
{
    struct timespec t;

    watched.until = until;
    t.tv_sec = (time_t)apr_time_sec(until);
    t.tv_nsec = (long)apr_time_usec(until) * 1000;
    pthread_cond_timedwait(&watched.first, &watched.mutex, &t);
}

static void *watch_all(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&watched.mutex);
    for (;;) {
        tw_watchdog_t *first = APR_RING_FIRST(&watched.calls);

        if (APR_RING_EMPTY(&watched.calls, tw_watchdog_t, link)) {
            watched.idle = 1;
            pthread_cond_wait(&watched.first, &watched.mutex);
        }
        else if (first->until > tw_watchdog_clock()) {
            sleep_until(first->until);
        }
        else {
            shutdown(first->socket, SHUT_RDWR);
            first->cut = 1;
            APR_RING_REMOVE(first, link);
            APR_RING_ELEM_INIT(first, link);
        }
    }
    return NULL;
}

/*
 * The thread is never joined: a process may end in the middle of anything,
 * in a signal handler too.  So the code must stay where it is even when the
 * module is unloaded at the very end.  No signal is this thread's.
 */
static int start(void)
{
    pthread_condattr_t clock;
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    Dl_info here;

    if (dladdr((void *)&watched, &here)) {
        dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
    APR_RING_INIT(&watched.calls, tw_watchdog_t, link);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&watched.first, &clock);
    pthread_condattr_destroy(&clock);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    watched.running = !pthread_create(&thread, &attributes, watch_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return watched.running;
}

/* Among the others, in the order of their ends. */
static void join(tw_watchdog_t *watch)
{
    tw_watchdog_t *before = APR_RING_LAST(&watched.calls);

    while (before != APR_RING_SENTINEL(&watched.calls, tw_watchdog_t, link)
           && before->until > watch->until) {
        before = APR_RING_PREV(before, link);
    }
    if (before == APR_RING_SENTINEL(&watched.calls, tw_watchdog_t, link)) {
        APR_RING_INSERT_HEAD(&watched.calls, watch, tw_watchdog_t, link);
    }
    else {
        APR_RING_INSERT_AFTER(before, watch, link);
    }
}

void tw_watchdog_begin(tw_watchdog_t *watch, int socket)
{
    tw_watchdog_begin_for(watch, socket, TW_WATCHDOG_MAX);
}

void tw_watchdog_begin_for(tw_watchdog_t *watch, int socket,
                           apr_interval_time_t limit)
{
    watch->cut = 0;
    watch->socket = socket < 0 ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (watch->socket < 0) {
        return;
    }
    watch->until = tw_watchdog_clock() + limit;
    pthread_mutex_lock(&watched.mutex);
    if (!watched.running && !start()) {
        pthread_mutex_unlock(&watched.mutex);
        close(watch->socket);
        watch->socket = -1;
        return;
    }
    join(watch);
    if (watched.idle || watch->until < watched.until) {
        watched.idle = 0;
        pthread_cond_signal(&watched.first);
    }
    pthread_mutex_unlock(&watched.mutex);
}

int tw_watchdog_end(tw_watchdog_t *watch)
{
    if (watch->socket < 0) {
        return 0;
    }
    pthread_mutex_lock(&watched.mutex);
    APR_RING_REMOVE(watch, link);
    pthread_mutex_unlock(&watched.mutex);
    close(watch->socket);
    return watch->cut;
}
