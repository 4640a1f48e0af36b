/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server without a network around the glue, for fuzz targets: requests are
 * made of texts and led through the module's hooks.
 *
 * Stood in for: httpd's functions (httpd.c), what is below the statements of
 * the database (tw_db: database.c), X (tw_http: every call succeeds), and what
 * a start makes (tw_start).  All else is the module's own: there is one site
 * for each protocol, built of a configuration.
 */
#ifndef SERVER_H
#define SERVER_H

#include "fuzz.h"

#include <httpd.h>

#include "config/site.h"

/*
 * What nobody can guess stands in an input as a letter in braces;
 * server_fill() puts the real thing in its place:
 *   {S} {O}      a session of alice, one of bob
 *   {N} {F} {K}  a pending sign-in: its cookie's name and text, its key
 *   {P}          alice's pre-session cookie
 *   {T} {W}      the tokens of signing out and switching, for {P} and {S}
 *   {M}          the mark of the cookie bounce
 * and says which of these the input had:
 */
enum {
    GIVEN_SESSION = 1,
    GIVEN_OTHER = 2,
    GIVEN_FLOW = 4,
    GIVEN_PRE = 8,
    GIVEN_TOKEN = 16
};

/* What a request did outside of the module. */
typedef struct server_did_t {
    int begun, ended;           /* sessions, in the database */
    int calls;                  /* to X */
    const char *page;           /* the answer's text, "" without one */
} server_did_t;

extern server_did_t server_did;

#define SERVER_ORIGIN "https://site.test"
#define SERVER_X "https://x.test"
#define SERVER_ALICE "1001"
/* What every second flow came by, and the id of its row. */
#define SERVER_INVITE "inviteinviteinviteinvite"
#define SERVER_INVITATION "3e99019f341352ba7162c079660dd2c3"
#define SERVER_SESSION "__Host-twauth"
#define SERVER_PRE "__Host-twauth_pre"
#define SERVER_FLOW "__Host-twauth_flow_"

/* Of the protocol called so. */
const tw_site_t *server_site(const char *protocol);

/* The input with what it may hold put in; *given: GIVEN_*. */
const char *server_fill(int *given, apr_size_t *len, const tw_site_t *site,
                        const char *text, apr_size_t size, apr_pool_t *pool);

/*
 * A request: target is a path and perhaps a query.  NULL where httpd would
 * not have taken it so far.  body is what the client posts.
 */
request_rec *server_request(const tw_site_t *site, const char *method,
                            const char *target, const apr_table_t *headers,
                            const char *body, apr_size_t len,
                            apr_pool_t *pool);

/* Leads it through the hooks of a protected place; what the last returned,
 * OK where the page would have been served. */
int server_run(request_rec *r);

#endif
