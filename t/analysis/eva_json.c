/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What base/json does itself with a body of LEN bytes, before jansson sees it:
 * its depth, and the mask over a profile.
 */
#include "src/base/json.c"

#include "analysis/analysis.h"

int main(void)
{
    static char body[LEN];

    any_bytes(body, LEN);
    is_deep(body, LEN);
    mask_non_ascii(body, LEN, NULL);
    return 0;
}
