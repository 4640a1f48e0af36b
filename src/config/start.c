/* SPDX-License-Identifier: Apache-2.0 */
#include "config/start.h"

#include <stdlib.h>
#include <string.h>

#include <ap_mpm.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "base/vault.h"
#include "config/build.h"
#include "config/hub.h"
#include "config/notices.h"
#include "config/phase.h"
#include "config/protocols.h"
#include "config/site.h"
#include "config/slots.h"
#include "private.h"
#include "store/version.h"

/* Another one than the versions before used, whose structure says nothing of
 * its size. */
#define RETAINED "mod_twauth retained"
#define RETAINED_RECENT "mod_twauth recent 1"

/* What outlives restarts, while the module itself is loaded anew: perhaps
 * another version, which takes what is as its own and leaves the rest. */
typedef struct {
    apr_size_t size;                /* of this; always the first member */
    apr_size_t vault_size;
    tw_vault_t *vault;
    apr_uint64_t layout;            /* of shared */
    void *shared;
} retained_t;

/* Set by the hooks alone. */
static struct {
    retained_t *retained;
    tw_cache_t *cache;
    int any;
    int most_calls;
} process;

int tw_start_any(void)
{
    return process.any;
}

tw_http_pool_t *tw_start_http(const tw_site_t *site)
{
    return tw_protocols_http(site->provider.protocol);
}

tw_cache_t *tw_start_cache(void)
{
    return process.cache;
}

int tw_start_entries(const server_rec *s)
{
    apr_int64_t most = 0;

    for (; s; s = s->next) {
        if (tw_site(s) && tw_conf_server(s)->session.entries > most) {
            most = tw_conf_server(s)->session.entries;
        }
    }
    return tw_shared_entries(most);
}

/* ---- hooks -------------------------------------------------------------- */

int tw_start_pre_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp)
{
    retained_t *retained = ap_retained_data_get(RETAINED);

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (!retained || retained->size != sizeof(*retained)
        || retained->vault_size != tw_vault_size()) {
        retained = ap_retained_data_create(RETAINED, sizeof(*retained));
        retained->size = sizeof(*retained);
        retained->vault_size = tw_vault_size();
        retained->vault = tw_vault_make();
    }
    memset(&process, 0, sizeof(process));
    process.retained = retained;
    if (tw_seal_init() != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL,
                     TWLOGNO(0607) "libsodium did not start: the system gives "
                     "no random numbers");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

int tw_start_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *base_server)
{
    tw_draft_t *draft =
        tw_draft_begin(base_server, process.retained->vault, pconf, ptemp);
    server_rec *s;
    int good = 1;

    (void)plog;
    for (s = base_server; s; s = s->next) {
        tw_server_conf_t *conf = tw_conf_server(s);

        tw_conf_dir_defaults(s);
        if (conf->engine == 0
            || (conf->engine == TW_UNSET && !tw_conf_has_credentials(conf))) {
            continue;
        }
        /* a host without directives shares its structure with the main
         * server, but not its address */
        if (s != base_server && conf == tw_conf_server(base_server)) {
            conf = apr_pmemdup(pconf, conf, sizeof(*conf));
            conf->own.callback_url = NULL;
            conf->own.hub_for = NULL;
            ap_set_module_config(s->module_config, &twauth_module, conf);
        }
        tw_conf_defaults(conf);
        conf->site = tw_build_site(draft, s);
        if (conf->site) {
            process.any = 1;
        }
        else {
            good = 0;
        }
    }
    good = good && tw_hub_check(draft);
    if (good && (tw_phase_is_test() || tw_phase_is_trial())) {
        tw_notices_log(base_server, APLOG_STARTUP, ptemp);
    }
    return good ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

/* The segment that all processes share: made once, kept over restarts. */
static tw_shared_t *shared_memory(server_rec *base_server)
{
    retained_t *retained = process.retained;
    int entries = tw_start_entries(base_server);
    apr_size_t size = tw_shared_size(entries);

    /* another layout is another size, or version of the module: old children
     * go on with the old segment, which is never touched again from here */
    if (!retained->shared || retained->layout != tw_shared_layout(entries)) {
        apr_shm_t *shm;
        apr_status_t rv = apr_shm_create(&shm, size, NULL,
                                         base_server->process->pool);

        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, rv,
                         base_server,
                         TWLOGNO(0104) "no shared memory (%" APR_SIZE_T_FMT
                         " bytes)", size);
            return NULL;
        }
        retained->shared = apr_shm_baseaddr_get(shm);
        retained->layout = tw_shared_layout(entries);
    }
    return tw_shared_attach(retained->shared, entries, apr_time_now());
}

