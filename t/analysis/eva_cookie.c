/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step over every Cookie header of 0 to LEN bytes.  What it leaves is the
 * end of the same text, or nothing, so that all steps are like this one.
 */
#include "base/cookie.h"

#include "analysis/analysis.h"

static void read_all(const char *text, unsigned long len)
{
    if (len) {
        (void)text[0];
        (void)text[len - 1];
    }
}

int main(void)
{
    unsigned long len;

    /*@ loop unroll 64; */
    for (len = 0; len <= LEN; len++) {
        char text[LEN + 1];
        const char *at = text;
        tw_cookie_t cookie;

        any_text(text, len);
        tw_cookie_next(&cookie, &at);
        read_all(cookie.name, cookie.name_len);
        read_all(cookie.value, cookie.value_len);
        /*@ assert !at || (at - text > 0 && at - text <= len); */
        /*@ slevel merge; */
        at = text;
    }
    return 0;
}
