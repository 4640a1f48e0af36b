/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/shown: directives and their values, as lines of `-D DUMP_TWAUTH`.
 *
 * All that the command table has, so that a new directive is there by itself.
 * A value is shown as an administrator writes it; a key by its end, a secret
 * by where it comes from, a command by that it is one, a condition not at all.
 */
#ifndef TW_ADMIN_SHOWN_H
#define TW_ADMIN_SHOWN_H

#include <httpd.h>
#include <http_config.h>

#include <apr_file_io.h>

/* What a host that has a site has otherwise than by default. */
void tw_shown_settings(apr_file_t *out, const server_rec *s, apr_pool_t *pool);

/*
 * What sections say of their places: the module's own directives, and the
 * rules by which people are let in.  From first on, but no virtual hosts; with
 * title before them, if there are any.
 */
void tw_shown_places(apr_file_t *out, const ap_directive_t *first,
                     const char *title, apr_pool_t *pool);

/* Each directive, with its default. */
void tw_shown_defaults(apr_file_t *out, apr_pool_t *pool);

#endif
