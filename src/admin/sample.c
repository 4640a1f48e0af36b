/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/sample.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

typedef struct {
    const tw_probe_t *probe;
    const char *at;
    const char *lead;                   /* NULL: used */
} maker_t;

static const char *make_group(maker_t *m);

static int is_wide(const char *quantifier)
{
    return *quantifier == '*' || *quantifier == '+';
}

static const char *wildcard(maker_t *m)
{
    const char *lead = m->lead;

    if (!lead || !is_wide(m->at)) {
        return "x";
    }
    m->lead = NULL;
    return lead;
}

/* [...]: the first that it names, or x where it names what not. */
static const char *make_class(maker_t *m)
{
    int negated = m->at[0] == '^';
    char first = m->at[negated];
    apr_size_t len;

    m->at += negated;
    m->at += *m->at == ']';
    if (first == '\\' && m->at[1]) {
        first = strchr("wdsS", m->at[1]) ? '1' : m->at[1];
        m->at++;
    }
    len = strcspn(m->at, "]");
    m->at += len + (m->at[len] == ']');
    return negated ? wildcard(m) : apr_pstrmemdup(m->probe->pool, &first, 1);
}

static const char *make_atom(maker_t *m)
{
    const char *begin = m->at++;

    switch (*begin) {
    case '(':
        return make_group(m);
    case '[':
        return make_class(m);
    case '.':
        return wildcard(m);
    case '\\':
        if (*m->at) {
            begin = m->at++;
        }
        if (strchr("bBAzZ", *begin)) {
            return "";
        }
        return strchr("wdDS", *begin) ? "1"
               : apr_pstrmemdup(m->probe->pool, begin, 1);
    case '^': case '$':
        return "";
    default:
        return apr_pstrmemdup(m->probe->pool, begin, 1);
    }
}

/* What may be left out is left out. */
static const char *make_piece(maker_t *m)
{
    const char *lead = m->lead;
    int group = *m->at == '(';
    const char *piece = make_atom(m);

    if (*m->at == '?' || (*m->at == '*' && lead == m->lead)) {
        if (*m->at == '?' || !group) {
            piece = "";
            m->lead = lead;
        }
        m->at++;
    }
    else if (is_wide(m->at)) {
        m->at++;
    }
    else if (*m->at == '{') {
        const char *more = piece;
        int n = (int)apr_atoi64(m->at + 1);

        for (piece = ""; n > 0 && n < 100; n--) {
            piece = apr_pstrcat(m->probe->pool, piece, more, NULL);
        }
        m->at += strcspn(m->at, "}");
        m->at += *m->at == '}';
    }
    m->at += *m->at == '?' || *m->at == '+';
    return piece;
}

/* The first branch, up to the closing bracket. */
static const char *make_group(maker_t *m)
{
    const char *out = "";
    int skipping = 0, look = 0;

    if (m->at[0] == '?') {
        look = m->at[1] == '!' || m->at[1] == '=' || m->at[1] == '<';
        m->at += strcspn(m->at, ":!=>)");
        m->at += *m->at && *m->at != ')';
    }
    while (*m->at && *m->at != ')') {
        if (*m->at == '|') {
            skipping = 1;
            m->at++;
        }
        else {
            const char *lead = m->lead, *piece = make_piece(m);

            if (skipping || look) {
                m->lead = lead;
            }
            else {
                out = apr_pstrcat(m->probe->pool, out, piece, NULL);
            }
        }
    }
    m->at += *m->at == ')';
    return out;
}

const char *tw_sample(const tw_probe_t *p, const char *regex,
                      const char *lead)
{
    maker_t m = { p, regex, lead };
    const char *sample = make_group(&m);

    return tw_probe_match(p, regex, sample, 0) ? sample : NULL;
}

const char *tw_sample_below(const tw_probe_t *p, const char *regex,
                            const char *below)
{
    static const char *const names[] = {
        "x", "x.php", "index.php", "x.html", "x.jsp", "x.cgi", "x/x", ""
    };
    const char *inside = apr_pstrcat(p->pool, below, "x", NULL), *sample;
    apr_size_t i;
    int slash;

    for (slash = 0; slash < 2; slash++) {
        sample = tw_sample(p, regex, inside + slash);
        if (sample && *sample != '/') {
            sample = apr_pstrcat(p->pool, "/", sample, NULL);
        }
        if (sample && !strncmp(sample, below, strlen(below))
            && tw_probe_match(p, regex, sample, 0)) {
            return sample;
        }
    }
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        sample = apr_pstrcat(p->pool, below, names[i], NULL);
        if (tw_probe_match(p, regex, sample, 0)) {
            return sample;
        }
    }
    return NULL;
}

const char *tw_sample_wildcard(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text), *at;

    for (at = out; *at; at++) {
        *at = strchr("*?", *at) ? 'x' : *at;
    }
    return out;
}

const char *tw_sample_if(const tw_probe_t *p, const char *expr)
{
    const char *at = ap_strcasestr(expr, "%{REQUEST_URI}");
    const char *sample, *end;

    if (!at) {
        return "/";
    }
    at += strlen("%{REQUEST_URI}");
    at += strcspn(at, "'\"m/#|");
    at += *at == 'm';
    end = *at ? strchr(at + 1, *at) : NULL;
    if (!end) {
        return "/";
    }
    sample = apr_pstrmemdup(p->pool, at + 1, (apr_size_t)(end - at - 1));
    if (*at == '\'' || *at == '"') {
        sample = tw_sample_wildcard(sample, p->pool);
    }
    else {
        sample = tw_sample(p, sample, "x");
    }
    return sample && *sample == '/' ? sample : "/";
}
