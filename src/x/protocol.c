/* SPDX-License-Identifier: Apache-2.0 */
#include "x/protocol.h"

#include <string.h>

int tw_provider_id_ok(const char *id)
{
    apr_size_t len = id ? strspn(id, "0123456789") : 0;

    return len >= 1 && len <= 20 && !id[len] && id[0] != '0';
}

int tw_provider_handle_ok(const char *handle)
{
    apr_size_t len = handle
                     ? strspn(handle, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789_")
                     : 0;

    return len >= 1 && len <= 20 && !handle[len];
}

int tw_provider_token_ok(const char *token, apr_size_t max)
{
    apr_size_t len;

    for (len = 0; token && token[len]; len++) {
        if (token[len] < 0x21 || token[len] > 0x7e || len >= max) {
            return 0;
        }
    }
    return token && len > 0;
}
