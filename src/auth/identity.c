/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/identity.h"

#include "auth/authn.h"
#include "auth/mod_twauth.h"

static const twauth_identity_t *twauth_identity(request_rec *r)
{
    const tw_visitor_t *visitor = tw_authn_visitor(r);
    twauth_identity_t *identity;

    if (!visitor || visitor->state != TW_VISITOR_SIGNED_IN) {
        return NULL;
    }
    identity = apr_pcalloc(visitor->initial->pool, sizeof(*identity));
    identity->size = sizeof(*identity);
    identity->account = visitor->session.account;
    identity->username = visitor->session.username;
    identity->twitter_id = visitor->session.twitter_id;
    identity->screen_name = visitor->session.screen_name;
    identity->signed_in_at = visitor->session.signed_in_at;
    identity->roles = tw_session_roles(&visitor->session);
    if (!identity->roles) {
        identity->roles = "";
    }
    return identity;
}

void tw_identity_register(void)
{
    APR_REGISTER_OPTIONAL_FN(twauth_identity);
}
