/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/person: whether the rules of a place let one person in.
 *
 * By the Require lines of its section alone, and the containers around them,
 * as mod_authz_core combines them.  What only a request tells (an address, an
 * expression) and what only other modules know (groups) is not known.
 */
#ifndef TW_ADMIN_PERSON_H
#define TW_ADMIN_PERSON_H

#include "config/conftree.h"
#include "store/member.h"

typedef enum {
    TW_PERSON_NOTHING,                  /* no rule, or one that leaves it to
                                           others */
    TW_PERSON_ADMITTED,
    TW_PERSON_KEPT_OUT,
    TW_PERSON_UNKNOWN
} tw_person_t;

/* The rules among the directives from d on. */
tw_person_t tw_person_rules(const tw_member_t *member, const ap_directive_t *d,
                            apr_pool_t *pool);

#endif
