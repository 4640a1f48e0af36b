/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/ascii: letters of ASCII, whatever the locale is.
 */
#ifndef TW_BASE_ASCII_H
#define TW_BASE_ASCII_H

#include <apr.h>

/* The first len bytes of text in lower case, in place; returns text. */
static inline char *tw_ascii_lower(char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] |= 0x20;
        }
    }
    return text;
}

#endif
