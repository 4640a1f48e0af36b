/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/fresh.h"

#include "request/protection.h"

int tw_fresh_is(const tw_visitor_t *visitor, const request_rec *r,
                const tw_dir_conf_t *dir)
{
    apr_interval_time_t most = tw_conf_fresh(dir);
    const tw_session_t *session = &visitor->session;

    if (!most) {
        return 1;
    }
    return r->request_time < session->signed_in_at + most
           && (visitor->site->session.protection == TW_PROTECTION_OFF
               || tw_protection_same(session, r));
}
