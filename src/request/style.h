/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/style: how the module's own pages look.
 *
 * One style sheet in each page, which the policy lets pass by its hash.  Its
 * colours are custom properties, so that a site's own sheet, which comes
 * after it, changes them in a line.
 */
#ifndef TW_REQUEST_STYLE_H
#define TW_REQUEST_STYLE_H

#include <apr_pools.h>

/* The sheet, without its element. */
extern const char tw_style[];

/* X's mark, an element of SVG that takes the colour of the text. */
extern const char tw_style_mark[];

/* What a Content-Security-Policy calls the sheet: 'sha256-...'. */
const char *tw_style_source(apr_pool_t *pool);

#endif
