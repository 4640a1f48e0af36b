/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/report: counts what happened in a request, and tells the event log
 * of the site.
 *
 * Each is told, however many there are: whoever makes many must not hide
 * another one's.  Where TwAuthEventLog is not set, it is only counted.
 */
#ifndef TW_REQUEST_REPORT_H
#define TW_REQUEST_REPORT_H

#include <httpd.h>

#include "base/event.h"
#include "config/site.h"
#include "sealed/session.h"
#include "store/session_row.h"

/* whom: as far as that is known, or NULL.  reference: what a page shows, or
 * NULL.  why: for people, or NULL. */
void tw_report(request_rec *r, const tw_site_t *site, tw_event_kind_t kind,
               const tw_session_t *whom, const char *reference,
               const char *why);

/* Where a session begins, for its row: nothing with TwAuthLogAddress Off. */
void tw_report_from(tw_session_from_t *from, const request_rec *r,
                    const tw_site_t *site);

#endif
