/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/leases: leases for calls to X, which end by themselves.
 */
#ifndef TW_SHARED_LEASES_H
#define TW_SHARED_LEASES_H

#include <apr_time.h>

#include "shared/cell.h"

typedef enum {
    TW_CALL_START, TW_CALL_CALLBACK, TW_CALL_REFRESH, TW_CALL_WAIT,
    TW_CALL_SIGNED, TW_CALL_REVOKE
} tw_call_kind_t;

#define TW_CALLS_MAX 1024

/* Until when each is taken; a time that has passed is a free one. */
typedef struct {
    tw_cell_t call[TW_CALLS_MAX];
    tw_cell_t waiting[TW_CALLS_MAX];
} tw_leases_t;

/*
 * Takes one of cap leases for a call that ends by deadline at the latest (a
 * lease whose deadline has passed belonged to a process that died).  All but
 * callbacks get at most half of them, and calls of the application's own,
 * signed as a user, at most a quarter, the half's end that starts take last.
 * Who waits, for a lease or for
 * what another one's call will bring, holds a worker as well: TW_CALL_WAIT is
 * a lease to wait, of which there are half as many more.  Returns the lease's
 * number, -1 when all are taken.
 */
int tw_leases_take(tw_leases_t *leases, tw_call_kind_t kind, int cap,
                   apr_time_t deadline, apr_time_t now);

/* A lease until a later deadline; 0: it was over, and is another one's. */
int tw_leases_renew(tw_leases_t *leases, int number, apr_time_t deadline,
                    apr_time_t later);

void tw_leases_release(tw_leases_t *leases, tw_call_kind_t kind, int number,
                       apr_time_t deadline);

/* How many are taken: of calls; or, of_waiting, to wait. */
int tw_leases_taken(const tw_leases_t *leases, int of_waiting,
                    apr_time_t now);

#endif
