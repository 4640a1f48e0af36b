/* SPDX-License-Identifier: Apache-2.0 */
#include "request/caching.h"

#include <string.h>

#include <apr_strings.h>
#include <http_config.h>
#include <util_filter.h>

#include "base/table.h"

/* Behind all that changes headers, before they are sent. */
#define TYPE (AP_FTYPE_PROTOCOL - 1)

static ap_filter_rec_t *last_word;
/* Which of those are there that any of this is about. */
static int has_mod_cache, has_mod_headers, has_mod_include;

static const char *const words[] = {
    [TW_CACHING_ANY] = NULL,
    [TW_CACHING_PRIVATE] = "private",
    [TW_CACHING_NO_STORE] = "no-store"
};

/* Whether a directive would open the answer, or is the mark itself. */
static int is_dropped(const char *word, apr_size_t len)
{
    static const char *const dropped[] = { "public", "private", "s-maxage" };
    apr_size_t i;

    for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
        if (strlen(dropped[i]) == len
            && !strncasecmp(dropped[i], word, len)) {
            return 1;
        }
    }
    return 0;
}

typedef struct {
    apr_pool_t *pool;
    const char *text;
} control_t;

/* Adds a header's directives, without those that are dropped. */
static int add_directives(void *data, const char *name, const char *value)
{
    control_t *control = data;
    const char *end;

    (void)name;
    for (; *value; value = end) {
        int quoted = 0;

        value += strspn(value, ", \t");
        for (end = value; *end && (quoted || *end != ','); end++) {
            quoted ^= *end == '"';
        }
        if (end > value && !is_dropped(value, strcspn(value, "=, \t"))) {
            control->text = apr_psprintf(control->pool, "%s, %.*s",
                                         control->text, (int)(end - value),
                                         value);
        }
    }
    return 1;
}

#define IS(name, len, word)                                                 \
    ((len) == sizeof(word) - 1 && !strcasecmp(name, word))

/* Whether some cache would obey it before Cache-Control: a field for one
 * kind of caches (RFC 9213; their names end alike), or older than that. */
static int is_targeted(const char *name, apr_size_t len)
{
    static const char suffix[] = "-Cache-Control";
    const apr_size_t suffix_len = sizeof(suffix) - 1;

    switch (name[len - 1] | 0x20) {
    case 'l':
        return (len > suffix_len
                && !strcasecmp(name + len - suffix_len, suffix))
               || IS(name, len, "Surrogate-Control")
               || IS(name, len, "Edge-Control");
    case 's':
        return IS(name, len, "X-Accel-Expires");
    default:
        return 0;
    }
}

/* Content-..., Last-Modified, ETag, Accept-Ranges, Set-Cookie, Server: most
 * answers have nothing else, and no cache has a field that begins so. */
static int is_usual(const char *name)
{
    switch ((name[0] | 0x20) << 8 | (name[0] ? name[1] | 0x20 : 0)) {
    case 'c' << 8 | 'o':
    case 'l' << 8 | 'a':
    case 'e' << 8 | 't':
    case 'a' << 8 | 'c':
    case 's' << 8 | 'e':
        return 1;
    default:
        return 0;
    }
}

/* Whether headers say how long the answer may be kept, in fields other than
 * the mark; *marked: it is among them. */
static int is_contradicted(const apr_table_t *headers, const char *word,
                           int *marked)
{
    const apr_array_header_t *list = apr_table_elts(headers);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    const apr_table_entry_t *end = entry + list->nelts;

    for (; entry < end; entry++) {
        apr_size_t len;

        if (is_usual(entry->key)) {
            continue;
        }
        if (entry->val == word) {
            *marked = 1;
            continue;
        }
        len = strlen(entry->key);
        if (len && (is_targeted(entry->key, len)
                    || IS(entry->key, len, "Cache-Control"))) {
            return 1;
        }
    }
    return 0;
}

static int is_targeted_name(const char *name, const void *what)
{
    (void)what;
    return *name && is_targeted(name, strlen(name));
}

