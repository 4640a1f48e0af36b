/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/visitor: who is at the other end of a request.
 *
 * One visitor for each request that a client sent, however many subrequests
 * and internal redirects httpd makes of it.  It holds the Cookie header as
 * it came (applications see it without the module's own cookies), and the
 * session once somebody has asked for it.
 *
 * The session: the cookie opens, its times are checked, and when the copy is
 * older than the recheck interval the database is asked.  One request does
 * that for all that are under way.  While the database is down a copy is
 * honoured for the grace, and never renewed.
 */
#ifndef TW_REQUEST_VISITOR_H
#define TW_REQUEST_VISITOR_H

#include <httpd.h>
#include <http_config.h>

#include "base/cookie.h"
#include "config/site.h"
#include "request/caching.h"
#include "request/given.h"
#include "sealed/session.h"

typedef enum {
    TW_VISITOR_UNKNOWN,         /* nobody has asked yet */
    TW_VISITOR_NOBODY,          /* no session, or none that counts */
    TW_VISITOR_SIGNED_IN,
    TW_VISITOR_UNVERIFIED       /* the database is down, the grace is over */
} tw_visitor_state_t;

/* The session's account, and the second of its sign-in. */
typedef struct tw_numbers_t {
    const char *account;
    const char *signed_in_at;
} tw_numbers_t;

typedef struct tw_visitor_t {
    const tw_site_t *site;
    request_rec *initial;       /* the request that the client sent */
    const char *cookies;        /* the header as it came; NULL: none */
    tw_cookie_t session_cookie; /* the first of that name */
    int session_cookies;        /* how many there are */
    tw_visitor_state_t state;
    tw_session_t session;       /* when signed in */
    tw_caching_t caching;
    struct {                    /* the session's cookie, request/visitor */
        int asked;              /* the database has been asked about it */
        int by_grace;           /* it was asked in vain, and the copy was
                                   honoured */
        int renewal_due;        /* the cookie is to be set anew */
        int refused;            /* the row is there, and does not count now */
        int ended_elsewhere;    /* by TwAuthSessionProtection Strong, just
                                   now */
    } copy;
    struct {                    /* the user's own tokens, auth/refresh */
        int read;               /* they have been asked for */
        int found;              /* tw_refresh_t */
        tw_tokens_t own;
        struct tw_signed_call_t *call;  /* made with them, auth/sign_call */
    } tokens;
    struct {                    /* to be shown, request/profile */
        int read;               /* it has been asked for */
        tw_profile_t own;
    } profile;
    struct {                    /* what error pages say, request/page */
        const char *error;      /* TWAUTH_ERROR, for error documents */
        const char *next;       /* where to go after signing in */
        const char *reference;  /* of a database that failed */
        int own;                /* the answer is a page of this module */
        int fresh;              /* who is signed in has to sign in again */
    } page;
    struct {                    /* to applications, auth/export */
        const request_rec *variables;   /* the request that had TWAUTH_*
                                           last */
        tw_given_t *headers;    /* in each table that had some */
        int tokens;             /* TWAUTH_TOKEN is in some environment */
        int to_front;           /* a server in front asks: in the answer's
                                   headers too */
        tw_numbers_t numbers;
    } given;
    ap_conf_vector_t *per_dir_config;   /* see tw_locations_host_access() */
    const request_rec *authorizing;     /* the request whose rules
                                           mod_authz_core checks now */
} tw_visitor_t;

/* What the client asked for, as a return target; "/" when it is none. */
const char *tw_visitor_target(request_rec *r, const tw_site_t *site);

/* The visitor, created when need be.  NULL where the module is off. */
tw_visitor_t *tw_visitor_get(request_rec *r);

/* The visitor if somebody has asked for it before, else NULL: for the many
 * requests that have nothing to do with sessions. */
tw_visitor_t *tw_visitor_peek(request_rec *r);

/*
 * Opens the session cookie and checks its times, without the database:
 * SIGNED_IN or NOBODY.
 */
tw_visitor_state_t tw_visitor_open(tw_visitor_t *visitor);

/*
 * Authenticates the session for r, at most recheck old; the answer is private
 * from then on.  With activity the session is marked as used.  A cookie that
 * has to be renewed is set when r is the answer itself, and never for a part
 * of it.
 */
tw_visitor_state_t tw_visitor_authenticate(tw_visitor_t *visitor,
                                           request_rec *r,
                                           apr_interval_time_t recheck,
                                           int activity);

/*
 * Whether somebody who counts as nobody has a session all the same: its
 * account is disabled or waits, and it would count again afterwards, so that
 * it can be ended.  visitor->session is that one then.  Asks the database; when
 * that is down, it is taken to have one.
 */
int tw_visitor_is_refused(tw_visitor_t *visitor);

/* The hooks insert_filter (and for handlers that mark their answer later)
 * and insert_error_filter: see request/caching.h. */
void tw_visitor_insert_filter(tw_visitor_t *visitor, request_rec *r);
void tw_visitor_insert_error_filter(request_rec *r);

/* Sets the cookie that a part of the answer has found to be due, when r,
 * which is the answer, turns out to be protected. */
void tw_visitor_renew(tw_visitor_t *visitor, request_rec *r);

/*
 * Steps through the visitor's cookies that are called name, or, with prefix,
 * whose names begin so.  *at begins as visitor->cookies.
 */
int tw_visitor_cookie(tw_cookie_t *cookie, const char **at,
                      const tw_cookie_name_t *name, int prefix);

/* When the session is over at the latest. */
apr_time_t tw_visitor_end(const tw_site_t *site, const tw_session_t *session);

/* Sets the cookie of a session, sealed; 0 when it cannot be. */
int tw_visitor_set_session(request_rec *r, const tw_site_t *site,
                           const tw_session_t *session);

#endif
