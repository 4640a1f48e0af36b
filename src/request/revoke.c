/* SPDX-License-Identifier: Apache-2.0 */
#include "request/revoke.h"

#include "private.h"
#include "request/line.h"
#include "store/session_row.h"

/* When the session's copies are over on all hosts of the realm, whatever its
 * row says. */
static apr_time_t last_end(const tw_site_t *site, const tw_session_t *session)
{
    return session->signed_in_at
           + tw_shared_realm_max(site->shared, site->realm.slot);
}

apr_time_t tw_revoke_copies_until(const tw_site_t *site,
                                  const tw_session_t *session,
                                  apr_time_t now)
{
    apr_time_t copies = now + TW_RECHECK_OVERLAP
                        + tw_shared_realm_copies(site->shared,
                                                 site->realm.slot);
    apr_time_t end = session ? last_end(site, session) : copies;

    /* a copy on its way while the clock moves is worth a minute more */
    return (copies < end ? copies : end) + apr_time_from_sec(60);
}

/* In the log's memory (tw_shared_log_once) of a realm. */
#define LOG_GIVEN_UP 0
#define GIVEN_UP_AGAIN apr_time_from_sec(3600)

void tw_revoke_id(const tw_site_t *site, const tw_id_t *id, apr_time_t until,
                  apr_time_t now)
{
    if (tw_shared_revoke(site->shared, id, until, now)) {
        return;
    }
    if (site->store.database.feed) {
        tw_feed_revalidate(site->store.database.feed, now);
    }
    if (tw_shared_log_once(site->shared, site->realm.slot, LOG_GIVEN_UP, NULL,
                           GIVEN_UP_AGAIN, now)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, site->server,
                     TWLOGNO(0583) "more sessions were ended than this server "
                     "remembers, so that all are asked about anew: raise "
                     "TwAuthSharedEntries");
    }
}

/* All copies of the account up to now are to be checked again, where changes
 * are followed. */
static void ask_about_all(const tw_site_t *site, apr_int64_t account,
                          apr_time_t now)
{
    const tw_database_t *database = &site->store.database;

    if (database->feed) {
        tw_accounts_change(tw_shared_accounts(site->shared), database->slot,
                           account, tw_feed_there_by(database->feed, now));
    }
}

void tw_revoke_ended(const tw_site_t *site, const apr_array_header_t *ended,
                     apr_int64_t account)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < ended->nelts; i++) {
        tw_revoke_id(site, &APR_ARRAY_IDX(ended, i, tw_id_t),
                     tw_revoke_copies_until(site, NULL, now), now);
    }
    ask_about_all(site, account, now);
}

void tw_revoke_here(const tw_site_t *site, const tw_session_t *session,
                    apr_time_t now)
{
    tw_revoke_id(site, &session->id,
                 tw_revoke_copies_until(site, session, now), now);
}

/* The database did not take it: it is to be done later. */
static void defer(const char **reference, request_rec *r,
                  const tw_site_t *site, const tw_session_t *session,
                  const tw_deferred_delete_t *deferred, const tw_err_t *err)
{
    const char *person = tw_line_person(r->pool, session);
    tw_line_t line;

    /* until then the copies are refused here for as long as they live */
    tw_revoke_id(site, &session->id, last_end(site, session), deferred->at);
    if (deferred->account) {
        /* which others there are, the database alone knows */
        ask_about_all(site, deferred->account, deferred->at);
    }
    if (!tw_shared_defer_delete(site->shared, site->store.database.slot,
                                deferred, deferred->at)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0224)
                      "too many rows are still to be deleted: the one of "
                      "%s is forgotten; delete it by hand", person);
    }
    tw_line_begin(&line, r, site, APLOG_WARNING, "TW0221", person);
    *reference = line.shown;
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0221)
                  "signed out, but the row is still to be deleted "
                  "(reference %s): %s: %s", line.reference, person, err->why);
}

int tw_revoke_session(const char **reference, request_rec *r,
                      const tw_site_t *site, const tw_session_t *session,
                      int everywhere)
{
    apr_array_header_t *ended;
    apr_time_t now = apr_time_now();
    tw_deferred_delete_t deferred;
    tw_err_t err = { 0 };

    tw_revoke_here(site, session, now);
    if (tw_session_row_end(&ended, session, everywhere, &site->store.database,
                           r->pool, &err) != APR_SUCCESS) {
        deferred.id = session->id;
        deferred.account = everywhere ? session->account : 0;
        deferred.at = now;
        deferred.whose = session->account;
        defer(reference, r, site, session, &deferred, &err);
        return 0;
    }
    if (everywhere) {
        tw_revoke_ended(site, ended, session->account);
    }
    return 1;
}
