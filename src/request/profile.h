/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/profile: the profile of who is signed in.
 *
 * Where some place of the host tells it to applications, the sealed copy of
 * the session has it, and it costs nothing to look.  Elsewhere, and for a copy
 * from before, the database is asked: once a request.
 */
#ifndef TW_REQUEST_PROFILE_H
#define TW_REQUEST_PROFILE_H

#include "request/visitor.h"

/* Of a visitor who is signed in.  Not known: there is none, or the database
 * does not say. */
const tw_profile_t *tw_profile_of(tw_visitor_t *visitor);

#endif
