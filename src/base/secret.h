/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/secret: secrets from a file or a command.
 *
 * No directive takes a secret as its argument: configurations are shown,
 * copied and mailed.  "file:/path" names a file that others can neither read
 * nor write; "exec:/path arg ..." a command, run as root once per start or
 * restart (arguments at blanks, no shell), whose first line is the secret.
 */
#ifndef TW_BASE_SECRET_H
#define TW_BASE_SECRET_H

#include <apr_pools.h>

#include "base/err.h"

#define TW_SECRET_MAX 4096

/* Whether from is "file:/..." or "exec:/..."; *why says what is wrong. */
int tw_secret_ok(const char **why, const char *from);

/* Whether from is a command. */
int tw_secret_is_command(const char *from);

/*
 * A path, fit for a message: as far as it is there, for what is not there may
 * be a secret that was pasted in the place of a path.
 */
const char *tw_secret_path(apr_pool_t *pool, const char *path);

/* The source, fit for a message: its path, without a command's arguments. */
const char *tw_secret_name(apr_pool_t *pool, const char *from);

/*
 * Reads the secret.  What editors and pastes leave around it (blanks, line
 * ends, a byte order mark, no-break spaces) is dropped; a character inside of
 * it that no secret has is refused.  The text is in pool: wipe it when it has
 * been put elsewhere.  Messages name the source, never the content.
 */
apr_status_t tw_secret_read(char **text, const char *from, apr_pool_t *pool,
                            tw_err_t *err);

/*
 * Whether somebody else than root can read the file of a secret: the user or
 * one of the n groups.  The mode and owner of the file are filled in.
 */
typedef struct tw_secret_file_t {
    apr_uint32_t mode, user, group;
} tw_secret_file_t;
int tw_secret_is_exposed(tw_secret_file_t *file, const char *from,
                         apr_uint32_t user, const apr_uint32_t *groups,
                         int n);

/* Overwrites a text that nobody reads any more (NULL: none), whatever the
 * compiler thinks of it. */
void tw_secret_wipe(const char *text);

#endif