/* The lines that were written lately; apart, for what is retained may be of
 * another version of the module. */
static tw_recent_t *recent_lines(server_rec *base_server)
{
    struct { void *base; apr_size_t size; } *kept =
        ap_retained_data_get(RETAINED_RECENT);
    apr_size_t size = tw_recent_size();
    apr_shm_t *shm;

    if (!kept) {
        kept = ap_retained_data_create(RETAINED_RECENT, sizeof(*kept));
    }
    if (kept->size != size) {
        apr_status_t rv = apr_shm_create(&shm, size, NULL,
                                         base_server->process->pool);

        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, base_server, TWLOGNO(0111)
                         "no shared memory (%" APR_SIZE_T_FMT " bytes)",
                         size);
            return NULL;
        }
        kept->base = apr_shm_baseaddr_get(shm);
        kept->size = size;
        memset(kept->base, 0, size);
    }
    return tw_recent_attach(kept->base);
}

static int workers(void)
{
    int processes = 1, threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return processes * (threads > 0 ? threads : 1);
}

/* As many calls at once as leave workers for everything else. */
static int quarter_of_workers(void)
{
    int calls = workers() / 4;

    return calls < 2 ? 2 : calls > TW_CALLS_MAX ? TW_CALLS_MAX : calls;
}

int tw_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *base_server)
{
    tw_shared_t *shared;
    tw_recent_t *recent;
    server_rec *s;

    (void)pconf;
    (void)plog;
    if (!process.any || tw_phase_is_trial()) {
        return OK;
    }
    tw_notices_log(base_server, 0, ptemp);
    shared = shared_memory(base_server);
    recent = recent_lines(base_server);
    if (!shared || !recent) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (s = base_server; s; s = s->next) {
        tw_site_t *site = tw_conf_server(s)->site;

        if (!tw_site_is_on(s)) {
            continue;
        }
        if (!site->provider.calls) {
            site->provider.calls = quarter_of_workers();
        }
        if (site->provider.calls > process.most_calls) {
            process.most_calls = site->provider.calls;
        }
        site->log.recent = recent;
        site->shared = site->store.database.shared = shared;
        tw_slots_find(site, shared, ptemp);
        tw_db_find_library(&site->store.database, ptemp);
    }
    return OK;
}

static void lock_secrets(server_rec *base_server)
{
    server_rec *s;

    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (tw_site_is_on(s)) {
            tw_seal_lock(site->sealers.ring, site->provider.client.secret);
        }
    }
}

static void check_tables(apr_pool_t *pchild, server_rec *base_server)
{
    apr_pool_t *pool;
    server_rec *s;

    apr_pool_create(&pool, pchild);
    for (s = base_server; s; s = s->next) {
        if (tw_site_is_on(s)) {
            tw_version_check(&tw_site(s)->store.database, pool);
        }
    }
    apr_pool_destroy(pool);
}

/* How long the copies of sessions are, as a rule. */
static apr_size_t longest_copy(const server_rec *s)
{
    for (; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (site && site->store.database.profiles) {
            return TW_CACHE_TEXT_PROFILE;
        }
    }
    return TW_CACHE_TEXT;
}

void tw_start_child_init(apr_pool_t *pchild, server_rec *base_server)
{
    if (!process.most_calls) {
        return;         /* where all hosts are off, as in a trial */
    }
    lock_secrets(base_server);
    /* on its own: sessions need it also where sign-ins cannot work */
    if (tw_db_child_init(pchild) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, base_server, TWLOGNO(0107)
                     "no lock for the database: this child ends");
        exit(APEXIT_CHILDSICK);
    }
    check_tables(pchild, base_server);
    process.cache = tw_cache_make(longest_copy(base_server), pchild);
    tw_protocols_child_init(pchild, base_server, process.most_calls);
}
