/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/event: what TwAuthEventLog writes, a JSON object a line.
 *
 * TW_EVENTS is the list of what there is to tell: its number here, the event,
 * its reason (empty: there is but one), and when it is written.
 * docs/events.md has the same table, which a guard compares.
 *
 * A line is written at once and by a single write, and is shorter than
 * PIPE_BUF: lines of several processes never mix, in a file that is open for
 * appending as in a pipe.  What is foreign is printable ASCII in it.  No field
 * takes a secret.
 */
#ifndef TW_BASE_EVENT_H
#define TW_BASE_EVENT_H

#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_time.h>

#define TW_EVENTS(X)                                                        \
    X(SIGNED_IN, "signed-in", "",                                           \
      "somebody signed in")                                                 \
    X(SIGNED_IN_INVITED, "signed-in", "invited",                            \
      "somebody signed in by an invitation: it is used")                    \
    X(SIGNED_OUT, "signed-out", "here",                                     \
      "somebody signed out")                                                \
    X(SIGNED_OUT_ALL, "signed-out", "everywhere",                           \
      "somebody signed out, and their other sessions ended")                \
    X(SIGNED_OUT_LATER, "signed-out", "row-left",                           \
      "somebody signed out while the database was away: the row is deleted "\
      "later")                                                              \
    X(SIGNED_OUT_DELETED, "signed-out", "account-deleted",                  \
      "somebody deleted their account, and all its sessions ended")         \
    X(CANCELLED, "cancelled", "",                                           \
      "somebody pressed Cancel at X")                                       \
    X(REFUSED_INACTIVE, "refused", "inactive",                              \
      "the account is not active")                                          \
    X(REFUSED_NO_ACCOUNT, "refused", "no-account",                          \
      "there is no account, and TwAuthSignUp is Off or Invite")             \
    X(REFUSED_WAITING, "refused", "waiting",                                \
      "the account waits to be let in (TwAuthSignUp Ask)")                  \
    X(REFUSED_INVITATION, "refused", "invitation",                          \
      "there is no account, and the invitation is used, over, or not known")\
    X(REFUSED_FORBIDDEN, "refused", "forbidden",                            \
      "signed in, and not let in by a Require")                             \
    X(REFUSED_NO_NAME, "refused", "no-name",                                \
      "TwAuthRemoteUser screen_name, and the handle is another one's now")  \
    X(REFUSED_OTHER, "refused", "other-person",                             \
      "another person came back than was to sign in again (TwAuthFresh)")   \
    X(REFUSED_EXPIRED, "refused", "expired",                                \
      "a sign-in came back too late, twice, or to another browser")         \
    X(NO_COOKIES, "refused", "no-cookies",                                  \
      "the browser keeps no cookies")                                       \
    X(REFUSED_NOT_STORED, "refused", "not-stored",                          \
      "the database did not take the sign-in")                              \
    X(REFUSED_BY_X, "refused", "by-x",                                      \
      "X refuses this person, or this one sign-in")                         \
    X(REFUSED_CSRF, "refused", "csrf",                                      \
      "a form that did not come from this site")                            \
    X(ACCOUNT_CREATED, "account-created", "new",                            \
      "an account was made for somebody's first sign-in")                   \
    X(ACCOUNT_CLAIMED, "account-created", "claimed",                        \
      "an account that waited under a handle got its owner "                \
      "(TwAuthClaimByHandle)")                                              \
    X(ACCOUNT_ASKS, "account-created", "asks",                              \
      "an account was made that waits to be let in (TwAuthSignUp Ask)")     \
    X(ENDED_GONE, "session-ended", "ended",                                 \
      "a session turned up whose row is gone, or over, or whose account is "\
      "not active")                                                         \
    X(ENDED_REPLACED, "session-ended", "replaced",                          \
      "another sign-in of the same browser took its place")                 \
    X(ENDED_BY_OWNER, "session-ended", "by-owner",                          \
      "somebody ended others of their sessions on the page of their "       \
      "account")                                                            \
    X(ENDED_ELSEWHERE, "session-ended", "elsewhere",                        \
      "it came from another browser or network (TwAuthSessionProtection "   \
      "Strong)")                                                            \
    X(LIMIT_CLIENT, "limit", "client",                                      \
      "too many sign-ins from one client (TwAuthStartLimit)")               \
    X(LIMIT_ALL, "limit", "all",                                            \
      "too many sign-ins in all (TwAuthStartLimit)")                        \
    X(LIMIT_CALLS, "limit", "calls",                                        \
      "all calls to X are in use (TwAuthProviderCalls)")                    \
    X(PROVIDER_FAILED, "provider", "failed",                                \
      "a call to X failed")                                                 \
    X(PROVIDER_DOWN, "provider", "down",                                    \
      "X failed or refused so often that sign-ins are put off for a while") \
    X(PROVIDER_UP, "provider", "up",                                        \
      "X answers again")                                                    \
    X(PROVIDER_REVOKED, "provider", "revoked",                              \
      "somebody took back at X what this application may do, on the page "  \
      "of their account")                                                   \
    X(DATABASE_FAILED, "database", "failed",                                \
      "a session could not be checked, or the page of an account not shown")\
    X(DATABASE_DOWN, "database", "down",                                    \
      "the database is away, or does not do what it is asked")              \
    X(DATABASE_UP, "database", "up",                                        \
      "the database is back")                                               \
    X(ADMIN_ROLE, "admin", "role",                                          \
      "an account was given roles, or some were taken (twauthctl role)")    \
    X(ADMIN_INVITED, "admin", "invite",                                     \
      "an invitation was made (twauthctl invite)")                          \
    X(ADMIN_UNINVITED, "admin", "uninvite",                                 \
      "an invitation was taken back (twauthctl invitations --revoke)")      \
    X(ADMIN_STARTED, "admin", "started",                                    \
      "httpd started")                                                      \
    X(ADMIN_RESTARTED, "admin", "restarted",                                \
      "httpd read its configuration again")                                 \
    X(ADMIN_ALLOW, "admin", "allow",                                        \
      "somebody was let in (twauthctl allow)")                              \
    X(ADMIN_REFUSE, "admin", "refuse",                                      \
      "somebody was kept out (twauthctl refuse)")                           \
    X(ADMIN_DISABLE, "admin", "disable",                                    \
      "an account was disabled")                                            \
    X(ADMIN_ENABLE, "admin", "enable",                                      \
      "an account was enabled")                                             \
    X(ADMIN_END, "admin", "end",                                            \
      "sessions were ended, of one account or of all")                      \
    X(ADMIN_TABLES, "admin", "tables",                                      \
      "the tables were made, or brought up to date")                        \
    X(ADMIN_EXCHANGE, "admin", "exchange",                                  \
      "tokens of OAuth 1.0a were exchanged at X for those of OAuth 2.0")    \
    X(ADMIN_KEY, "admin", "new-key",                                        \
      "a step of the exchange of TwAuthKey was done")                       \
    X(ADMIN_SETUP, "admin", "setup",                                        \
      "a host was set up, or taken out again")

