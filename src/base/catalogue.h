/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/catalogue: the pages' sentences in one language.
 *
 * A catalogue is a text in UTF-8, a line for each sentence:
 *
 *     # a remark
 *     sign-in.title = Bitte melden Sie sich an
 *
 * Keys and placeholders are those of base/sentences; {site} may stand
 * anywhere.  Sentences are plain text and are kept as HTML.  What a catalogue
 * does not have is English.
 */
#ifndef TW_BASE_CATALOGUE_H
#define TW_BASE_CATALOGUE_H

#include <apr_pools.h>

#include "base/err.h"
#include "base/sentences.h"

/* The longest sentence, in bytes. */
#define TW_CATALOGUE_SENTENCE_MAX 500

/* Read-only at run time. */
typedef struct tw_catalogue_t {
    const char *language;               /* RFC 5646, such as "pt-BR" */
    const char *direction;              /* "ltr" or "rtl" */
    const char *sentences[TW_SENTENCES];    /* HTML; NULL: English */
} tw_catalogue_t;

/* The one that is always there. */
extern const tw_catalogue_t tw_catalogue_english;

/* Whether len bytes are UTF-8 (RFC 3629) without control characters. */
int tw_catalogue_is_text(const char *text, apr_size_t len);

/* A catalogue of a language that has no sentences yet. */
tw_catalogue_t *tw_catalogue_make(const char *language, apr_pool_t *pool);

/*
 * Reads len bytes of text into catalogue; what is in it already is replaced.
 * Failure says what would be right, and in *line where (from 1).
 */
apr_status_t tw_catalogue_read(tw_catalogue_t *catalogue, int *line,
                               const char *text, apr_size_t len,
                               apr_pool_t *pool, tw_err_t *err);

/* The keys that catalogue does not have, with commas; NULL: none. */
const char *tw_catalogue_missing(const tw_catalogue_t *catalogue,
                                 apr_pool_t *pool);

/* A sentence, as HTML with its placeholders. */
const char *tw_catalogue_say(const tw_catalogue_t *catalogue, tw_say_t say);

#endif
