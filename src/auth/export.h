/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/export: what the application is told of who is signed in.
 *
 * Variables of the environment, headers of the request, and the user's own
 * tokens, as TwAuthExport has it for a place.  Whatever else has set such a
 * variable, it is not ours and goes: expressions and programs must not have
 * to ask who wrote it.
 */
#ifndef TW_AUTH_EXPORT_H
#define TW_AUTH_EXPORT_H

#include <httpd.h>

#include "request/visitor.h"

/* The variables alone, for rules that are about to be checked; exports are
 * TW_EXPORT_* bits. */
void tw_export_variables(request_rec *r, tw_visitor_t *visitor, int exports);

/* All that exports say, once for each request. */
void tw_export_identity(request_rec *r, tw_visitor_t *visitor, int exports);

/* Takes out what an internal redirect has brought here from another place,
 * and exports do not say. */
void tw_export_withdraw(request_rec *r, int exports);

/* Takes out variables that look like ours where nobody is signed in. */
void tw_export_clean(request_rec *r, int exports);

#endif
