/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/roles: the roles of an account, as one text.
 *
 * A role is 1 to 64 of a-z, 0-9, _ and -.  The text has them in order with
 * commas between, at most TW_ROLES_MAX bytes, which is what the tables allow:
 * so it stands in a cookie, a header, a variable and a column as it is.
 */
#ifndef TW_BASE_ROLES_H
#define TW_BASE_ROLES_H

#define TW_ROLES_MAX 200

int tw_roles_name_ok(const char *name);

/* Whether text is such a list; "" is none. */
int tw_roles_ok(const char *text);

/* Whether a list (NULL: none) has the role. */
int tw_roles_has(const char *roles, const char *name);

#endif
