/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/client: a site as an application at X.
 *
 * Which protocol it speaks, its credentials, and X's own addresses.
 */
#ifndef TW_CONFIG_CLIENT_H
#define TW_CONFIG_CLIENT_H

#include "config/draft.h"

/* Sets the site's protocol and client, when its address is known; 0:
 * refused. */
int tw_client_build(tw_draft_t *draft);

#endif
