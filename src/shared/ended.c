/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/ended.h"

#include <string.h>

_Static_assert(TW_ID_LEN == 2 * sizeof(apr_uint64_t), "two halves");

void tw_ended_add(tw_ended_t *ended, const tw_id_t *id)
{
    apr_uint64_t half[2];
    tw_cell_t *at =
        ended->half[atomic_fetch_add(&ended->count, 1) % TW_ENDED];

    memcpy(half, id->bytes, sizeof(half));
    tw_cell_set(&at[0], half[0]);
    tw_cell_set(&at[1], half[1]);
}

int tw_ended_at(tw_id_t *id, const tw_ended_t *ended, int place)
{
    apr_uint64_t half[2] = { tw_cell_get(&ended->half[place][0]),
                             tw_cell_get(&ended->half[place][1]) };

    memcpy(id->bytes, half, sizeof(half));
    return half[0] || half[1];
}
