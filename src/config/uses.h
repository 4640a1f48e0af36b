/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/uses: what is in use anywhere on the server, so that what is not
 * costs nobody anything.
 */
#ifndef TW_CONFIG_USES_H
#define TW_CONFIG_USES_H

#include "config/conftree.h"

/*
 * Whether some place may want to know from which browser and network a
 * session was begun: TwAuthSessionProtection Strong, or TwAuthFresh, which
 * can also stand where .htaccess counts.  Of all hosts, for hosts of one realm
 * share their sessions.
 */
int tw_uses_comparison(const tw_conftree_t *tree);

#endif
