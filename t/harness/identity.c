/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module of httpd that asks mod_twauth who is signed in, as any other one
 * could: by the installed header alone.  SetHandler "identity" answers with
 * it.
 */
#include <string.h>

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include "mod_twauth.h"

static APR_OPTIONAL_FN_TYPE(twauth_identity) *identity;

static void retrieve(void)
{
    identity = APR_RETRIEVE_OPTIONAL_FN(twauth_identity);
}

static int handle(request_rec *r)
{
    const twauth_identity_t *who;

    if (!r->handler || strcmp(r->handler, "identity")) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain");
    who = identity ? identity(r) : NULL;
    if (!who) {
        ap_rputs(identity ? "nobody" : "no mod_twauth", r);
        return OK;
    }
    ap_rprintf(r, "%d %" APR_INT64_T_FMT " %s %s %s %" APR_INT64_T_FMT
               " roles=%s", who->size >= sizeof(*who), who->account, who->username,
               who->twitter_id, who->screen_name,
               (apr_int64_t)apr_time_sec(who->signed_in_at), who->roles);
    return OK;
}

static void hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_optional_fn_retrieve(retrieve, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA identity_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0
};
