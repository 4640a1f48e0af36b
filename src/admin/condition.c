/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/condition.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* ---- conditions of rewrite rules ----------------------------------------- */

static int is_file(const tw_probe_t *p, const char *name, char kind)
{
    apr_finfo_t info;

    if (apr_stat(&info, name, APR_FINFO_TYPE, p->pool) != APR_SUCCESS) {
        return 0;
    }
    return kind == 'd' ? info.filetype == APR_DIR
           : kind == 'f' || kind == 's' ? info.filetype == APR_REG : 1;
}

int tw_condition_rewrite(const tw_probe_t *p, const char *test,
                         const char *pattern, int nocase)
{
    int negated = *pattern == '!';
    const char *value;

    pattern += negated;
    if (!strcasecmp(test, "expr")) {
        int yes = tw_condition_if(p, pattern);

        return yes == TW_UNKNOWN ? yes : yes != negated;
    }
    value = tw_probe_expand(p, test);
    if (!value || strchr(value, '$') || strchr(value, '%')) {
        return TW_UNKNOWN;
    }
    if (*pattern == '=') {
        pattern += pattern[1] == '"' ? 0 : 1;
        return (nocase ? !strcasecmp(value, pattern)
                       : !strcmp(value, pattern)) != negated;
    }
    if (*pattern == '-' && pattern[1] && strchr("fdsFlHhxL", pattern[1])
        && !pattern[2]) {
        return is_file(p, value, pattern[1]) != negated;
    }
    if (*pattern == '-' || *pattern == '<' || *pattern == '>') {
        return TW_UNKNOWN;
    }
    return tw_probe_match(p, pattern, value, nocase) != negated;
}

/* ---- conditions of <If> -------------------------------------------------- */

/* The part of the expression that is still to be read. */
typedef struct {
    const tw_probe_t *probe;
    const char *at;
    int unreadable;
    int depth;
} reader_t;

static int read_any(reader_t *r);

static int skip(reader_t *r, const char *token)
{
    apr_size_t len = strlen(token);

    while (apr_isspace(*r->at)) {
        r->at++;
    }
    if (strncasecmp(r->at, token, len)
        || (apr_isalpha(token[len - 1]) && apr_isalnum(r->at[len]))) {
        return 0;
    }
    r->at += len;
    return 1;
}

static const char *until(reader_t *r, char end)
{
    const char *begin = r->at;
    const char *stop = strchr(begin, end);

    if (!stop) {
        r->unreadable = 1;
        return "";
    }
    r->at = stop + 1;
    return apr_pstrmemdup(r->probe->pool, begin, (apr_size_t)(stop - begin));
}

/* The file's name is the URL for rewrite rules of a host; <If> comes when it
 * is a file, which is not looked for here. */
static const char *variable(const tw_probe_t *p, const char *name)
{
    return !strcasecmp(name, "REQUEST_FILENAME")
           || !strcasecmp(name, "SCRIPT_FILENAME") ? NULL
           : tw_probe_value(p, name);
}

/* A string, a variable or a number; NULL: not known. */
static const char *read_word(reader_t *r)
{
    const char *begin;

    if (skip(r, "'")) {
        return tw_probe_expand(r->probe, until(r, '\''));
    }
    if (skip(r, "\"")) {
        return tw_probe_expand(r->probe, until(r, '"'));
    }
    if (skip(r, "%{")) {
        return variable(r->probe, until(r, '}'));
    }
    begin = r->at;
    while (apr_isdigit(*r->at)) {
        r->at++;
    }
    if (r->at == begin) {
        r->unreadable = 1;
        return NULL;
    }
    return apr_pstrmemdup(r->probe->pool, begin, (apr_size_t)(r->at - begin));
}

/* m#...# or /.../ and its flags. */
static int read_regex(reader_t *r, const char *value)
{
    const char *regex;
    char end;
    int nocase = 0;

    skip(r, "m");
    while (apr_isspace(*r->at)) {
        r->at++;
    }
    if (!*r->at || apr_isalnum(*r->at)) {
        r->unreadable = 1;
        return TW_UNKNOWN;
    }
    end = *r->at++;
    regex = until(r, end);
    while (apr_isalpha(*r->at)) {
        nocase |= *r->at++ == 'i';
    }
    return value ? tw_probe_match(r->probe, regex, value, nocase)
                 : TW_UNKNOWN;
}

