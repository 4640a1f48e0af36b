/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/err: why something failed, in words that a human can act on.
 *
 * The core returns an apr_status_t and, beside it, a tw_err_t
 * that says what kind of failure it was (the glue turns the kind into a page
 * and a status), what happened (`why`), and, where known, what to do about
 * it (`advice`).  The core never logs; whoever answers the request logs the
 * reason once.
 */
#ifndef TW_BASE_ERR_H
#define TW_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>

/* Whose fault it is decides what the visitor sees and whether to try again. */
typedef enum {
    TW_ERR_NONE = 0,
    TW_ERR_INTERNAL,        /* ours: no memory, a library that fails */
    TW_ERR_INPUT,           /* what the client sent cannot be used */
    TW_ERR_UNREACHABLE,     /* X: no name, no connection, no TLS, reset; or
                               502 to 504 */
    TW_ERR_TIMEOUT,         /* X: did not answer in time */
    TW_ERR_GARBAGE,         /* X: 500, or an answer that means nothing */
    TW_ERR_REFUSED,         /* X: refuses this application */
    TW_ERR_STALE,           /* X: refuses this one sign-in (used, expired) */
    TW_ERR_LIMITED,         /* X: 429, see retry_after */
    TW_ERR_USER_LIMITED,    /* the same, where X counts for each user */
    TW_ERR_USER,            /* X: refuses this user (suspended, locked) */
    TW_ERR_DATABASE,        /* the database is down, slow, or wrong */
    TW_ERR_INACTIVE,        /* the account may not sign in */
    TW_ERR_NO_ACCOUNT,      /* there is no account, and none is created */
    TW_ERR_WAITING          /* the account waits to be let in */
} tw_err_kind_t;

/* Which part of the way to X failed, where that can be told. */
typedef enum {
    TW_WAY_UNKNOWN = 0,     /* no connection, or what came after it */
    TW_WAY_NAME,            /* the name service did not find it, or in time */
    TW_WAY_PROXY,           /* the proxy: its name, or what it answered */
    TW_WAY_TRUST            /* the certificate is not trusted */
} tw_way_t;

typedef struct tw_err_t {
    tw_err_kind_t kind;
    apr_status_t rv;        /* APR's or the system's code, where there is one */
    const char *why;        /* what happened; printable, bounded; no secrets */
    const char *advice;     /* what an administrator should do; may be NULL */
    int retry_after;        /* seconds, when somebody said so; else 0 */
    const char *step;       /* what X was asked for; NULL: nothing */
    int status;             /* what X answered; 0: nothing */
    int code;               /* which of X's refusals (see tw_refusal); 0: none
                               that is known */
    tw_way_t way;           /* of TW_ERR_UNREACHABLE and TW_ERR_TIMEOUT */
} tw_err_t;

/*
 * Fills *err (which may be NULL) and returns rv, or APR_EGENERAL where rv is
 * APR_SUCCESS, so that callers can write `return tw_err_set(...)`.
 * The text is formatted into pool and cut at about 500 bytes.
 */
apr_status_t tw_err_set(tw_err_t *err, apr_pool_t *pool, tw_err_kind_t kind,
                        apr_status_t rv, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* All of it, for one line: "step: why: advice", without what is not known. */
const char *tw_err_text(apr_pool_t *pool, const tw_err_t *err);

/*
 * Foreign text made fit for one line of a log or a page: every byte outside
 * 0x20-0x7E, and the backslash, becomes \xHH; cut after max bytes of input,
 * with "..." to show it.  Never NULL.
 */
const char *tw_err_quote(apr_pool_t *pool, const char *text, apr_size_t len,
                         apr_size_t max);

#endif
