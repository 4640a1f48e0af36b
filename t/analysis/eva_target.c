/* SPDX-License-Identifier: Apache-2.0 */
/* Every return target of LEN bytes, and every URL that was asked for. */
#include "base/target.h"

#include "analysis/analysis.h"

int main(void)
{
    static const tw_own_t own = { "/a/", "/c", "/a/b", NULL };
    static char text[LEN + 1];

    any_text(text, LEN);
    tw_target_ok(text, &own);
    tw_target_asked(NULL, text, &own);
    return 0;
}
