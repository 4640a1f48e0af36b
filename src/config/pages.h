/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/pages: the languages of the module's own pages.
 *
 * English is always there.  Over it come the files that the module brings, of
 * TW_PAGES_DIR (a "make PAGES_DIR=" sets it), and over these those of the
 * site's own folder: LANGUAGE.txt, each a catalogue (base/catalogue).  An own
 * file may reword some sentences of a language that is there; one of another
 * language has to have all of them.
 */
#ifndef TW_CONFIG_PAGES_H
#define TW_CONFIG_PAGES_H

#include <apr_pools.h>
#include <apr_tables.h>

/* Read-only at run time. */
typedef struct tw_pages_t {
    apr_array_header_t *catalogues;     /* of const tw_catalogue_t *; the
                                           first is English */
    apr_array_header_t *languages;      /* their tags */
    const char *left_out;               /* why files that the module brings
                                           are not used; NULL: none is */
} tw_pages_t;

/*
 * Reads the files; folder: the site's own, NULL: none.  Returns NULL, or what
 * is wrong in the site's own: file, line, and what would be right.  pages
 * lives in pool.
 */
const char *tw_pages_read(tw_pages_t *pages, const char *folder,
                          apr_pool_t *pool, apr_pool_t *ptemp);

#endif
