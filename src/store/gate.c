/* SPDX-License-Identifier: Apache-2.0 */
#include "store/gate.h"

#include <string.h>

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/watchdog.h"
#include "shared/segment.h"

#define WAIT_MAX apr_time_from_sec(2)
#define FREE_WAIT apr_time_from_msec(300)
#define NEW_PAUSE apr_time_from_sec(1)

static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    struct {
        int used;
        int opening;
        int spare;                      /* such a write is under way */
        apr_interval_time_t new_at;     /* by the monotonic clock; 0: never */
        int waits;                      /* somebody, to be the next */
    } database[TW_SLOTS];
} gate;

apr_status_t tw_gate_init(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&gate.mutex,
                                              APR_THREAD_MUTEX_DEFAULT, pool);

    memset(gate.database, 0, sizeof(gate.database));
    return rv == APR_SUCCESS ? apr_thread_cond_create(&gate.changed, pool)
                             : rv;
}

/* A command at the configuration test is alone, and has no gate. */
static void lock(void)
{
    if (gate.mutex) {
        apr_thread_mutex_lock(gate.mutex);
    }
}

static void unlock(void)
{
    if (gate.mutex) {
        apr_thread_mutex_unlock(gate.mutex);
    }
}

apr_status_t tw_gate_enter(int slot, int most, int *waited)
{
    apr_interval_time_t until = tw_watchdog_clock() + WAIT_MAX;
    int *used = &gate.database[slot].used;
    int *opening = &gate.database[slot].opening;
    apr_status_t rv = APR_SUCCESS;

    *waited = 0;
    lock();
    while ((*used >= most || *opening) && rv == APR_SUCCESS) {
        apr_interval_time_t left = until - tw_watchdog_clock();

        *waited = 1;
        rv = left > 0 ? apr_thread_cond_timedwait(gate.changed, gate.mutex,
                                                  left)
                      : APR_TIMEUP;
    }
    if (*used < most && !*opening) {
        ++*used;
        *opening = 1;
        rv = APR_SUCCESS;
    }
    unlock();
    return rv;
}

void tw_gate_opened(int slot)
{
    lock();
    gate.database[slot].opening = 0;
    apr_thread_cond_broadcast(gate.changed);
    unlock();
}

void tw_gate_leave(int slot)
{
    lock();
    gate.database[slot].used--;
    apr_thread_cond_broadcast(gate.changed);
    unlock();
}

int tw_gate_others(int slot)
{
    int others;

    lock();
    others = gate.database[slot].used > 1;
    unlock();
    return others;
}

void tw_gate_wait(int slot)
{
    apr_interval_time_t until = tw_watchdog_clock() + FREE_WAIT,
                        left = FREE_WAIT;
    int used;

    lock();
    used = gate.database[slot].used;
    while (left > 0 && gate.database[slot].used >= used) {
        apr_thread_cond_timedwait(gate.changed, gate.mutex, left);
        left = until - tw_watchdog_clock();
    }
    unlock();
}

int tw_gate_try_new(int slot)
{
    apr_interval_time_t *at = &gate.database[slot].new_at;
    int *waits = &gate.database[slot].waits;
    apr_interval_time_t left;
    int may;

    lock();
    left = *at ? *at + NEW_PAUSE - tw_watchdog_clock() : 0;
    if (left > 0 && !*waits) {
        *waits = 1;
        unlock();
        apr_sleep(left);
        lock();
        *waits = 0;
        left = 0;
    }
    may = left <= 0;
    if (may) {
        *at = tw_watchdog_clock();
    }
    unlock();
    return may;
}

void tw_gate_better(int slot)
{
    lock();
    gate.database[slot].new_at = 0;
    unlock();
}

int tw_gate_begin_spare(int slot)
{
    int may;

    lock();
    may = !gate.database[slot].spare;
    if (may) {
        gate.database[slot].spare = 1;
    }
    unlock();
    return may;
}

void tw_gate_end_spare(int slot)
{
    lock();
    gate.database[slot].spare = 0;
    unlock();
}
