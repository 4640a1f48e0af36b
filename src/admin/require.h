/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/require: what Require lines say of somebody who has not signed in.
 */
#ifndef TW_ADMIN_REQUIRE_H
#define TW_ADMIN_REQUIRE_H

#include "admin/probe.h"

/* The stricter, the greater. */
enum { TW_RULE_NONE, TW_RULE_GRANTED, TW_RULE_USER, TW_RULE_DENIED };

/* The rules among the directives from d on: all of them, or any. */
int tw_require(const tw_probe_t *p, const ap_directive_t *d, int all);

/* Two rules: both of them, or any. */
int tw_require_combine(int a, int b, int all);

#endif