/* One Cache-Control is left, and it is ours with what may stand beside it. */
static void enforce(request_rec *r, tw_caching_t caching)
{
    const char *word = words[caching];
    control_t control = { r->pool, word };
    int marked = 0;

    if (!is_contradicted(r->err_headers_out, word, &marked) && marked
        && !is_contradicted(r->headers_out, word, &marked)) {
        return;
    }
    if (caching == TW_CACHING_PRIVATE) {
        apr_table_do(add_directives, &control, r->err_headers_out,
                     "Cache-Control", NULL);
        apr_table_do(add_directives, &control, r->headers_out,
                     "Cache-Control", NULL);
    }
    apr_table_setn(r->err_headers_out, "Cache-Control", control.text);
    apr_table_unset(r->headers_out, "Cache-Control");
    tw_table_remove(r->headers_out, is_targeted_name, NULL);
    tw_table_remove(r->err_headers_out, is_targeted_name, NULL);
}

static apr_status_t say_last_word(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    const tw_caching_t *caching = f->ctx;

    enforce(f->r, *caching);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void tw_caching_register_filter(void)
{
    last_word = ap_register_output_filter("TW_CACHING", say_last_word, NULL,
                                          TYPE);
}

void tw_caching_child_init(apr_pool_t *pchild, server_rec *base_server)
{
    (void)pchild;
    (void)base_server;
    has_mod_cache = ap_find_linked_module("mod_cache.c") != NULL;
    has_mod_headers = ap_find_linked_module("mod_headers.c") != NULL;
    has_mod_include = ap_find_linked_module("mod_include.c") != NULL;
}

/* Whether one of r's own filters is our last word, or, when name is given,
 * has that in its name. */
static int has_filter(const request_rec *r, const char *name)
{
    const ap_filter_t *f;

    for (f = r->output_filters; f && f->r == r; f = f->next) {
        if (name ? strstr(f->frec->name, name) != NULL
                 : f->frec == last_word) {
            return 1;
        }
    }
    return 0;
}

/* The header is among those that errors, CGI and proxies leave alone. */
static void mark(tw_caching_t caching, request_rec *r)
{
    apr_table_setn(r->err_headers_out, "Cache-Control", words[caching]);
    if (has_mod_cache) {
        apr_table_setn(r->subprocess_env, "no-cache", "1");
    }
}

static void add_filter(tw_caching_t *caching, request_rec *r)
{
    ap_add_output_filter_handle(last_word, caching, r, r->connection);
}

static int has_left(const request_rec *answer)
{
    while (answer && !answer->sent_bodyct) {
        answer = answer->prev;
    }
    return answer != NULL;
}

int tw_caching_private(tw_caching_t *caching, request_rec *r)
{
    request_rec *answer = r;

    if (*caching) {
        return 1;
    }
    while (answer->main) {
        answer = answer->main;
    }
    if (has_left(answer)) {
        return 0;
    }
    *caching = TW_CACHING_PRIVATE;
    /* a part of it is looked at while its filters are in place */
    if (answer != r) {
        mark(*caching, answer);
        add_filter(caching, answer);
    }
    return 1;
}

void tw_caching_no_store(tw_caching_t *caching, const request_rec *r)
{
    /* what a part of it says of itself is lost with that part */
    if (!r->main) {
        *caching = TW_CACHING_NO_STORE;
    }
}

/* Whether somebody could say something else, or has done so already: of files
 * httpd itself says nothing, and whoever changes headers later has a filter
 * here. */
static int may_be_contradicted(const request_rec *r)
{
    return r->handler || r->output_filters != r->proto_output_filters
           || !apr_is_empty_table(r->headers_out)
           || (r->content_type
               && !strncmp(r->content_type, "application/x-httpd", 19));
}

void tw_caching_insert_filter(tw_caching_t *caching, request_rec *r,
                              int has_session)
{
    if (r->main) {
        return;
    }
    if (!*caching && has_session && has_mod_include
        && has_filter(r, "includes")) {
        tw_caching_private(caching, r);
    }
    if (*caching) {
        mark(*caching, r);
        if (may_be_contradicted(r) && !has_filter(r, NULL)) {
            add_filter(caching, r);
        }
    }
}

void tw_caching_insert_error_filter(tw_caching_t *caching, request_rec *r)
{
    if (!*caching || r->main) {
        return;
    }
    mark(*caching, r);
    /* an error's answer has a chain of its own, without the application's
     * headers */
    if (has_mod_headers) {
        add_filter(caching, r);
    }
}
