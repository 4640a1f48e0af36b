/* SPDX-License-Identifier: Apache-2.0 */
#include "config/slots.h"

#include <apr_strings.h>

/* For how long, here and on the hosts that have the slot in common. */
static void copies_live(const tw_site_t *site, int slot, tw_shared_t *shared)
{
    const tw_limits_t *limits = site->session.limits;

    tw_shared_realm(shared, slot, site->session.recheck + site->session.grace,
                    limits[0].max > limits[1].max ? limits[0].max
                                                  : limits[1].max,
                    apr_time_now());
}

void tw_slots_find(tw_site_t *site, tw_shared_t *shared, apr_pool_t *ptemp)
{
    tw_client_t *client = &site->provider.client;
    tw_database_t *database = &site->store.database;

    site->address.slot = tw_shared_slot(shared, apr_pstrcat(
        ptemp, "site ", site->address.origin, NULL));
    site->realm.slot = tw_shared_slot(shared, apr_pstrcat(
        ptemp, "realm ", site->realm.audience, NULL));
    site->provider.slot = tw_shared_slot(shared, apr_pstrcat(
        ptemp, "provider ", client->api, "\n", client->key, NULL));
    client->clock = tw_shared_clock(shared, site->provider.slot);
    client->counters = tw_shared_counters(shared);
    database->slot = tw_shared_slot(shared, apr_pstrcat(
        ptemp, "database ", database->driver, " ", database->params, NULL));
    database->writes = tw_shared_slot(shared, apr_pstrcat(
        ptemp, "writes ", database->driver, " ", database->params, NULL));
    copies_live(site, site->realm.slot, shared);
    if (site->session.feed) {
        copies_live(site, database->slot, shared);
        database->feed = tw_shared_feed(shared, database->slot);
    }
}
