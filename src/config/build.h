/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/build: from the configuration of a virtual host to its site.
 *
 * The own address and locations, cookies, database, realm, and what its sealed
 * texts are bound to.  What is wrong stops the start with a sentence.
 */
#ifndef TW_CONFIG_BUILD_H
#define TW_CONFIG_BUILD_H

#include "config/draft.h"

/*
 * The site of a server whose configuration has its defaults.  NULL when it is
 * refused, which has been logged; a site that is off is no error.
 */
tw_site_t *tw_build_site(tw_draft_t *draft, server_rec *s);

#endif
