/* SPDX-License-Identifier: Apache-2.0 */
#include "request/words.h"

#include <string.h>

#include <apr_strings.h>

#include "base/language.h"

void tw_words_choose(tw_words_t *words, request_rec *r, const tw_site_t *site)
{
    const tw_pages_t *pages = site->pages.languages;

    words->pool = r->pool;
    words->site = ap_escape_html(r->pool, site->pages.name);
    words->catalogue = &tw_catalogue_english;
    words->several = pages && pages->languages->nelts > 1;
    if (pages) {
        /* English alone may be reworded as well */
        int at = words->several
                 ? tw_language_choose(pages->languages, apr_table_get(
                       r->headers_in, "Accept-Language")) : 0;

        words->catalogue = APR_ARRAY_IDX(pages->catalogues, at,
                                         const tw_catalogue_t *);
    }
}

const char *tw_words_say(const tw_words_t *words, tw_say_t say)
{
    static const tw_pair_t none = { NULL, NULL };

    return tw_words_fill(words, say, &none);
}

static const char *value_of(const tw_words_t *words, const tw_pair_t *values,
                            const char *name, apr_size_t len)
{
    for (; values->name; values++) {
        if (strlen(values->name) == len && !memcmp(values->name, name, len)) {
            return values->value;
        }
    }
    return words->site;
}

const char *tw_words_fill(const tw_words_t *words, tw_say_t say,
                          const tw_pair_t *values)
{
    const char *text = tw_catalogue_say(words->catalogue, say);
    const char *at = text, *name, *filled = "";
    apr_size_t len;

    while ((name = tw_sentence_placeholder(&len, &at)) != NULL) {
        filled = apr_pstrcat(words->pool, filled, apr_pstrmemdup(
            words->pool, text, (apr_size_t)(name - 1 - text)),
                             value_of(words, values, name, len), NULL);
        text = at;
    }
    return *filled ? apr_pstrcat(words->pool, filled, text, NULL) : text;
}

const char *tw_words_with(const tw_words_t *words, tw_say_t say,
                          const char *name, const char *html)
{
    const tw_pair_t values[] = { { name, html }, { NULL, NULL } };

    return tw_words_fill(words, say, values);
}

static const char *digits(apr_pool_t *pool, int n)
{
    return apr_psprintf(pool, "%02d", n);
}

const char *tw_words_time(const tw_words_t *words, apr_time_t t)
{
    apr_time_exp_t e;
    apr_pool_t *pool = words->pool;

    apr_time_exp_gmt(&e, t);
    {
        const tw_pair_t values[] = {
            { "year", apr_itoa(pool, e.tm_year + 1900) },
            { "month", digits(pool, e.tm_mon + 1) },
            { "day", digits(pool, e.tm_mday) },
            { "hour", digits(pool, e.tm_hour) },
            { "minute", digits(pool, e.tm_min) },
            { NULL, NULL }
        };

        return tw_words_fill(words, TW_SAY_TIME, values);
    }
}