/* { 'a', 'b' } */
static int read_list(reader_t *r, const char *value)
{
    int found = 0, unknown = !value;

    if (!skip(r, "{")) {
        r->unreadable = 1;
        return TW_UNKNOWN;
    }
    do {
        const char *word = read_word(r);

        unknown |= !word;
        found |= word && value && !strcmp(word, value);
    } while (!r->unreadable && skip(r, ","));
    r->unreadable |= !skip(r, "}");
    return found ? 1 : unknown ? TW_UNKNOWN : 0;
}

static int invert(int yes)
{
    return yes == TW_UNKNOWN ? TW_UNKNOWN : !yes;
}

static int compare(int order, int unknown, int wanted, int negated)
{
    return unknown ? TW_UNKNOWN
           : ((wanted == 0 ? !order : wanted < 0 ? order < 0 : order > 0)
              != negated);
}

static int read_operator(reader_t *r, const char *value)
{
    /* the longer first; what is equal, less, greater, and what is not */
    static const struct {
        const char *token;
        int wanted, negated, number;
    } ops[] = {
        { "==", 0, 0, 0 }, { "!=", 0, 1, 0 }, { "<=", 1, 1, 0 },
        { ">=", -1, 1, 0 }, { "=", 0, 0, 0 }, { "<", -1, 0, 0 },
        { ">", 1, 0, 0 }, { "-eq", 0, 0, 1 }, { "-ne", 0, 1, 1 },
        { "-lt", -1, 0, 1 }, { "-le", 1, 1, 1 }, { "-gt", 1, 0, 1 },
        { "-ge", -1, 1, 1 }, { "eq", 0, 0, 1 }, { "ne", 0, 1, 1 },
        { "lt", -1, 0, 1 }, { "le", 1, 1, 1 }, { "gt", 1, 0, 1 },
        { "ge", -1, 1, 1 }
    };
    const char *other;
    apr_size_t i;

    if (skip(r, "=~")) {
        return read_regex(r, value);
    }
    if (skip(r, "!~")) {
        return invert(read_regex(r, value));
    }
    if (skip(r, "in") || skip(r, "-in")) {
        return read_list(r, value);
    }
    if (skip(r, "-strmatch") || skip(r, "-fnmatch")) {
        other = read_word(r);
        return other && value ? !apr_fnmatch(other, value, 0) : TW_UNKNOWN;
    }
    for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        if (skip(r, ops[i].token)) {
            other = read_word(r);
            return compare(!other || !value ? 0 : ops[i].number
                           ? (int)(apr_atoi64(value) - apr_atoi64(other))
                           : strcmp(value, other), !other || !value,
                           ops[i].wanted, ops[i].negated);
        }
    }
    /* httpd allows no word alone; a function, -R and others are not read */
    r->unreadable = 1;
    return TW_UNKNOWN;
}

static int read_one(reader_t *r)
{
    int yes;

    if (r->unreadable || ++r->depth > 50) {
        r->unreadable = 1;
        return TW_UNKNOWN;
    }
    if (skip(r, "!")) {
        return invert(read_one(r));
    }
    if (skip(r, "(")) {
        yes = read_any(r);
        r->unreadable |= !skip(r, ")");
        return yes;
    }
    if (skip(r, "true") || skip(r, "false")) {
        return apr_tolower(r->at[-2]) == 'u';
    }
    if (skip(r, "-n") || skip(r, "-z")) {
        int z = r->at[-1] == 'z';
        const char *word = read_word(r);

        return word ? (*word == 0) == z : TW_UNKNOWN;
    }
    return read_operator(r, read_word(r));
}

static int read_all(reader_t *r)
{
    int yes = read_one(r);

    while (!r->unreadable && skip(r, "&&")) {
        int other = read_one(r);

        yes = !yes || !other ? 0 : yes == 1 ? other : yes;
    }
    return yes;
}

static int read_any(reader_t *r)
{
    int yes = read_all(r);

    while (!r->unreadable && skip(r, "||")) {
        int other = read_all(r);

        yes = yes == 1 || other == 1 ? 1 : !yes ? other : yes;
    }
    return yes;
}

int tw_condition_if(const tw_probe_t *p, const char *expr)
{
    reader_t r = { p, expr, 0, 0 };
    int yes = read_any(&r);

    while (apr_isspace(*r.at)) {
        r.at++;
    }
    return r.unreadable || *r.at ? TW_UNKNOWN : yes;
}

const char *tw_condition_of(const ap_directive_t *d, apr_pool_t *pool)
{
    apr_array_header_t *words = tw_conftree_words(d, pool);
    apr_size_t len = strlen(d->args);

    return words->nelts == 1 ? APR_ARRAY_IDX(words, 0, const char *)
           : apr_pstrmemdup(pool, d->args, len ? len - 1 : 0);
}
