/* SPDX-License-Identifier: Apache-2.0 */
#include "config/notices.h"

#include <apr_hash.h>

#include "config/exposed.h"
#include "config/site.h"
#include "private.h"

typedef struct {
    apr_pool_t *pool;
    server_rec *base_server;
    int startup;                /* APLOG_STARTUP before there is a log */
    apr_hash_t *said;           /* what several hosts have in common */
    const tw_exposed_t *user;   /* NULL: none to tell */
} notices_t;

static void say_off(const notices_t *notices, const tw_site_t *site)
{
    const server_rec *s = site->server;
    /* a main server beside virtual hosts seldom serves anybody */
    int level =
        s == notices->base_server && s->next ? APLOG_INFO : APLOG_WARNING;

    ap_log_error(APLOG_MARK, notices->startup | level, 0, s, TWLOGNO(0103)
                 "mod_twauth is off for the host at %s:%u: %s",
                 s->defn_name ? s->defn_name : "the main server",
                 s->defn_line_number, site->off);
}

static void say_secrets(const notices_t *notices, const tw_site_t *site)
{
    const apr_array_header_t *secrets =
        tw_exposed_secrets(site, notices->pool);
    int i;

    for (i = 0; i < secrets->nelts; i++) {
        const tw_exposed_secret_t *secret =
            &APR_ARRAY_IDX(secrets, i, tw_exposed_secret_t);
        const char *says;

        if (apr_hash_get(notices->said, secret->from, APR_HASH_KEY_STRING)
            || !(says = tw_exposed_file(notices->user, secret,
                                        notices->pool))) {
            continue;
        }
        apr_hash_set(notices->said, secret->from, APR_HASH_KEY_STRING,
                     secret->from);
        ap_log_error(APLOG_MARK, notices->startup | APLOG_WARNING, 0,
                     site->server, TWLOGNO(0110) "%s: " TW_EXPOSED_FILE, says);
    }
}

void tw_notices_log(server_rec *base_server, int startup, apr_pool_t *pool)
{
    notices_t notices = { pool, base_server, startup, apr_hash_make(pool),
                          tw_exposed_user(pool) };
    server_rec *s;

    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (site && site->off) {
            say_off(&notices, site);
        }
        else if (site) {
            say_secrets(&notices, site);
        }
    }
}
