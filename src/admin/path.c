/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/path.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

int tw_path_has_slash(const char *path)
{
    apr_size_t len = strlen(path);

    return len && path[len - 1] == '/';
}

int tw_path_below(const char *path, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return path && !strncmp(path, prefix, len)
           && (!path[len] || path[len] == '/' || tw_path_has_slash(prefix));
}

const char *tw_path_real(const char *path, apr_pool_t *pool)
{
    char *resolved = realpath(path, NULL);
    char *real = apr_pstrdup(pool, resolved ? resolved : path);
    apr_size_t len = strlen(real);

    free(resolved);
    while (len > 1 && real[len - 1] == '/') {
        real[--len] = '\0';
    }
    return real;
}

const char *tw_path_join(const char *prefix, const char *rest,
                         apr_pool_t *pool)
{
    return apr_pstrcat(pool, prefix,
                       rest + (*rest == '/' && tw_path_has_slash(prefix)),
                       NULL);
}
