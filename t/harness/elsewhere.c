/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module of httpd that sends what mod_proxy passes on elsewhere, when all
 * others have had their say: to what the variable "elsewhere" names.
 */
#include <apr_strings.h>

#include <httpd.h>
#include <http_config.h>
#include <mod_proxy.h>

static int send_elsewhere(proxy_worker **worker, proxy_balancer **balancer,
                          request_rec *r, proxy_server_conf *conf, char **url)
{
    const char *to = apr_table_get(r->subprocess_env, "elsewhere");

    (void)worker;
    (void)balancer;
    (void)conf;
    if (to) {
        *url = apr_pstrdup(r->pool, to);
        r->filename = apr_pstrcat(r->pool, "proxy:", to, NULL);
    }
    return DECLINED;
}

static void hooks(apr_pool_t *pool)
{
    (void)pool;
    proxy_hook_pre_request(send_elsewhere, NULL, NULL, APR_HOOK_FIRST);
}

module AP_MODULE_DECLARE_DATA elsewhere_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0
};
