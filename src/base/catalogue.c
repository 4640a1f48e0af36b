/* SPDX-License-Identifier: Apache-2.0 */
#include "base/catalogue.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/language.h"

#define BLANKS " \t"

const tw_catalogue_t tw_catalogue_english = {
    .language = "en",
    .direction = "ltr"
};

tw_catalogue_t *tw_catalogue_make(const char *language, apr_pool_t *pool)
{
    tw_catalogue_t *catalogue = apr_pcalloc(pool, sizeof(*catalogue));

    catalogue->language = apr_pstrdup(pool, language);
    catalogue->direction = tw_language_direction(language);
    return catalogue;
}

/* ---- reading ------------------------------------------------------------ */

/* How many bytes the character at text has, of len that are left: 0: it is
 * none (RFC 3629), or a control character. */
static apr_size_t character(const unsigned char *text, apr_size_t len)
{
    unsigned char c = text[0];
    apr_size_t i, n = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2
                      : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4
                      : 0;

    if (n == 1) {
        return (c >= 0x20 && c != 0x7f) || c == '\t';
    }
    if (!n || n > len || (c == 0xe0 && text[1] < 0xa0)
        || (c == 0xed && text[1] > 0x9f) || (c == 0xf0 && text[1] < 0x90)
        || (c == 0xf4 && text[1] > 0x8f) || (c == 0xc2 && text[1] < 0xa0)) {
        return 0;
    }
    for (i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return n;
}

int tw_catalogue_is_text(const char *text, apr_size_t len)
{
    const unsigned char *c = (const unsigned char *)text, *end = c + len;
    apr_size_t n;

    for (; c < end; c += n) {
        n = character(c, (apr_size_t)(end - c));
        if (!n) {
            return 0;
        }
    }
    return 1;
}

/* Whether sentence has the placeholder. */
static int has(const char *sentence, const char *name, apr_size_t name_len)
{
    const char *found;
    apr_size_t len;

    while ((found = tw_sentence_placeholder(&len, &sentence)) != NULL) {
        if (len == name_len && !memcmp(found, name, len)) {
            return 1;
        }
    }
    return 0;
}

static int braces(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += *text == '{' || *text == '}';
    }
    return n;
}

/* What is wrong with the placeholders of a sentence; NULL: nothing. */
static const char *bad_placeholder(const char *sentence, const char *english,
                                   apr_pool_t *pool)
{
    const char *at = english, *name;
    apr_size_t len;
    int n = 0;

    while ((name = tw_sentence_placeholder(&len, &at)) != NULL) {
        if (!has(sentence, name, len)) {
            return apr_psprintf(pool, "must have {%.*s}, as in \"%s\"",
                                (int)len, name, english);
        }
    }
    at = sentence;
    while ((name = tw_sentence_placeholder(&len, &at)) != NULL) {
        n++;
        if (!has(english, name, len) && (len != 4 || memcmp(name, "site", 4))) {
            return apr_psprintf(pool, "may have {site} and what is in \"%s\" "
                                "in braces, nothing else", english);
        }
    }
    return braces(sentence) == 2 * n
           ? NULL : "must have braces around placeholders only";
}

/* The known key that begins most like the one that was meant. */
static const char *nearest(const char *key, apr_size_t len)
{
    const char *best = "";
    apr_size_t most = 0;
    int say;

    for (say = TW_SAY_NOTHING + 1; say < TW_SENTENCES; say++) {
        const char *known = tw_sentence((tw_say_t)say)->key;
        apr_size_t same = 0;

        while (same < len && known[same] == key[same]) {
            same++;
        }
        if (same >= most) {
            most = same;
            best = known;
        }
    }
    return best;
}

static apr_status_t wrong(tw_err_t *err, apr_pool_t *pool, const char *text)
{
    return tw_err_set(err, pool, TW_ERR_INPUT, APR_EINVAL, "%s", text);
}

/* One line that is not empty, without blanks at its ends. */
static apr_status_t read_line(tw_catalogue_t *catalogue, char *seen,
                              const char *line, apr_pool_t *pool,
                              tw_err_t *err)
{
    const char *sentence = strchr(line, '='), *bad;
    apr_size_t len = sentence ? (apr_size_t)(sentence - line) : 0;
    tw_say_t say;

    while (len && strchr(BLANKS, line[len - 1])) {
        len--;
    }
    if (!len) {
        return wrong(err, pool, "must be \"key = sentence\", or begin with # "
                     "as a remark");
    }
    say = tw_sentence_of(line, len);
    if (!say) {
        return wrong(err, pool, apr_psprintf(
            pool, "there is no such key: did you mean %s? en.txt has all of "
            "them", nearest(line, len)));
    }
    if (seen[say]) {
        return wrong(err, pool, apr_psprintf(
            pool, "%s stands here twice: take one of the lines out",
            tw_sentence(say)->key));
    }
    sentence += 1 + strspn(sentence + 1, BLANKS);
    if (!*sentence || strlen(sentence) > TW_CATALOGUE_SENTENCE_MAX) {
        return wrong(err, pool, apr_psprintf(
            pool, "%s must have a sentence of 1 to %d bytes",
            tw_sentence(say)->key, TW_CATALOGUE_SENTENCE_MAX));
    }
    bad = bad_placeholder(sentence, tw_sentence(say)->english, pool);
    if (bad) {
        return wrong(err, pool, apr_psprintf(pool, "%s %s",
                                             tw_sentence(say)->key, bad));
    }
    seen[say] = 1;
    catalogue->sentences[say] = apr_pescape_entity(pool, sentence, 0);
    return APR_SUCCESS;
}

apr_status_t tw_catalogue_read(tw_catalogue_t *catalogue, int *line,
                               const char *text, apr_size_t len,
                               apr_pool_t *pool, tw_err_t *err)
{
    char seen[TW_SENTENCES] = { 0 };
    const char *end = text + len, *next;
    apr_status_t rv = APR_SUCCESS;

    *line = 0;
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;              /* some editors begin a file with it */
    }
    for (; rv == APR_SUCCESS && text < end; text = next) {
        const char *stop = memchr(text, '\n', (apr_size_t)(end - text));
        apr_size_t left;

        next = stop ? stop + 1 : end;
        left = (apr_size_t)((stop ? stop : end) - text);
        left -= left && text[left - 1] == '\r';
        ++*line;
        if (!tw_catalogue_is_text(text, left)) {
            return wrong(err, pool, "must be text in UTF-8, without control "
                         "characters");
        }
        while (left && strchr(BLANKS, *text)) {
            text++;
            left--;
        }
        while (left && strchr(BLANKS, text[left - 1])) {
            left--;
        }
        if (left && *text != '#') {
            rv = read_line(catalogue, seen, apr_pstrmemdup(pool, text, left),
                           pool, err);
        }
    }
    return rv;
}

const char *tw_catalogue_missing(const tw_catalogue_t *catalogue,
                                 apr_pool_t *pool)
{
    const char *list = NULL;
    int say;

    for (say = TW_SAY_NOTHING + 1; say < TW_SENTENCES; say++) {
        if (!catalogue->sentences[say]) {
            list = apr_pstrcat(pool, list ? list : "", list ? ", " : "",
                               tw_sentence((tw_say_t)say)->key, NULL);
        }
    }
    return list;
}

const char *tw_catalogue_say(const tw_catalogue_t *catalogue, tw_say_t say)
{
    return catalogue->sentences[say] ? catalogue->sentences[say]
                                     : tw_sentence(say)->english;
}
