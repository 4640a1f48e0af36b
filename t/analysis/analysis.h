/* SPDX-License-Identifier: Apache-2.0 */
/* analysis: inputs of which nothing is known but how long they are. */
#ifndef TW_ANALYSIS_H
#define TW_ANALYSIS_H

#include <__fc_builtin.h>

#define PAIRS 32

/* len bytes of any kind. */
static void any_bytes(char *data, unsigned long len)
{
    if (len) {
        Frama_C_make_unknown(data, len);
    }
}

/* A text of just len bytes: any but NUL, and a NUL. */
static void any_text(char *text, unsigned long len)
{
    unsigned long i;

    /*@ loop unroll 64; */
    for (i = 0; i < len; i++) {
        text[i] = (char)Frama_C_nondet(Frama_C_interval(-128, -1),
                                       Frama_C_interval(1, 127));
    }
    text[len] = '\0';
}

#endif
