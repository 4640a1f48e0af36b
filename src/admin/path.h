/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/path: paths of files and URLs, as checks of the configuration compare
 * them.
 */
#ifndef TW_ADMIN_PATH_H
#define TW_ADMIN_PATH_H

#include <apr_pools.h>

/* Whether path is prefix or below it, as Alias and ProxyPass see it. */
int tw_path_below(const char *path, const char *prefix);

/* Whether it ends in a slash. */
int tw_path_has_slash(const char *path);

/* Without symbolic links and without slashes at its end. */
const char *tw_path_real(const char *path, apr_pool_t *pool);

/* Where the folder at prefix has rest: one slash between them, if rest has
 * one. */
const char *tw_path_join(const char *prefix, const char *rest,
                         apr_pool_t *pool);

#endif
