/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/realm: what the hosts of one realm have in common.
 *
 * Hosts of one realm share sessions, when they have one database: number 7 of
 * another one is somebody else.  So what seals are bound to is the realm and,
 * on all hosts with another database than the first one of the realm has,
 * the name of that database.
 */
#ifndef TW_BASE_REALM_H
#define TW_BASE_REALM_H

#include <apr_hash.h>
#include <apr_pools.h>

/*
 * What the seals of a host are bound to.  realms remembers the hosts before;
 * driver and params are those of mod_dbd.  For PostgreSQL two params that name
 * one server and database are one database, whatever else they say.
 */
const char *tw_realm_audience(apr_hash_t *realms, const char *realm,
                              const char *driver, const char *params,
                              apr_pool_t *pool);

#endif
