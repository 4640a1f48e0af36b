/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/early: rules about a user, checked before anybody is known.
 *
 * <If> and the rewrite rules of a host are checked before the visitor is
 * authenticated: there is no REMOTE_USER and no TWAUTH_ variable.  And rules
 * that are checked in time, but about what is not there, or that keep a user
 * out where nobody is asked to sign in.
 */
#ifndef TW_ADMIN_EARLY_H
#define TW_ADMIN_EARLY_H

#include "admin/findings.h"
#include "config/conftree.h"

void tw_early_check(tw_findings_t *findings, const tw_conftree_t *tree);

#endif
