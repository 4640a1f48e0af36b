/* SPDX-License-Identifier: Apache-2.0 */
#include "request/profile.h"

#include "store/account.h"

const tw_profile_t *tw_profile_of(tw_visitor_t *visitor)
{
    const tw_database_t *database = &visitor->site->store.database;
    tw_session_t *session = &visitor->session;
    tw_profile_t *profile = &visitor->profile.own;
    tw_err_t ignored = { 0 };       /* the log has it */

    if (visitor->profile.read) {
        return profile;
    }
    visitor->profile.read = 1;
    tw_session_profile(profile, session);
    if (!profile->known
        && tw_account_profile(profile, session, database,
                              visitor->initial->pool, &ignored)
           == APR_SUCCESS
        && profile->known && database->profiles) {
        tw_session_set_profile(session, profile);
        visitor->copy.renewal_due = 1;
    }
    return profile;
}
