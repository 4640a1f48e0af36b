/*
 * tw_page: what people read when there is no page of the site to show.
 *
 * Small HTML5 pages without script, for keyboards and screen readers, light
 * and dark, under a strict policy.  They say what happened and offer a way
 * on; they never repeat what a request said.  Where the administrator has
 * set an ErrorDocument for the status, httpd serves that instead, and the
 * environment tells it why (TWAUTH_ERROR and two ready links).
 */
#ifndef TW_PAGE_H
#define TW_PAGE_H

#include <httpd.h>

#include "tw_visitor.h"

/* One row of the pages' table each; see tw_page.c. */
typedef enum {
    TW_PAGE_SIGN_IN,            /* 401: sign in, with a button */
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
    TW_PAGE_FORBIDDEN,          /* 403: signed in, not allowed */
    TW_PAGE_PLAIN_HTTP,         /* 403 */
    TW_PAGE_CSRF,               /* 403 */
    TW_PAGE_INTERNAL,           /* 500 */
    TW_PAGE_SWITCH,             /* 200: choose another account? */
    TW_PAGE_SIGN_OUT,           /* 200: sign out? */
    TW_PAGE_SIGNED_OUT,         /* 200 */
    TW_PAGE_NOT_SIGNED_IN,      /* 200: nothing to sign out of */
    TW_PAGE_STILL_THERE         /* 503: signed out while the database is away */
} tw_page_kind_t;

typedef struct tw_page_t {
    tw_page_kind_t kind;
    const char *next;           /* where to go on; an accepted target or NULL */
    const char *screen_name;    /* who is signed in; NULL: nobody */
    const char *detail;         /* X's id, where the page has a place for it */
    const char *token;          /* of a form or of a link that acts */
    const char *reference;      /* also in the log; NULL: the visitor's */
    int retry_after;            /* seconds; 0: none */
    int always;                 /* never an ErrorDocument: the URL holds what
                                   no other program may see */
} tw_page_t;

/*
 * Answers r with a page.  What it returns is for a hook or handler to
 * return.
 */
int tw_page_answer(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *page);

/*
 * httpd labels its error answers as ISO 8859-1; ours say UTF-8 in their
 * text: a filter, put in by the hook insert_error_filter, mends the label.
 */
void tw_page_register_filter(void);
void tw_page_insert_error_filter(request_rec *r);

/* A bare status with what every refusal has: for scripts, images, HEAD. */
int tw_page_bare(request_rec *r, tw_visitor_t *visitor, int status);

/* Headers of every answer of the module's own: no-store. */
void tw_page_no_store(request_rec *r);

/* Whether the administrator has set an ErrorDocument for the status. */
int tw_page_has_document(request_rec *r, int status);

/* TWAUTH_ERROR and the two links in r's environment, when there is an error
 * to tell: for error documents. */
void tw_page_environment(request_rec *r, const tw_visitor_t *visitor);

#endif
