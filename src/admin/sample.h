/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/sample: a path that a section or directive by pattern counts for.
 *
 * What is to be checked of "^/(.*\.php)$" is checked of one path that matches.
 */
#ifndef TW_ADMIN_SAMPLE_H
#define TW_ADMIN_SAMPLE_H

#include "admin/probe.h"

/*
 * A text that matches the regular expression; its first wildcard becomes
 * lead.  NULL: none was found.
 */
const char *tw_sample(const tw_probe_t *p, const char *regex,
                      const char *lead);

/* One that begins with below; NULL: none was found. */
const char *tw_sample_below(const tw_probe_t *p, const char *regex,
                            const char *below);

/* The same for <Location "/a*">: wildcards become x. */
const char *tw_sample_wildcard(const char *text, apr_pool_t *pool);

/* A path for which an <If> may be true; "/" if its condition names none. */
const char *tw_sample_if(const tw_probe_t *p, const char *expr);

#endif
