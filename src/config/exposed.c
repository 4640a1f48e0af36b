/* SPDX-License-Identifier: Apache-2.0 */
#include "config/exposed.h"

#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <unixd.h>

#include "base/secret.h"

#define GROUPS_MAX 64

struct tw_exposed_t {
    apr_uint32_t user;
    apr_uint32_t groups[GROUPS_MAX];
    int n;
};

const tw_exposed_t *tw_exposed_user(apr_pool_t *pool)
{
    const char *name = ap_unixd_config.user_name;
    int i, n = GROUPS_MAX;
    gid_t groups[GROUPS_MAX];
    tw_exposed_t *user;

    if (geteuid() != 0) {
        return NULL;
    }
    if (!name || *name == '#'
        || getgrouplist(name, ap_unixd_config.group_id, groups, &n) < 0) {
        groups[0] = ap_unixd_config.group_id;
        n = 1;
    }
    user = apr_pcalloc(pool, sizeof(*user));
    user->user = ap_unixd_config.user_id;
    for (i = 0; i < n; i++) {
        user->groups[i] = groups[i];
    }
    user->n = n;
    return user;
}

static void add(apr_array_header_t *secrets, const char *directive,
                const char *from)
{
    tw_exposed_secret_t secret = { directive, from };

    if (from) {
        APR_ARRAY_PUSH(secrets, tw_exposed_secret_t) = secret;
    }
}

apr_array_header_t *tw_exposed_secrets(const tw_site_t *site,
                                       apr_pool_t *pool)
{
    const tw_server_conf_t *conf = tw_conf_server(site->server);
    apr_array_header_t *secrets =
        apr_array_make(pool, 3, sizeof(tw_exposed_secret_t));
    int i;

    add(secrets, "TwAuthConsumerSecret", conf->consumer.secret);
    add(secrets, "TwAuthClientSecret", conf->client.secret);
    for (i = 0; conf->keys && i < conf->keys->nelts; i++) {
        add(secrets, "TwAuthKey", APR_ARRAY_IDX(conf->keys, i, const char *));
    }
    return secrets;
}

const char *tw_exposed_file(const tw_exposed_t *user,
                            const tw_exposed_secret_t *secret,
                            apr_pool_t *pool)
{
    char *owner = NULL, *group = NULL;
    tw_secret_file_t file;

    if (!user || !tw_secret_is_exposed(&file, secret->from, user->user,
                                       user->groups, user->n)) {
        return NULL;
    }
    apr_uid_name_get(&owner, file.user, pool);
    apr_gid_name_get(&group, file.group, pool);
    return apr_psprintf(pool, "%s %s can be read by the server's own user "
                        "(mode %04o, %s:%s), and so by programs that it runs",
                        secret->directive,
                        tw_secret_name(pool, secret->from), file.mode,
                        owner ? owner : apr_itoa(pool, (int)file.user),
                        group ? group : apr_itoa(pool, (int)file.group));
}

static int may_write(const tw_exposed_t *user, const struct stat *st)
{
    int i;

    if (st->st_uid == user->user) {
        return 1;       /* who owns it can also change the mode */
    }
    /* there everybody may add, and nobody take what is another's */
    if (st->st_mode & S_ISVTX) {
        return 0;
    }
    for (i = 0; i < user->n; i++) {
        if (st->st_gid == user->groups[i] && (st->st_mode & S_IWGRP)) {
            return 1;
        }
    }
    return (st->st_mode & S_IWOTH) != 0;
}

const char *tw_exposed_folder(const tw_exposed_t *user,
                              const tw_exposed_secret_t *secret,
                              apr_pool_t *pool)
{
    struct stat st;
    char *path, *slash;

    if (!user || tw_secret_is_command(secret->from)) {
        return NULL;
    }
    path = apr_pstrdup(pool, secret->from + strlen("file:"));
    while ((slash = strrchr(path, '/')) != NULL && slash != path) {
        *slash = '\0';
        if (stat(path, &st) == 0 && may_write(user, &st)) {
            return apr_psprintf(pool, "%s %s can be exchanged by the server's "
                                "own user, who may write to the folder %s",
                                secret->directive,
                                tw_secret_name(pool, secret->from), path);
        }
    }
    return NULL;
}
