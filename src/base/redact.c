/* SPDX-License-Identifier: Apache-2.0 */
#include "base/redact.h"

#include <string.h>

#include <apr_strings.h>

#include "base/err.h"

#define OPAQUE_MIN 16
#define WORDS_MAX 200
#define BLANKS " \t\r\n\f\v"

/* What tokens are made of, but for digits. */
#define NO_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_~+=%"

/* Also, lines become one: a log has no others. */
static const char *without_opaque(const char *text, apr_pool_t *pool)
{
    char *rest = apr_palloc(pool, strlen(text) + 1);
    char *end = rest;

    while (*text) {
        apr_size_t len = strspn(text, NO_DIGITS "0123456789");
        apr_size_t letters = strspn(text, NO_DIGITS);

        if (len >= OPAQUE_MIN && (letters < len || len >= 2 * OPAQUE_MIN)) {
            end = apr_cpystrn(end, "[...]", sizeof("[...]"));
        }
        else {
            memcpy(end, text, len);
            end += len;
        }
        text += len;
        if (strspn(text, BLANKS)) {
            text += strspn(text, BLANKS);
            *end++ = ' ';
        }
        else if (*text) {
            *end++ = *text++;
        }
    }
    *end = '\0';
    return rest;
}

const char *tw_redact_quote(const char *text, apr_size_t max,
                            apr_pool_t *pool)
{
    text = without_opaque(text, pool);
    return tw_err_quote(pool, text, strlen(text), max);
}

static int begins(const char *text, const char *with)
{
    return !strncasecmp(text, with, strlen(with));
}

/* The tag at or after text, in any case; NULL: there is none. */
static const char *find_tag(const char *text, const char *tag)
{
    while ((text = strchr(text, '<')) && !begins(text, tag)) {
        text++;
    }
    return text;
}

int tw_redact_is_page(const char *body)
{
    static const char *const tags[] = {
        "<!doctype html", "<html", "<head", "<title", "<body"
    };
    apr_size_t i;

    body += strspn(body, "\xef\xbb\xbf" BLANKS);
    for (i = 0; *body == '<' && i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (find_tag(body, tags[i])) {
            return 1;
        }
    }
    return 0;
}

/* The end of a tag, and of what nobody reads: a script, a style sheet, a
 * comment. */
static const char *skip_tag(const char *tag)
{
    const char *end = begins(tag, "<script") ? find_tag(tag, "</script")
                      : begins(tag, "<style") ? find_tag(tag, "</style")
                      : begins(tag, "<!--") ? strstr(tag, "-->") : tag;

    end = end ? strchr(end, '>') : NULL;
    return end ? end + 1 : tag + strlen(tag);
}

/* The words from text to end, without tags. */
static const char *words(const char *text, const char *end, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, WORDS_MAX + 1);
    apr_size_t len = 0;

    while (text < end && len < WORDS_MAX) {
        if (*text == '<' || strchr(BLANKS, *text)) {
            text = *text == '<' ? skip_tag(text) : text + 1;
            if (len && out[len - 1] != ' ') {
                out[len++] = ' ';
            }
        }
        else {
            out[len++] = *text++;
        }
    }
    if (len && out[len - 1] == ' ') {
        len--;
    }
    out[len] = '\0';
    return out;
}

const char *tw_redact_page(const char *body, apr_pool_t *pool)
{
    const char *title = find_tag(body, "<title");
    const char *open = title ? strchr(title, '>') : NULL;
    const char *close = open ? strchr(open, '<') : NULL;
    const char *text = close ? words(open + 1, close, pool) : "";

    return *text ? text : words(body, body + strlen(body), pool);
}

static int repeats(const char *why, const char *word)
{
    static const char password[] = "password=";
    apr_size_t len = sizeof(password) - 1;

    return strncmp(word, password, len)
           ? !strchr(word, '=') && strstr(why, word)
           : word[len] && strstr(why, word + len);
}

const char *tw_redact_connection(const char *why, const char *params,
                                 apr_pool_t *pool)
{
    char *last, *word, *words = apr_pstrdup(pool, params);

    for (word = apr_strtok(words, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        if (repeats(why, word)) {
            return "DBDParams is no list of name=value (a value with a blank "
                   "stands in quotes: password='two words')";
        }
    }
    return tw_err_quote(pool, why, strlen(why), 200);
}
