/*
 * tw_whoami: the session location.
 *
 * Who is signed in, as JSON, for scripts of this site's own pages.
 */
#ifndef TW_WHOAMI_H
#define TW_WHOAMI_H

#include <httpd.h>

#include "tw_visitor.h"

int tw_whoami_get(request_rec *r, tw_visitor_t *visitor);

#endif