typedef enum {
#define TW_EVENT_NUMBER(number, event, reason, when) TW_EVENT_##number,
    TW_EVENTS(TW_EVENT_NUMBER)
#undef TW_EVENT_NUMBER
    TW_EVENT_KINDS
} tw_event_kind_t;

/* Where the events of a site go. */
typedef struct tw_event_log_t {
    const char *host;           /* the site's own */
    apr_file_t *file;           /* NULL: it is not open */
    int addresses;              /* TwAuthLogAddress */
} tw_event_log_t;

/* Texts that are NULL or empty, and an account of 0, are not written. */
typedef struct tw_event_t {
    tw_event_kind_t kind;
    apr_int64_t account;
    const char *id;             /* X's number of who it is */
    const char *username;
    const char *screen_name;
    const char *address;
    const char *browser;
    const char *reference;      /* as pages and the error log have it */
    const char *unique_id;      /* mod_unique_id's */
    const char *traceparent;    /* the header; only one that is right */
    const char *why;            /* for people */
} tw_event_t;

/* A line and its end may be so long that a pipe takes it whole: POSIX has 512,
 * Linux 4096 for PIPE_BUF. */
#define TW_EVENT_MAX 4096

/* The line, without its end; NULL: there is no memory. */
const char *tw_event_line(const tw_event_t *event, const tw_event_log_t *log,
                          apr_time_t now, apr_pool_t *pool);

/* Writes the line of what happened now.  log may be NULL: nothing to do. */
apr_status_t tw_event_write(const tw_event_t *event,
                            const tw_event_log_t *log, apr_pool_t *pool);

#endif
