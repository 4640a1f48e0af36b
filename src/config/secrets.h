/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/secrets: a site's secrets and keys, read.
 *
 * Read as root, at the start and at each restart, into memory that is locked
 * and left out of core dumps.  What cannot be read stops a start, but not a
 * restart: then the secret of before stays in use, with a line that says so.
 */
#ifndef TW_CONFIG_SECRETS_H
#define TW_CONFIG_SECRETS_H

#include "config/draft.h"

/*
 * The secret behind a directive; NULL: it is refused.  Where commands are not
 * run, at a test and in a trial, "", and the site is incomplete.
 */
const char *tw_secrets_read(const tw_draft_t *draft, const char *directive,
                            const char *from);

/* Makes the site's ring of the keys behind TwAuthKey; 0: refused. */
int tw_secrets_make_ring(tw_draft_t *draft);

#endif
