/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/alike: hosts that have something in common, a realm or a name, and
 * what they should have in common then too.
 */
#ifndef TW_ADMIN_ALIKE_H
#define TW_ADMIN_ALIKE_H

#include <apr_hash.h>

#include "admin/findings.h"
#include "config/site.h"

/* Compares site with those before it; seen is one table for all of them. */
void tw_alike_check(tw_findings_t *to, apr_hash_t *seen,
                    const tw_site_t *site);

#endif
