/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/slots: what a site has in the shared memory.
 */
#ifndef TW_CONFIG_SLOTS_H
#define TW_CONFIG_SLOTS_H

#include "config/site.h"

/* Finds its slots at each start; hosts with the same text share one.  ptemp:
 * for the texts. */
void tw_slots_find(tw_site_t *site, tw_shared_t *shared, apr_pool_t *ptemp);

#endif
