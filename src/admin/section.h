/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/section: which paths a section of the configuration is for.
 *
 * <Directory>, <Files>, <Location> and <Proxy>, by name, by wildcards, or by
 * a regular expression ("~", or <DirectoryMatch> and its like).
 */
#ifndef TW_ADMIN_SECTION_H
#define TW_ADMIN_SECTION_H

#include "admin/probe.h"

typedef enum {
    TW_SECTION_DIRECTORY,
    TW_SECTION_FILES,
    TW_SECTION_LOCATION,
    TW_SECTION_PROXY
} tw_section_kind_t;

typedef struct {
    tw_section_kind_t kind;
    const char *name;                   /* what it is for */
    int regex;                          /* name is a regular expression */
    int wild;                           /* name has wildcards */
} tw_section_t;

/* Reads one; 0: d is none of these. */
int tw_section_read(tw_section_t *section, const ap_directive_t *d,
                    apr_pool_t *pool);

/* The same, if it is of that kind. */
int tw_section_is(tw_section_t *section, tw_section_kind_t kind,
                  const ap_directive_t *d, apr_pool_t *pool);

/*
 * Whether it counts for a path: of a file (<Directory>), a file's name
 * (<Files>), a URL's path (<Location>), a whole URL (<Proxy>).  NULL: it does
 * not; else what of the path its name leaves over.
 */
const char *tw_section_rest(const tw_section_t *section, const tw_probe_t *p,
                            const char *path);

/* How many names deep a folder is, as httpd sorts <Directory>; -1: a regular
 * expression. */
int tw_section_depth(const tw_section_t *section);

/* Whether d is a <Location> that counts for the probe's path. */
int tw_section_has_url(const ap_directive_t *d, const tw_probe_t *p);

#endif
