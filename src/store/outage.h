/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/outage: what a failure of a database means for others than the
 * request that met it.
 *
 * Two breakers in shared memory: that of the database lets one request a
 * second try while it is down; that of writes keeps what is only nice to have
 * away from a database that refuses them.  The log says why the database does
 * not serve, for each reason once; whoever asked gets a tw_err_t.
 *
 * Of a database without shared memory (tw_database_t) nobody else is told
 * anything, nor is the log.
 */
#ifndef TW_STORE_OUTAGE_H
#define TW_STORE_OUTAGE_H

#include <apr_pools.h>

#include "base/err.h"
#include "store/link.h"

/* So many kinds of lines about a database are remembered here (see
 * tw_shared_log_once); those of store/again follow. */
#define TW_OUTAGE_LOG_KINDS 6

/* When to come back after the database was down, in seconds. */
#define TW_RETRY_AFTER 5

/* Whether it was down when it was last asked; whether it was that, or has
 * refused a write of late. */
int tw_outage_is_open(const tw_database_t *database);
int tw_outage_may_refuse(const tw_database_t *database);

/* Whether this request may use it now; spare: for a write that is only nice
 * to have. */
int tw_outage_allow(const tw_database_t *database);
int tw_outage_allow_spare(const tw_database_t *database);

/* The end of an attempt that failed.  All three return what err has. */
apr_status_t tw_outage_failed(const tw_database_t *database,
                              const tw_failed_t *failed, apr_pool_t *pool,
                              tw_err_t *err);
/* The database did not serve, and said nothing itself: reason tells such
 * failures apart. */
apr_status_t tw_outage_begins(const tw_database_t *database,
                              const char *reason, const char *why,
                              const char *advice, apr_pool_t *pool,
                              tw_err_t *err);
/* Others have found out; this one need not. */
apr_status_t tw_outage_known(const tw_database_t *database, apr_pool_t *pool,
                             tw_err_t *err);

/* A write that is only nice to have was not done; its name for the log. */
void tw_outage_spare_failed(const tw_database_t *database, const char *name,
                            const tw_failed_t *failed);

/* Whether nobody has asked this since the start: what is looked at once. */
int tw_outage_first(const tw_database_t *database);

/* Its tables are of an older version: what was asked is done without what is
 * new. */
void tw_outage_older(const tw_database_t *database, const char *name,
                     const tw_failed_t *failed);

/* It was answered as it should be; written: to a write; begun: when it was
 * asked. */
void tw_outage_ends(const tw_database_t *database, int written,
                    apr_time_t begun, apr_pool_t *pool);

/* SQLite's file was another one, and is opened anew. */
void tw_outage_replaced(const tw_database_t *database, const char *file);

#endif
