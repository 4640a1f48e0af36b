#include "tw_start.h"

#include <stdlib.h>
#include <string.h>

#include <ap_mpm.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "tw_oauth1.h"
#include "tw_private.h"
#include "tw_secret.h"
#include "tw_site.h"

#define RETAINED "mod_twauth"

/* What outlives restarts, while the module itself is loaded anew. */
typedef struct {
    void *shared;
    apr_size_t shared_size;
    tw_vault_t *vault;
} retained_t;

/* Set by the hooks alone. */
static struct {
    retained_t *retained;
    tw_http_pool_t *http;
    tw_memo_t *memo;
    int any;
    int most_calls;
} process;

int tw_start_any(void)
{
    return process.any;
}

tw_http_pool_t *tw_start_http(void)
{
    return process.http;
}

tw_memo_t *tw_start_memo(void)
{
    return process.memo;
}

/* ---- hooks -------------------------------------------------------------- */

int tw_start_pre_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp)
{
    retained_t *retained = ap_retained_data_get(RETAINED);

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (!retained) {
        retained = ap_retained_data_create(RETAINED, sizeof(*retained));
        retained->vault = tw_vault_make();
    }
    memset(&process, 0, sizeof(process));
    process.retained = retained;
    return tw_seal_init() == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

int tw_start_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *main)
{
    tw_build_t *build = tw_site_begin(main, process.retained->vault, pconf,
                                      ptemp);
    server_rec *s;
    int good = 1;

    (void)plog;
    for (s = main; s; s = s->next) {
        tw_server_conf_t *conf = tw_conf_server(s);

        if (conf->engine == 0
            || (conf->engine == TW_UNSET && !tw_conf_has_credentials(conf))) {
            continue;
        }
        /* a host without directives shares its structure with the main
         * server, but not its address */
        if (s != main && conf == tw_conf_server(main)) {
            conf = apr_pmemdup(pconf, conf, sizeof(*conf));
            conf->callback_url = NULL;
            ap_set_module_config(s->module_config, &twauth_module, conf);
        }
        tw_conf_defaults(conf);
        conf->site = tw_site_build(build, s);
        if (conf->site) {
            process.any = 1;
        }
        else {
            good = 0;
        }
    }
    return good ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

/* The segment that all processes share: made once, kept over restarts. */
static tw_shared_t *shared_memory(server_rec *main)
{
    retained_t *retained = process.retained;

    /* another size is another version of the module: its old children go on
     * with the old segment */
    if (!retained->shared || retained->shared_size != tw_shared_size()) {
        apr_shm_t *shm;
        apr_status_t rv = apr_shm_create(&shm, tw_shared_size(), NULL,
                                         main->process->pool);

        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, rv, main,
                         TWLOGNO(0104) "no shared memory (%" APR_SIZE_T_FMT
                         " bytes)", tw_shared_size());
            return NULL;
        }
        retained->shared = apr_shm_baseaddr_get(shm);
        retained->shared_size = tw_shared_size();
        memset(retained->shared, 0, tw_shared_size());
    }
    return tw_shared_attach(retained->shared, apr_time_now());
}

static int workers(void)
{
    int processes = 1, threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return processes * (threads > 0 ? threads : 1);
}

int tw_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *main)
{
    tw_shared_t *shared;
    server_rec *s;

    (void)pconf;
    (void)plog;
    if (!process.any || tw_site_is_trial()) {
        return OK;
    }
    shared = shared_memory(main);
    if (!shared) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (s = main; s; s = s->next) {
        tw_site_t *site = tw_conf_server(s)->site;
        apr_int64_t calls;

        if (!site || site->off) {
            continue;
        }
        calls = site->conf->provider_calls;
        if (!calls) {
            calls = workers() / 4;
            calls = calls < 2 ? 2 : calls > TW_CALLS_MAX ? TW_CALLS_MAX
                                                         : calls;
        }
        site->calls = (int)calls;
        if (site->calls > process.most_calls) {
            process.most_calls = site->calls;
        }
        site->shared = site->database.shared = shared;
        site->slot = tw_shared_slot(shared, apr_pstrcat(
            ptemp, "site ", site->origin, NULL));
        site->provider_slot = tw_shared_slot(shared, apr_pstrcat(
            ptemp, "provider ", site->client.api, "\n", site->client.key,
            NULL));
        site->database.slot = tw_shared_slot(shared, apr_pstrcat(
            ptemp, "database ", site->database.driver, " ",
            site->database.params, NULL));
    }
    return OK;
}

static void lock_secrets(server_rec *main)
{
    server_rec *s;

    for (s = main; s; s = s->next) {
        const tw_site_t *site = tw_conf_server(s)->site;

        if (site && !site->off) {
            tw_seal_lock(site->ring, site->client.secret);
        }
    }
}

void tw_start_child_init(apr_pool_t *pchild, server_rec *main)
{
    tw_http_pool_t *http = NULL;
    tw_err_t err = { 0 };
    apr_status_t rv;

    if (!process.any) {
        return;
    }
    lock_secrets(main);
    /* on its own: sessions need it also where sign-ins cannot work */
    if (tw_db_child_init(pchild) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main, TWLOGNO(0107)
                     "no lock for the database: this child ends");
        exit(APEXIT_CHILDSICK);
    }
    rv = tw_seal_init();
    if (rv == APR_SUCCESS) {
        process.memo = tw_memo_make(pchild);
        rv = tw_http_init();
    }
    if (rv == APR_SUCCESS) {
        rv = tw_oauth1.child_init(pchild, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = tw_http_pool_make(&http, process.most_calls, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, rv, main, TWLOGNO(0106)
                     "no sign-in can work in this process: %s%s%s",
                     err.why ? err.why : "a library did not start",
                     err.advice ? ": " : "", err.advice ? err.advice : "");
    }
    process.http = http;
}
