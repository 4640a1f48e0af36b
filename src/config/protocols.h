/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/protocols: which of the protocols a child can use.
 *
 * Each is readied by itself, where a host uses it: what one of them needs is
 * no matter of the others' sites.  What did not start is tried again while
 * there are requests for it.
 */
#ifndef TW_CONFIG_PROTOCOLS_H
#define TW_CONFIG_PROTOCOLS_H

#include "config/site.h"

/* In child_init: those that are in use, with at most so many calls to X at
 * once; in the log of each host what cannot work (TW0106). */
void tw_protocols_child_init(apr_pool_t *pchild, server_rec *base_server,
                             int most_calls);

/* This process's connections to X; NULL: what the protocol needs does not
 * work in it, or it makes no calls.  Whoever asks may be the one that tries
 * again. */
tw_http_pool_t *tw_protocols_http(const tw_protocol_t *protocol);

#endif
