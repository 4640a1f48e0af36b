/* SPDX-License-Identifier: Apache-2.0 */
#include "base/target.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Rule 2. */
static int may_stand(char c)
{
    return c >= 0x21 && c <= 0x7e && c != '"' && c != '<' && c != '>'
           && c != '\\';
}

/*
 * Rules 2, 3 and, for a link, 4: decodes the path of target into path (as
 * long as target), up to the first '?' or '#'; what follows is looked at
 * only.
 */
static int decode_path(char *path, const char *target, int link)
{
    char *p = path;

    if (target[0] != '/' || target[1] == '/') {
        return 0;
    }
    while (*target && *target != '?' && *target != '#') {
        int c = (unsigned char)*target;

        if (!may_stand(*target++)) {
            return 0;
        }
        if (c == '%') {
            int hi = hex_digit(target[0]);
            int lo = hi < 0 ? -1 : hex_digit(target[1]);

            if (lo < 0) {
                return 0;
            }
            c = hi * 16 + lo;
            target += 2;
            if (!c || (link && (c < 0x20 || c == 0x7f || c == '\\'))) {
                return 0;
            }
        }
        *p++ = (char)c;
    }
    *p = '\0';
    while (*target && may_stand(*target)) {
        target++;
    }
    return !*target && !(link && path[1] == '/');
}

/* Rule 5.  A path parameter does not make ".." another segment. */
static int has_dot_segment(const char *path)
{
    const char *dot;

    for (dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        const char *end = dot + (dot[1] == '.' ? 2 : 1);

        if (dot > path && dot[-1] == '/'
            && (*end == '\0' || *end == '/' || *end == ';')) {
            return 1;
        }
    }
    return 0;
}

/* Past a run of '/'; a segment of nothing but a parameter is no segment. */
static const char *after_slashes(const char *path)
{
    while (*path == '/') {
        path++;
        if (*path == ';') {
            path += strcspn(path, "/");
        }
    }
    return path;
}

/* Whether a decoded path names location or, where below is set and location
 * ends in '/', something below it: as rule 6 has it. */
static int is_at(const char *path, const char *location, int below)
{
    for (;;) {
        if (*path == ';') {
            path += strcspn(path, "/");
        }
        if (*path != *location) {
            return 0;
        }
        if (!*path) {
            return 1;
        }
        if (*path == '/') {
            path = after_slashes(path);
            location = after_slashes(location);
            if (below && !*location) {
                return 1;
            }
        }
        else {
            path++;
            location++;
        }
    }
}

static int is_target(const char *target, const tw_own_t *own, int link)
{
    char path[TW_TARGET_MAX + 1];

    if (!target || strlen(target) > TW_TARGET_MAX
        || !decode_path(path, target, link) || has_dot_segment(path)) {
        return 0;
    }
    if (!own || (own->account && is_at(path, own->account, 0))
        || (own->hub && is_at(path, own->hub, 0))) {
        return 1;
    }
    return !(own->path && is_at(path, own->path, 1))
           && !(own->callback && is_at(path, own->callback, 0));
}

int tw_target_ok(const char *target, const tw_own_t *own)
{
    return is_target(target, own, 1);
}

int tw_target_is_asked(const char *target, const tw_own_t *own)
{
    return is_target(target, own, 0);
}

const char *tw_target_asked(apr_pool_t *pool, const char *url,
                            const tw_own_t *own)
{
    static const char hex[] = "0123456789ABCDEF";
    char *target, *t;

    if (!url || *url != '/' || strlen(url) > TW_TARGET_MAX) {
        return "/";
    }
    while (url[1] == '/') {
        url++;
    }
    if (tw_target_is_asked(url, own)) {
        return url;
    }
    /* it may become one when what may not stand in it is escaped */
    target = t = apr_palloc(pool, 3 * strlen(url) + 1);
    for (; *url; url++) {
        unsigned char c = (unsigned char)*url;

        if (may_stand(*url)) {
            *t++ = *url;
        }
        else {
            *t++ = '%';
            *t++ = hex[c >> 4];
            *t++ = hex[c & 15];
        }
    }
    *t = '\0';
    return tw_target_is_asked(target, own) ? target : "/";
}
