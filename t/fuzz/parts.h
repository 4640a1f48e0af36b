/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the server share: httpd, the database, and the rest. */
#ifndef PARTS_H
#define PARTS_H

#include "server.h"

#include "sealed/session.h"

/* The body of the request that is under way. */
void httpd_body(const char *body, apr_size_t len);

/* The session of alice or of bob in the input that is under way: sessions end,
 * and each input has its own. */
tw_session_t session_of(const char *name);

#endif
