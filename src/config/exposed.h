/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/exposed: secrets that the server's own user can get at.
 *
 * Programs run as that user, or get at its files by a fault: a secret that it
 * can read is theirs as well, and one in a folder that it can write to can be
 * exchanged.  Only where httpd is begun by root can secrets be out of its
 * reach; else there is nothing to say.
 */
#ifndef TW_CONFIG_EXPOSED_H
#define TW_CONFIG_EXPOSED_H

#include "config/site.h"

/* The user that httpd's children become, with all its groups. */
typedef struct tw_exposed_t tw_exposed_t;

/* NULL: they stay who they are. */
const tw_exposed_t *tw_exposed_user(apr_pool_t *pool);

/* The secrets that a host names, as tw_exposed_secret_t. */
typedef struct tw_exposed_secret_t {
    const char *directive;
    const char *from;                   /* as it was written */
} tw_exposed_secret_t;
apr_array_header_t *tw_exposed_secrets(const tw_site_t *site,
                                       apr_pool_t *pool);

/* What that user can read, in words, and what to do; NULL: it cannot, or it
 * is of a command. */
const char *tw_exposed_file(const tw_exposed_t *user,
                            const tw_exposed_secret_t *secret,
                            apr_pool_t *pool);
#define TW_EXPOSED_FILE "chown root:root and chmod 0600, for httpd reads it " \
                        "as root"

/* The first folder on the way to the file that it can write to, likewise. */
const char *tw_exposed_folder(const tw_exposed_t *user,
                              const tw_exposed_secret_t *secret,
                              apr_pool_t *pool);

#endif
