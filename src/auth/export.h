/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/export: what the application is told of who is signed in.
 *
 * Variables of the environment, headers of the request, and the user's own
 * tokens, as TwAuthExport and TwAuthHeader have it for a place.  Whatever else
 * has set such a variable, it is not ours and goes: expressions and programs
 * must not have to ask who wrote it.
 */
#ifndef TW_AUTH_EXPORT_H
#define TW_AUTH_EXPORT_H

#include <httpd.h>

#include "request/visitor.h"

/* The variables alone, for rules that are about to be checked; exports are
 * TW_EXPORT_* bits. */
void tw_export_variables(request_rec *r, tw_visitor_t *visitor, int exports);

/* All that is told in a place, once for each request. */
void tw_export_identity(request_rec *r, tw_visitor_t *visitor,
                        const tw_dir_conf_t *dir);

/* The same for a server in front, in the answer's headers: the identity by
 * the names that applications know, and what TwAuthHeader says.  Tokens are
 * never told so. */
void tw_export_answer(request_rec *r, tw_visitor_t *visitor,
                      const tw_dir_conf_t *dir);

/* Takes out what an internal redirect has brought here from another place, and
 * is not told in this one; anew: all headers, for they will be given again. */
void tw_export_withdraw(request_rec *r, tw_visitor_t *visitor,
                        const tw_dir_conf_t *dir, int anew);

/* Takes out variables that look like ours where nobody is signed in. */
void tw_export_clean(request_rec *r, int exports);

#endif
