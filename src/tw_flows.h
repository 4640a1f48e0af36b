/*
 * tw_flows: the pending sign-ins of one browser.
 *
 * Each is a sealed cookie named after it, so that several tabs can sign in at
 * once.  A browser has a few of them at most, and all together stay far below
 * what a request may bring: the oldest go.
 */
#ifndef TW_FLOWS_H
#define TW_FLOWS_H

#include <httpd.h>

#include "tw_flow.h"
#include "tw_visitor.h"

/*
 * The pending sign-in that key names (NULL names none), and the name of its
 * cookie; 0 when this browser has none that opens.  Whether it is in time,
 * and not spent, is judged elsewhere.
 */
int tw_flows_find(tw_flow_t *flow, const char **cookie_name,
                  const tw_visitor_t *visitor, const char *key);

/* Adds one that begins now, and is to return to next. */
void tw_flows_add(request_rec *r, const tw_visitor_t *visitor,
                  const tw_pending_t *pending, const char *next);

#endif
