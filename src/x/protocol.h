/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/protocol: what protocols have in common.
 *
 * A sign-in is two steps: begin, which yields an address at X to send the
 * browser to and what must be remembered until it comes back, and finish,
 * which exchanges what it brings back for the identity of a user.  Nothing
 * above this row knows which protocol is in use, but for configuration.
 */
#ifndef TW_X_PROTOCOL_H
#define TW_X_PROTOCOL_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/err.h"
#include "base/http.h"
#include "base/profile.h"
#include "sealed/flow.h"
#include "sealed/hub.h"
#include "shared/clock.h"
#include "shared/counters.h"

/* X's documents name no limits: these are ours, for tokens and secrets. */
#define TW_TOKEN_MAX 256
#define TW_STORED_MAX 512           /* of the user's token and secret */

/* The application at X, as configured; read-only at run time. */
typedef struct tw_client_t {
    const char *api;                /* base URL, no slash at the end */
    const char *browser;            /* base URL for the browser */
    const char *callback;           /* the registered URL */
    const char *key;                /* consumer key, or client id */
    const char *secret;             /* consumer or client secret; NULL: a
                                       public client of OAuth 2.0 */
    const char *scope;              /* OAuth 2.0 */
    const char *sign_in_with;       /* "authenticate" or "authorize" */
    int force_login;
    const char *access;             /* "read" or "write" */
    const char *fields;             /* of a profile, as X's user.fields has
                                       them; NULL: none is asked for */
    tw_http_conf_t http;
    tw_clock_t *clock;              /* X's; NULL: as this server's */
    tw_counters_t *counters;        /* of calls; NULL: they are not counted */
    const char *screen_name;        /* who should sign in; NULL: anybody */
    const tw_hub_seals_t *hub;      /* x/hub: browser is its location; NULL:
                                       X itself is asked */
} tw_client_t;

/* The authorization response (RFC 6749 section 4.1.2), before anything of it
 * is believed. */
typedef enum {
    TW_AUTHZ_INVALID,               /* nothing that X would send */
    TW_AUTHZ_CANCELLED,
    TW_AUTHZ_GRANT
} tw_authz_response_kind_t;

typedef struct tw_authz_response_t {
    tw_authz_response_kind_t kind;
    const char *error;              /* foreign: the provider's word, or NULL */
    const char *key;                /* to be matched with tw_pending_t; may
                                       be set even when the rest is invalid */
    const char *grant;              /* verifier, or code; never empty */
} tw_authz_response_t;

/* The user's own credentials at X. */
typedef enum { TW_TOKEN_OAUTH1 = 1, TW_TOKEN_OAUTH2 = 2 } tw_token_kind_t;

typedef struct tw_tokens_t {
    tw_token_kind_t kind;
    const char *token;
    const char *secret;             /* OAuth 1.0a: the token's secret;
                                       OAuth 2.0: the refresh token, or NULL */
    apr_int64_t expires_at;         /* seconds since 1970; 0: never */
} tw_tokens_t;

/* Who X says it is. */
typedef struct tw_identity_t {
    const char *id;                 /* 1 to 20 digits */
    const char *screen_name;        /* [A-Za-z0-9_]{1,20} */
    tw_tokens_t tokens;
    tw_profile_t profile;           /* clean; known where X was asked for it,
                                       and has said */
    const tw_hub_ticket_t *ticket;  /* x/hub: a session of that account waits
                                       to be taken, and that is all that is
                                       known; NULL: X has said all */
    const char *no_profile;         /* why X did not, though it was asked;
                                       NULL: no reason */
} tw_identity_t;

/* A protocol.  All functions but parse_response may take as long as a call
 * may. */
typedef struct tw_protocol_t {
    const char *name;               /* as TwAuthProtocol has it */
    int begin_calls;                /* whether begin calls X */
    int finish_calls;               /* whether finish does */

    /* Readies one process, before it has threads; where that failed, again
     * when it has, by one of them at a time. */
    apr_status_t (*child_init)(apr_pool_t *pool, tw_err_t *err);

    /* Begins a sign-in: what to remember, and where to send the browser.
     * Without a call (begin_calls) it cannot fail. */
    apr_status_t (*begin)(tw_pending_t *pending, const char **location,
                          const tw_client_t *client, tw_http_pool_t *http,
                          apr_pool_t *pool, tw_err_t *err);

    /* Reads the query of the callback, an array of tw_pair_t. */
    void (*parse_response)(tw_authz_response_t *authz,
                           const tw_client_t *client,
                           const apr_array_header_t *query);

    /* Exchanges the grant for the identity. */
    apr_status_t (*finish)(tw_identity_t *identity,
                           const tw_client_t *client, tw_http_pool_t *http,
                           const tw_pending_t *pending, const char *grant,
                           apr_pool_t *pool, tw_err_t *err);

    /* New tokens for a refresh token; NULL: this protocol has none. */
    apr_status_t (*refresh)(tw_tokens_t *tokens, const char *refresh,
                            const tw_client_t *client, tw_http_pool_t *http,
                            apr_pool_t *pool, tw_err_t *err);

    /* Ends what the user has allowed; tokens that X does not know any more
     * are a success. */
    apr_status_t (*revoke)(const tw_tokens_t *tokens,
                           const tw_client_t *client, tw_http_pool_t *http,
                           apr_pool_t *pool, tw_err_t *err);
} tw_protocol_t;

/* [A-Za-z0-9_]{1,20}, in ASCII whatever the locale is. */
int tw_provider_handle_ok(const char *handle);

/* 1 to max visible ASCII characters: a token or secret that can be used. */
int tw_provider_token_ok(const char *token, apr_size_t max);

/* X's address of who a token's user is, with fields of a profile (NULL: no
 * more than id, username and name). */
const char *tw_provider_me(const tw_client_t *client, const char *fields,
                           apr_pool_t *pool);

/* The profile in X's answer to that, made clean. */
void tw_provider_profile(tw_identity_t *identity, const tw_client_t *client,
                         const tw_http_response_t *response,
                         apr_pool_t *pool);

/* The calls of one step, which share its time. */
typedef struct tw_step_t tw_step_t;
struct tw_step_t {
    const char *name;               /* for the log */
    const tw_client_t *client;
    tw_http_pool_t *http;
    apr_time_t until;
    int once;                       /* never made again: X may have taken what
                                       was sent before the connection broke */
    /* makes the request anew before each sending, where that must be; NULL:
     * it stays as it is */
    apr_status_t (*sign)(tw_http_request_t *request, const void *what,
                         const tw_client_t *client, apr_pool_t *pool,
                         tw_err_t *err);
    const void *what;               /* for sign */
};

/*
 * One call to X, made once more where a kept connection had been closed, and
 * where X refused it for its time and has said what the time is.
 * Success is status 200; else err says what X said, by x/refusal.  *response
 * is NULL where there was no answer.
 */
apr_status_t tw_step_call(const tw_http_response_t **response,
                          const tw_step_t *step, tw_http_request_t *request,
                          apr_pool_t *pool, tw_err_t *err);

#endif
