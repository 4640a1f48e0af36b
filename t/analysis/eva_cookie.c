/* SPDX-License-Identifier: Apache-2.0 */
/* Every Cookie header of LEN bytes. */
#include "base/cookie.h"

#include "analysis/analysis.h"

int main(void)
{
    static char text[LEN + 1];
    const char *at = text;
    tw_cookie_t cookie;

    any_text(text, LEN);
    while (tw_cookie_next(&cookie, &at)) {
        unsigned long i;

        for (i = 0; i < cookie.name_len; i++) {
            (void)cookie.name[i];
        }
        for (i = 0; i < cookie.value_len; i++) {
            (void)cookie.value[i];
        }
    }
    return 0;
}
