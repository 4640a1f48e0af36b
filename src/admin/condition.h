/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/condition: conditions of rewrite rules and of <If>, answered for a
 * plain visitor's request (tw_probe) at the configuration test.
 *
 * Yes is 1, no is 0, and TW_UNKNOWN what only a real request tells, and what
 * is not read here (functions, addresses).
 */
#ifndef TW_ADMIN_CONDITION_H
#define TW_ADMIN_CONDITION_H

#include "admin/probe.h"

#define TW_UNKNOWN (-1)

/* A RewriteCond: what is tested, the pattern, and whether [NC] is said. */
int tw_condition_rewrite(const tw_probe_t *p, const char *test,
                         const char *pattern, int nocase);

/* The condition that stands behind <If>, <ElseIf>. */
const char *tw_condition_of(const ap_directive_t *d, apr_pool_t *pool);

/* Such a condition, or that of Require expr. */
int tw_condition_if(const tw_probe_t *p, const char *expr);

#endif
