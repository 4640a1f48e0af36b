/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/authn: AuthType Twitter.
 *
 * A session makes a user: r->user, the environment, headers for a backend.
 * No session makes a redirect to the sign-in, a page with a button, or a
 * plain 401, as the administrator and the kind of request have it.
 */
#ifndef TW_AUTH_AUTHN_H
#define TW_AUTH_AUTHN_H

#include <httpd.h>

#include "request/visitor.h"

/*
 * The visitor of a request that this module authenticated (r->user is ours,
 * and not that of some other AuthType); NULL when it did not.
 */
tw_visitor_t *tw_authn_visitor(request_rec *r);

/* The hooks check_authn and fixups. */
int tw_authn_check(request_rec *r);
int tw_authn_fixups(request_rec *r);

/* The hook insert_filter, the last before a handler: a fast internal
 * redirect (DirectoryIndex) lays one directory's environment over
 * another's, and no other hook runs after it. */
void tw_authn_insert_filter(request_rec *r);

#endif
