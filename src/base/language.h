/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/language: languages by their tags (RFC 5646, such as "pt-BR"), and
 * which one of several a reader wants.
 */
#ifndef TW_BASE_LANGUAGE_H
#define TW_BASE_LANGUAGE_H

#include <apr_pools.h>
#include <apr_tables.h>

/* Whether text is a tag: 2 or 3 letters, perhaps script, country and the like
 * behind hyphens. */
int tw_language_ok(const char *text);

/* How it is written, "ltr" or "rtl": by its script, else by the language. */
const char *tw_language_direction(const char *tag);

/*
 * Which of tags (of const char *, not empty) a reader wants most, by
 * Accept-Language (RFC 9110 section 12.5.4; NULL: nothing is said); 0, the
 * first, where none is wanted.  "de-AT" is given "de", where there is no
 * "de-AT"; "pt" is given "pt-BR".
 */
int tw_language_choose(const apr_array_header_t *tags, const char *accept);

#endif
