/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/line: lines of the log that are about a visitor.
 *
 * Who is shown "Reference: 1a2b3c4d" can be found in the log by it, whatever
 * LogLevel is.  Where it has info, each line is written, with a reference of
 * its own.  Otherwise the first line about something in a minute is written
 * at a level that httpd always writes, and those who meet the same within
 * that minute are shown its reference; see tw_recent for how many there can
 * be.  What is not in the log has no reference.
 */
#ifndef TW_REQUEST_LINE_H
#define TW_REQUEST_LINE_H

#include <httpd.h>

#include "config/site.h"
#include "sealed/session.h"

typedef struct tw_line_t {
    int level;              /* to write it at */
    const char *reference;  /* to write into it */
    const char *shown;      /* the same, for a page; NULL: it will not be in
                               the log */
} tw_line_t;

/*
 * Begins a line.  loud: its level when it is worth one; kind: its number;
 * what: tells one line of the kind from another, such as the person's.  At
 * APLOG_NOTICE it is a matter of one visitor, and at info where that is
 * written.
 */
void tw_line_begin(tw_line_t *line, request_rec *r, const tw_site_t *site,
                   int loud, const char *kind, const char *what);

/* Lines that are about a site, and are written once in a while however many
 * visitors meet it. */
typedef enum {
    TW_LINE_PLAIN_HTTP,
    TW_LINE_BUSY,
    TW_LINE_LIMIT,
    TW_LINE_TOKENS,
    TW_LINE_PROFILE,
    TW_LINE_SIGNED,
    TW_LINE_EVENTS,
    TW_LINE_ANSWER          /* for all sites of one application at X */
} tw_line_kind_t;

/* Whether such a line is due: a minute has gone by since the last one. */
int tw_line_is_due(const tw_site_t *site, tw_line_kind_t kind);

/* What tells one failure of the database from another: the statement, or what
 * it was that failed, without what it said. */
const char *tw_line_cause(apr_pool_t *pool, const tw_err_t *err);

/* Whose session it is, by all the names that somebody may be searched by. */
const char *tw_line_person(apr_pool_t *pool, const tw_session_t *session);

#endif
