/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the protocols: a callback's query, given to one of them.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "unit.h"

#include "base/codec.h"
#include "x/protocol.h"

/* The rest is filled first: a field that is left alone is seen. */
static inline tw_authz_response_t response_to(const tw_protocol_t *protocol,
                                              const tw_client_t *client,
                                              const char *text)
{
    tw_authz_response_t response;
    apr_array_header_t *query;

    memset(&response, 0xaa, sizeof(response));
    tw_codec_form(&query, text, strlen(text), 50, pool);
    protocol->parse_response(&response, client, query);
    return response;
}

#endif
