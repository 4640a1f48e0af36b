/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's functions of strings as code, so that an analyzer follows
 * each of their answers on its own, and what is known of one place in a text is
 * not forgotten at the next.
 */
#include <string.h>

void *memchr(const void *data, int c, size_t len)
{
    const unsigned char *p = data;

    for (; len; len--, p++) {
        if (*p == (unsigned char)c) {
            return (void *)p;
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t len = 0;

    while (text[len]) {
        len++;
    }
    return len;
}

char *strchr(const char *text, int c)
{
    for (; *text != (char)c; text++) {
        if (!*text) {
            return NULL;
        }
    }
    return (char *)text;
}

size_t strspn(const char *text, const char *set)
{
    size_t len = 0;

    while (text[len] && strchr(set, text[len])) {
        len++;
    }
    return len;
}

size_t strcspn(const char *text, const char *set)
{
    size_t len = 0;

    while (text[len] && !strchr(set, text[len])) {
        len++;
    }
    return len;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++, b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t len)
{
    for (; len && *a && *a == *b; len--) {
        a++, b++;
    }
    return len ? (unsigned char)*a - (unsigned char)*b : 0;
}
