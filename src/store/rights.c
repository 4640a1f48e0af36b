/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rights.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <mpm_common.h>

apr_status_t tw_rights_drop(server_rec *server, apr_pool_t *pool,
                            tw_err_t *err)
{
    const struct passwd *user;
    int rc;

    if (geteuid() != 0) {
        return APR_SUCCESS;
    }
    /* as a child of httpd does */
    rc = ap_run_drop_privileges(pool, server);
    if (rc != OK && rc != DECLINED) {
        return tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
                          "cannot go on as the server's user (User, Group)");
    }
    /* libraries look for files in HOME, which was root's */
    user = getpwuid(geteuid());
    if (user) {
        setenv("HOME", user->pw_dir, 1);
    }
    return APR_SUCCESS;
}
