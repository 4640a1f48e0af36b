/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/html: what people read when there is no page of the site to show.
 *
 * Small HTML5 pages of one look (request/style), in the reader's language
 * (request/words), without script, for keyboards and screen readers.  They
 * say what happened and offer a way on; they never repeat what a request
 * said.
 */
#ifndef TW_REQUEST_HTML_H
#define TW_REQUEST_HTML_H

#include <httpd.h>

#include "request/words.h"

/* One row of the table each; see request/html.c. */
typedef enum {
    TW_PAGE_SIGN_IN,            /* 401: sign in, with a button */
    TW_PAGE_NOT_TAKEN,          /* 401: likewise; what was sent is not kept */
    TW_PAGE_CANCELLED,          /* 403 */
    TW_PAGE_UNCHANGED,          /* 403: cancelled, but signed in before */
    TW_PAGE_EXPIRED,            /* 400: no matching, or no timely flow */
    TW_PAGE_SIGNED_IN,          /* 400: likewise, but signed in all the same */
    TW_PAGE_NO_COOKIES,         /* 400 */
    TW_PAGE_UNREACHABLE,        /* 502 */
    TW_PAGE_TIMEOUT,            /* 504 */
    TW_PAGE_REFUSED,            /* 502: X refuses the application */
    TW_PAGE_USER_REFUSED,       /* 403: X refuses the user */
    TW_PAGE_BUSY,               /* 503 */
    TW_PAGE_LIMIT_ALL,          /* 503 */
    TW_PAGE_LIMIT,              /* 429 */
    TW_PAGE_DATABASE,           /* 503 */
    TW_PAGE_NOT_STORED,         /* 503: a sign-in that the database lost */
    TW_PAGE_INACTIVE,           /* 403 */
    TW_PAGE_NO_ACCOUNT,         /* 403; detail: X's id */
    TW_PAGE_WAITING,            /* 403: not let in yet; detail: X's id */
    TW_PAGE_INVITATION_USED,    /* 403: there is no account, and the ... */
    TW_PAGE_INVITATION_OVER,    /* ... invitation is none; detail: X's id */
    TW_PAGE_INVITATION_UNKNOWN,
    TW_PAGE_FORBIDDEN,          /* 403: signed in, not allowed */
    TW_PAGE_PLAIN_HTTP,         /* 403 */
    TW_PAGE_CSRF,               /* 403 */
    TW_PAGE_INTERNAL,           /* 500 */
    TW_PAGE_SWITCH,             /* 200: choose another account? */
    TW_PAGE_SIGN_OUT,           /* 200: sign out? */
    TW_PAGE_SIGNED_OUT,         /* 200 */
    TW_PAGE_NOT_SIGNED_IN,      /* 200: nothing to sign out of */
    TW_PAGE_STILL_THERE,        /* 503: signed out, the database is down */
    TW_PAGE_NOT_FOUND,          /* 404: below TwAuthPath */
    TW_PAGE_METHOD,             /* 405 */
    TW_PAGE_FOR_SCRIPTS,        /* 403: a link of another site to session */
    TW_PAGE_FRESH,              /* 401: sign in again, for it is long ago */
    TW_PAGE_FRESH_NOT_TAKEN,    /* 401: likewise; what was sent is not kept */
    TW_PAGE_OTHER_PERSON,       /* 403: and it was somebody else who did */
    TW_PAGE_ACCOUNT,            /* 200: one's own; with content */
    TW_PAGE_ACCOUNT_GUEST,      /* 401: nobody is signed in */
    TW_PAGE_ACCOUNT_DELETE,     /* 200: delete it? */
    TW_PAGE_ACCOUNT_DELETED,    /* 200 */
    TW_PAGE_ACCOUNT_UNSURE,     /* 403: who sent that? */
    TW_PAGE_ACCOUNT_BAD,        /* 400: what was sent makes no sense */
    TW_PAGE_ACCOUNT_KEPT,       /* 502: X did not end its permission */
    TW_PAGE_KINDS
} tw_page_kind_t;

typedef struct tw_page_t {
    tw_page_kind_t kind;
    const char *next;           /* where to go on; an accepted target or NULL */
    const char *screen_name;    /* who is signed in; NULL: nobody */
    const char *detail;         /* X's id, where the page has a place for it */
    const char *content;        /* HTML behind the text, with the sentences
                                   of its own; or NULL */
    const char *image;          /* that content shows, of another host; or
                                   NULL */
    const char *token;          /* of a form or of a link that acts */
    const char *invite;         /* an invitation, for ways to sign in; or
                                   NULL */
    int remember;               /* ways to sign in have the box "stay signed
                                   in" */
    const char *reference;      /* also in the log; NULL: none */
    int retry_after;            /* seconds; 0: none */
    int always;                 /* never an ErrorDocument: the URL holds what
                                   no other program may see */
} tw_page_t;

/* In the query of login: a page with the box has been there.  A box that is
 * not ticked sends nothing itself. */
#define TW_PAGE_BOX "box"

/* The status of a page; what TWAUTH_ERROR says, NULL where nothing is wrong;
 * and whether it has a form. */
int tw_html_status(tw_page_kind_t kind);
const char *tw_html_error(tw_page_kind_t kind);
int tw_html_has_form(const tw_page_t *page);

/* The URL of what a page loads: a path on this site, at the own address. */
const char *tw_html_resource(request_rec *r, const tw_site_t *site,
                             const char *path);

/* The page, in the answer to r. */
const char *tw_html(request_rec *r, const tw_site_t *site,
                    const tw_page_t *page, const tw_words_t *words);

#endif
