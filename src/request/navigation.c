/* SPDX-License-Identifier: Apache-2.0 */
#include "request/navigation.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

/* What a browser says of what it is about to do, found in one walk. */
typedef struct {
    const char *mode, *dest;        /* Sec-Fetch-... */
    const char *accept;
    int ahead;                      /* it only looks ahead */
    int script;                     /* the old sign of a script */
} hints_t;

/* Whether a header is called so; the letter at a place tells it from others
 * that are as long. */
#define IS(name, word, place)                                               \
    (strlen(name) == sizeof(word) - 1                                       \
     && ((name)[place] | 0x20) == ((word)[place] | 0x20)                    \
     && !apr_cstr_casecmp(name, word))

static int says(const char *value, const char *word)
{
    return ap_strcasestr(value, word) != NULL;
}

static void read_hints(hints_t *hints, const request_rec *r)
{
    const apr_array_header_t *list = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    const apr_table_entry_t *end = entry + list->nelts;

    memset(hints, 0, sizeof(*hints));
    for (; entry < end; entry++) {
        const char *name = entry->key, *value = entry->val;

        switch (*name | 0x20) {
        case 'a':
            if (IS(name, "Accept", 0)) {
                hints->accept = value;
            }
            break;
        case 'p':
            if (IS(name, "Purpose", 0)) {
                hints->ahead |= says(value, "prefetch");
            }
            break;
        case 's':
            if (IS(name, "Sec-Fetch-Mode", 10)) {
                hints->mode = value;
            }
            else if (IS(name, "Sec-Fetch-Dest", 10)) {
                hints->dest = value;
            }
            else if (IS(name, "Sec-Purpose", 4)) {
                hints->ahead |= says(value, "prefetch")
                                || says(value, "prerender");
            }
            break;
        case 'x':
            if (IS(name, "X-Moz", 2)) {
                hints->ahead |= says(value, "prefetch");
            }
            else if (IS(name, "X-Purpose", 2)) {
                hints->ahead |= says(value, "preview");
            }
            else if (IS(name, "X-Requested-With", 2)) {
                hints->script |= says(value, "XMLHttpRequest");
            }
            break;
        default:
            break;
        }
    }
}

/* Whether nothing says that this is anything but a page for a window. */
static int may_be_page(const hints_t *hints)
{
    const char *mode = hints->mode, *dest = hints->dest;

    if (hints->ahead) {
        return 0;
    }
    if (!mode && !dest) {
        return !hints->script;
    }
    if (mode && strcmp(mode, "navigate")) {
        return 0;
    }
    return !dest || !strcmp(dest, "document")
           || (mode && !strcmp(dest, "empty"));
}

/* Whether something says that it is a page. */
static int is_page(const hints_t *hints)
{
    return may_be_page(hints)
           && (hints->mode || hints->dest
               || (hints->accept && says(hints->accept, "text/html")));
}

/* Whether r is the whole of what a client asked for, or a part of it, or the
 * error document of what was refused. */
static int is_whole(const request_rec *r)
{
    return !r->header_only && !r->main
           && !(r->prev && r->prev->status != HTTP_OK);
}

int tw_navigation_is_denied(const request_rec *r)
{
    hints_t hints;

    if (r->method_number != M_GET || !is_whole(r)) {
        return 1;
    }
    read_hints(&hints, r);
    return !may_be_page(&hints);
}

int tw_navigation_is(const request_rec *r)
{
    hints_t hints;

    if (r->method_number != M_GET || !is_whole(r)) {
        return 0;
    }
    read_hints(&hints, r);
    return is_page(&hints);
}

int tw_navigation_is_read(const request_rec *r)
{
    hints_t hints;

    if (!is_whole(r)) {
        return 0;
    }
    read_hints(&hints, r);
    return is_page(&hints) && hints.accept && says(hints.accept, "text/html");
}

tw_from_t tw_navigation_from(const request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *mode = apr_table_get(r->headers_in, "Sec-Fetch-Mode");
    const char *dest = apr_table_get(r->headers_in, "Sec-Fetch-Dest");

    if (!site) {
        return TW_FROM_UNKNOWN;
    }
    if (!strcmp(site, "same-origin")) {
        /* of what passes through a worker this is said of the worker */
        return mode && dest && !strcmp(mode, "navigate")
               && !strcmp(dest, "empty") ? TW_FROM_UNKNOWN : TW_FROM_HERE;
    }
    return !strcmp(site, "none") ? TW_FROM_USER : TW_FROM_ELSEWHERE;
}
