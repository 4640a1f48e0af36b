/* SPDX-License-Identifier: Apache-2.0 */
#include "login/signed_in.h"

#include <apr_strings.h>

#include "private.h"
#include "request/line.h"
#include "request/report.h"

/* A profile that X did not give stops nobody; whoever asks for one is told
 * once in a while. */
static void log_no_profile(request_rec *r, const tw_site_t *site,
                           const tw_identity_t *identity)
{
    if (identity->no_profile && tw_line_is_due(site, TW_LINE_PROFILE)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0481)
                      "signed in without a profile: %s (TwAuthProfile Off "
                      "asks for none; an address needs \"Request email from "
                      "users\" in X's developer console)",
                      identity->no_profile);
    }
}

/*
 * Whether this sign-in made the account.  Rows have seconds: of several that
 * come in the account's first one it is the one that is told first.
 */
static int is_new(request_rec *r, const tw_site_t *site,
                  const tw_session_t *session, const tw_signed_in_t *result)
{
    tw_id_t id;

    if (!result->created) {
        return 0;
    }
    tw_seal_digest(id.bytes, apr_psprintf(r->pool, "new account %"
                                          APR_INT64_T_FMT " of %s",
                                          session->account,
                                          site->realm.audience));
    return tw_shared_use_once(site->shared, &id, session->signed_in_at
                              + apr_time_from_sec(60), apr_time_now());
}

static void log_sign_in(request_rec *r, const tw_session_t *session,
                        const tw_signed_in_t *result,
                        const tw_session_t *previous)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0216)
                  "signed in: %s%s", tw_line_person(r->pool, session),
                  result->created ? ", a new account" : "");
    if (result->claimed) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0482)
                      "an account that waited under this handle is theirs "
                      "from now on (TwAuthClaimByHandle): %s",
                      tw_line_person(r->pool, session));
    }
    if (result->name_was_taken) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0217)
                      "called by another name than its handle's, which is "
                      "taken or reserved: %s",
                      tw_line_person(r->pool, session));
    }
    if (result->invitation == TW_INVITATION_TAKEN) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0552)
                      "an invitation is used: %s, roles: %s",
                      tw_line_person(r->pool, session),
                      tw_session_roles(session) ? tw_session_roles(session)
                                                : "none");
    }
    if (previous && previous->account != session->account) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0218)
                      "it takes the place of a session of %s",
                      tw_line_person(r->pool, previous));
    }
}

static void report(request_rec *r, const tw_site_t *site,
                   const tw_session_t *session, const tw_signed_in_t *result,
                   const tw_session_t *previous)
{
    if (result->created || result->claimed) {
        tw_report(r, site, result->claimed ? TW_EVENT_ACCOUNT_CLAIMED
                                           : TW_EVENT_ACCOUNT_CREATED,
                  session, NULL, NULL);
    }
    if (previous) {
        tw_report(r, site, TW_EVENT_ENDED_REPLACED, previous, NULL, NULL);
    }
    tw_report(r, site, result->invitation == TW_INVITATION_TAKEN
                       ? TW_EVENT_SIGNED_IN_INVITED : TW_EVENT_SIGNED_IN,
              session, NULL,
              result->name_was_taken ? "called by another name than the "
                                       "handle's, which is taken or reserved"
                                     : NULL);
}

void tw_signed_in_tell(request_rec *r, const tw_site_t *site,
                       const tw_session_t *session,
                       const tw_signed_in_t *result,
                       const tw_session_t *previous,
                       const tw_identity_t *identity)
{
    tw_signed_in_t told = *result;

    told.created = is_new(r, site, session, result);
    log_sign_in(r, session, &told, previous);
    log_no_profile(r, site, identity);
    report(r, site, session, &told, previous);
}
