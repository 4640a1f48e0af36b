/* SPDX-License-Identifier: Apache-2.0 */
#include "base/roles.h"

#include <string.h>

#define NAME_MAX_LEN 64
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* The end of the name at text; NULL: there is none. */
static const char *end_of_name(const char *text)
{
    size_t len = strspn(text, LETTERS);

    return len && len <= NAME_MAX_LEN ? text + len : NULL;
}

int tw_roles_name_ok(const char *name)
{
    const char *end = end_of_name(name);

    return end && !*end;
}

int tw_roles_ok(const char *text)
{
    const char *end = text;

    if (strlen(text) > TW_ROLES_MAX) {
        return 0;
    }
    while (*end) {
        end = end_of_name(end);
        if (!end || (*end && (*end != ',' || !*++end))) {
            return 0;
        }
    }
    return 1;
}

int tw_roles_has(const char *roles, const char *name)
{
    size_t len = strlen(name);

    while (roles && *roles) {
        size_t this_len = strcspn(roles, ",");

        if (this_len == len && !memcmp(roles, name, len)) {
            return 1;
        }
        roles += this_len;
        roles += *roles == ',';
    }
    return 0;
}
