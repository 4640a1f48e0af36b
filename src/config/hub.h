/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/hub: hosts of several domains that sign in at one of them, their hub
 * (TwAuthHub, TwAuthHubFor).
 */
#ifndef TW_CONFIG_HUB_H
#define TW_CONFIG_HUB_H

#include "config/draft.h"

/* What a host that has a hub is at X: nothing, the hub is in X's place.  0:
 * the configuration is refused. */
int tw_hub_client(tw_draft_t *draft);

/* What the two ends of it seal with, where the host in hand is one. */
void tw_hub_build(tw_draft_t *draft);

/* Whether a callback's URL is at one of the hosts whose hub this is. */
int tw_hub_serves(const tw_site_t *hub, const char *callback);

/*
 * Whether hubs and their hosts fit together, as far as they are on this
 * server; 0: the configuration is refused, in a line for each.  For when all
 * sites are built.
 */
int tw_hub_check(tw_draft_t *draft);

#endif
