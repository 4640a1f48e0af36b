/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/sign_answer: what comes back of a call signed as a user.
 *
 * X's answer without what X has for its own browsers: cookies, and headers
 * that would bind or open this origin.  It is never kept, never a page, and
 * never another origin's.  What this server itself says no to is an object in
 * JSON, shaped like X's own problems.
 */
#ifndef TW_AUTH_SIGN_ANSWER_H
#define TW_AUTH_SIGN_ANSWER_H

#include <httpd.h>

#include "base/base_string.h"
#include "request/call.h"
#include "request/visitor.h"

/* One call, from the handler to the last byte of its answer. */
typedef struct tw_signed_call_t {
    request_rec *r;                 /* whose handler carries it */
    tw_visitor_t *visitor;
    const tw_tokens_t *tokens;
    tw_lease_t lease;
    int leased;
    tw_signed_text_t form;          /* read to be signed; NULL: none */
    apr_array_header_t *cookies;    /* of the site's own, const char * */
    apr_bucket_brigade *refusal;    /* the body of a 401, or NULL */
    apr_off_t refusal_len;
} tw_signed_call_t;

/* For how long a call keeps its lease without a sign of life. */
apr_interval_time_t tw_sign_answer_patience(const request_rec *r);

void tw_sign_answer_register_filter(void);

/* Marks the answer as nobody's to keep, whoever makes it. */
void tw_sign_answer_mark(request_rec *r, tw_visitor_t *visitor);

/* Has the answer of a call pass through here; the lease ends with it. */
void tw_sign_answer_watch(tw_signed_call_t *call);

/* The call is not made after all. */
void tw_sign_answer_end(tw_signed_call_t *call);

typedef struct tw_sign_refusal_t {
    int status;
    const char *title;
    const char *detail;
    const char *login;              /* where to sign in; NULL: not said */
    int retry_after;                /* seconds; 0: not said */
} tw_sign_refusal_t;

/* Answers in JSON; returns what a handler returns. */
int tw_sign_answer_refuse(request_rec *r, tw_visitor_t *visitor,
                          const tw_sign_refusal_t *refusal);

#endif
