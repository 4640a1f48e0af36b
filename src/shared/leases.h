/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/leases: places for calls to X, which end by themselves.
 */
#ifndef TW_SHARED_LEASES_H
#define TW_SHARED_LEASES_H

#include <apr_time.h>

#include "shared/cell.h"

typedef enum {
    TW_CALL_START, TW_CALL_CALLBACK, TW_CALL_REFRESH, TW_CALL_WAIT
} tw_call_t;

#define TW_CALLS_MAX 1024

/* Until when each is taken; a time that has passed is a free place. */
typedef struct {
    tw_cell_t call[TW_CALLS_MAX];
    tw_cell_t waiting[TW_CALLS_MAX];
} tw_leases_t;

/*
 * Takes one of cap places for a call that ends by deadline at the latest (a
 * place whose deadline has passed belonged to a process that died).  All but
 * callbacks get at most half of the places.  Who waits, for a place or for
 * what another one's call will bring, holds a worker as well: TW_CALL_WAIT is
 * a place to wait in, of which there are half as many more.  Returns the
 * place, -1 when all are taken.
 */
int tw_leases_take(tw_leases_t *leases, tw_call_t kind, int cap,
                   apr_time_t deadline, apr_time_t now);
void tw_leases_give(tw_leases_t *leases, tw_call_t kind, int place,
                    apr_time_t deadline);

#endif
