/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/words: the sentences of a page, in the reader's language.
 *
 * The language is chosen by Accept-Language.  What comes out is HTML; what is
 * put into a sentence has to be HTML too.
 */
#ifndef TW_REQUEST_WORDS_H
#define TW_REQUEST_WORDS_H

#include <httpd.h>

#include "base/catalogue.h"
#include "base/codec.h"
#include "config/site.h"

typedef struct tw_words_t {
    apr_pool_t *pool;
    const tw_catalogue_t *catalogue;
    const char *site;           /* the site's name, HTML */
    int several;                /* there are other languages to choose from */
} tw_words_t;

/* The words for who reads the answer to r. */
void tw_words_choose(tw_words_t *words, request_rec *r, const tw_site_t *site);

/* A sentence without placeholders, but for {site}. */
const char *tw_words_say(const tw_words_t *words, tw_say_t say);

/* One with placeholders: their names and values, as tw_pair_t; a pair without
 * a name ends them. */
const char *tw_words_fill(const tw_words_t *words, tw_say_t say,
                          const tw_pair_t *values);

/* One with one placeholder. */
const char *tw_words_with(const tw_words_t *words, tw_say_t say,
                          const char *name, const char *html);

/* A moment, as the language writes it, in UTC. */
const char *tw_words_time(const tw_words_t *words, apr_time_t t);

#endif
