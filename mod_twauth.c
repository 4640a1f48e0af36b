/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mod_twauth: "Sign in with X (Twitter)" for Apache httpd.
 *
 * The module record and the order of its hooks.  What each hook does is in
 * src/; docs/architecture.md shows the way.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

#include "src/admin/check.h"
#include "src/admin/control.h"
#include "src/admin/doctor.h"
#include "src/admin/dump.h"
#include "src/admin/exchange.h"
#include "src/admin/status.h"
#include "src/auth/authn.h"
#include "src/auth/authz.h"
#include "src/auth/identity.h"
#include "src/auth/sign_call.h"
#include "src/config/directives.h"
#include "src/config/event_log.h"
#include "src/config/start.h"
#include "src/login/locations.h"
#include "src/private.h"
#include "src/request/caching.h"
#include "src/request/page.h"
#include "src/request/strip.h"
#include "src/request/visitor.h"

static void register_start(void)
{
    static const char *const after_dbd[] = { "mod_dbd.c", NULL };

    ap_hook_pre_config(tw_start_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_config(tw_authz_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(tw_start_check_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_check_config(tw_sign_call_check_config, NULL, NULL,
                         APR_HOOK_REALLY_LAST);
    ap_hook_test_config(tw_dump, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(tw_control, NULL, NULL, APR_HOOK_LAST);
    ap_hook_test_config(tw_exchange, NULL, NULL, APR_HOOK_LAST);
    ap_hook_test_config(tw_doctor, NULL, NULL, APR_HOOK_LAST);
    ap_hook_open_logs(tw_event_log_open, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(tw_start_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(tw_check_start, NULL, NULL, APR_HOOK_LAST);
    ap_hook_post_config(tw_event_log_started, NULL, NULL,
                        APR_HOOK_REALLY_LAST);
    ap_hook_child_init(tw_start_child_init, after_dbd, NULL,
                       APR_HOOK_MIDDLE);
}

static void register_requests(apr_pool_t *pool)
{
    static const char *const after_authz[] = { "mod_authz_core.c", NULL };
    static const char *const before_mapping[] = {
        "mod_rewrite.c", "mod_proxy.c", "mod_alias.c", NULL
    };
    static const char *const before_rewrite[] = { "mod_rewrite.c", NULL };
    static const char *const before_proxy[] = { "mod_proxy.c", NULL };
    static const char *const before_methods[] = {
        "mod_allowmethods.c", NULL
    };

    /* headers that look like ours go before anybody reads them */
    ap_hook_post_read_request(tw_strip_post_read_request, NULL, NULL,
                              APR_HOOK_REALLY_FIRST);
    tw_strip_register_filter();

    /* the own locations, before everything that would take them */
    ap_hook_translate_name(tw_locations_translate, NULL, before_mapping,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(tw_locations_map_to_storage, NULL, before_proxy,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_check_access(tw_locations_host_access, NULL, before_methods,
                         APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_access_ex(tw_locations_access, NULL, after_authz,
                            APR_HOOK_REALLY_FIRST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_handler(tw_locations_handler, NULL, before_proxy,
                    APR_HOOK_REALLY_FIRST);

    ap_hook_handler(tw_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    tw_status_register();

    ap_hook_check_authn(tw_authn_check, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(tw_authz_check, NULL, after_authz,
                        APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    tw_authz_register(pool);
    tw_identity_register();

    /* the environment again for each internal redirect, and in time for the
     * rewrite rules of directories */
    ap_hook_fixups(tw_authn_fixups, NULL, before_rewrite,
                   APR_HOOK_REALLY_FIRST);
    tw_page_register_filter();
    ap_hook_insert_error_filter(tw_page_insert_error_filter, NULL, NULL,
                                APR_HOOK_MIDDLE);
    ap_hook_insert_filter(tw_authn_insert_filter, NULL, NULL,
                          APR_HOOK_REALLY_LAST);
    tw_caching_register_filter();
    ap_hook_child_init(tw_caching_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(tw_visitor_insert_error_filter, NULL, NULL,
                                APR_HOOK_REALLY_LAST);
}

static void register_hooks(apr_pool_t *pool)
{
    register_start();
    register_requests(pool);
}

module AP_MODULE_DECLARE_DATA twauth_module = {
    STANDARD20_MODULE_STUFF,
    tw_conf_dir_create,
    tw_conf_dir_merge,
    tw_conf_server_create,
    tw_conf_server_merge,
    tw_directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
