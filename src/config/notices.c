/* SPDX-License-Identifier: Apache-2.0 */
#include "config/notices.h"

#include <grp.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <unixd.h>

#include "base/secret.h"
#include "config/site.h"
#include "private.h"

#define GROUPS_MAX 64

typedef struct {
    apr_pool_t *pool;
    server_rec *base_server;
    int startup;                /* APLOG_STARTUP before there is a log */
    apr_hash_t *said;           /* what several hosts have in common */
    apr_uint32_t groups[GROUPS_MAX];
    int n;                      /* of the server's user; 0: none to tell */
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

/* Programs run as the server's user, or get at its files by a fault: a
 * secret that it can read is theirs as well. */
static void say_exposed(const notices_t *notices, const tw_site_t *site,
                        const char *directive, const char *from)
{
    tw_secret_file_t file;
    char *user = NULL, *group = NULL;

    if (!from || !notices->n
        || apr_hash_get(notices->said, from, APR_HASH_KEY_STRING)
        || !tw_secret_is_exposed(&file, from, ap_unixd_config.user_id,
                                 notices->groups, notices->n)) {
        return;
    }
    apr_hash_set(notices->said, from, APR_HASH_KEY_STRING, from);
    apr_uid_name_get(&user, file.user, notices->pool);
    apr_gid_name_get(&group, file.group, notices->pool);
    ap_log_error(APLOG_MARK, notices->startup | APLOG_WARNING, 0,
                 site->server, TWLOGNO(0110) "%s %s can be read by the "
                 "server's own user (mode %04o, %s:%s), and so by programs "
                 "that it runs: chown root:root and chmod 0600, for httpd "
                 "reads it as root", directive,
                 tw_secret_name(notices->pool, from), file.mode,
                 user ? user : apr_itoa(notices->pool, (int)file.user),
                 group ? group : apr_itoa(notices->pool, (int)file.group));
}

/* The groups of the user that httpd's children become; none where httpd is
 * not root, and must read its secrets as whoever it is. */
static void find_groups(notices_t *notices)
{
    gid_t groups[GROUPS_MAX];
    const char *name = ap_unixd_config.user_name;
    int i, n = GROUPS_MAX;

    if (geteuid() != 0) {
        return;
    }
    if (!name || *name == '#'
        || getgrouplist(name, ap_unixd_config.group_id, groups, &n) < 0) {
        groups[0] = ap_unixd_config.group_id;
        n = 1;
    }
    for (i = 0; i < n; i++) {
        notices->groups[i] = groups[i];
    }
    notices->n = n;
}

static void say_secrets(const notices_t *notices, const tw_site_t *site)
{
    const tw_server_conf_t *conf = tw_conf_server(site->server);
    int i;

    say_exposed(notices, site, "TwAuthConsumerSecret", conf->consumer.secret);
    say_exposed(notices, site, "TwAuthClientSecret", conf->client.secret);
    for (i = 0; i < conf->keys->nelts; i++) {
        say_exposed(notices, site, "TwAuthKey",
                    APR_ARRAY_IDX(conf->keys, i, const char *));
    }
}

void tw_notices_log(server_rec *base_server, int startup, apr_pool_t *pool)
{
    notices_t notices = { pool, base_server, startup, apr_hash_make(pool),
                          { 0 }, 0 };
    server_rec *s;

    find_groups(&notices);
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
