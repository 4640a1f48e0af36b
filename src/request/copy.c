/* SPDX-License-Identifier: Apache-2.0 */
#include "request/copy.h"

#include "request/revoke.h"
#include "store/changes.h"

/* When a copy was checked that has to be. */
#define NEVER apr_time_from_msec(1)

static const tw_feed_t *feed_of(const tw_site_t *site)
{
    return site->store.database.feed;
}

/* Whether the server has heard of nothing since that speaks against it. */
static int is_unchanged(const tw_site_t *site, const tw_session_t *session)
{
    const tw_feed_t *feed = feed_of(site);
    apr_time_t there = session->checked_there;

    return session->checked_at > tw_shared_revalidate_before(site->shared)
           && (!feed
               || (there > (apr_time_t)tw_cell_get(&feed->revalidate_before)
                   && there > tw_accounts_changed_at(
                                  tw_shared_accounts(site->shared),
                                  site->store.database.slot,
                                  session->account)));
}

/* A reading may have begun after the request looked at its clock. */
static int is_covered(const tw_feed_t *feed, apr_interval_time_t most,
                      apr_time_t now)
{
    return tw_feed_covers(feed, most, now)
           || tw_feed_covers(feed, most, apr_time_now());
}

/* Whether it was known to be good less than `most` ago; where changes are not
 * followed for now, less than the usual recheck. */
static int is_known(const tw_site_t *site, const tw_session_t *session,
                    apr_interval_time_t most, apr_interval_time_t more,
                    apr_time_t now)
{
    const tw_feed_t *feed = feed_of(site);

    return !feed || is_covered(feed, most + more, now)
           || now - session->checked_at
              < more + (tw_feed_is_off(feed, now)
                        ? site->session.recheck_alone : most);
}

/* Whether all that is known speaks for it.  What is known comes first: the
 * reading that has just found it may have revoked the session, or have changed
 * the account, after the cookie was opened. */
static int is_good(const tw_site_t *site, const tw_session_t *session,
                   apr_interval_time_t most, apr_interval_time_t more,
                   apr_time_t now)
{
    return is_known(site, session, most, more, now)
           && is_unchanged(site, session)
           && (!feed_of(site)
               || !tw_shared_is_revoked(site->shared, &session->id, now));
}

int tw_copy_is_fresh(const tw_site_t *site, const tw_session_t *session,
                     apr_interval_time_t recheck, apr_time_t now)
{
    return session->checked_at <= now && now - session->checked_at < recheck
           && is_good(site, session, site->session.feed, TW_FEED_OVERLAP,
                      now);
}

int tw_copy_is_in_grace(const tw_site_t *site, const tw_session_t *session,
                        apr_interval_time_t recheck, apr_time_t now)
{
    apr_interval_time_t grace = site->session.grace;

    return recheck > 0 && session->checked_at <= now
           && now - session->checked_at < recheck + grace
           && is_good(site, session, site->session.feed + TW_FEED_OVERLAP,
                      grace, now);
}

int tw_copy_must_ask(const tw_site_t *site, const tw_session_t *session,
                     apr_interval_time_t recheck, apr_time_t now)
{
    apr_interval_time_t most = TW_RECHECK_OVERLAP;
    int claimed;

    if (recheck < most) {
        most = recheck;
    }
    claimed = tw_shared_claim_recheck(site->shared, &session->id,
                                      now + most, now);
    return claimed || !tw_copy_is_fresh(site, session, recheck + most, now)
           || tw_shared_breaker_open(site->shared, site->store.database.slot);
}

/* Whether changes are followed, and none have been read yet. */
static int is_before_first(const tw_site_t *site, apr_time_t now)
{
    const tw_feed_t *feed = feed_of(site);

    return feed && !tw_cell_get(&feed->fed) && !tw_feed_is_off(feed, now);
}

void tw_copy_begin(const tw_site_t *site, apr_pool_t *pool)
{
    if (is_before_first(site, apr_time_now())
        && tw_changes_follow(&site->store.database, site->session.feed,
                             pool)) {
        /* what is checked from now on is sealed as later, in milliseconds */
        apr_sleep(apr_time_from_msec(1));
    }
}

int tw_copy_follow(const tw_site_t *site, const tw_session_t *session,
                   apr_interval_time_t recheck, apr_time_t now,
                   apr_pool_t *pool)
{
    apr_interval_time_t interval = site->session.feed;

    if (!feed_of(site) || is_covered(feed_of(site), interval, now)
        || (!is_before_first(site, now)
            && (!recheck || (session->checked_at <= now
                             && now - session->checked_at < interval)))) {
        return 1;
    }
    return !tw_changes_follow(&site->store.database, interval, pool)
           || !tw_shared_is_revoked(site->shared, &session->id,
                                    apr_time_now());
}

void tw_copy_opened(const tw_site_t *site, tw_session_t *session)
{
    if (feed_of(site)) {
        session->checked_there = session->checked_at;
        session->checked_at = tw_feed_here(feed_of(site),
                                           session->checked_at);
    }
}

/* How its clock differs is not known before the first reading: where that
 * failed, the copy is one that has to be checked. */
void tw_copy_to_seal(const tw_site_t *site, tw_session_t *session)
{
    const tw_feed_t *feed = feed_of(site);

    if (!feed) {
        return;
    }
    if (!session->checked_there) {
        session->checked_there =
            is_before_first(site, apr_time_now())
            ? NEVER : tw_feed_there(feed, session->checked_at);
    }
    session->checked_at = session->checked_there;
}
