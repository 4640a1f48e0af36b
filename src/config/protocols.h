/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/protocols: which of the protocols a child can use.
 *
 * Each is readied by itself, where a host uses it: what one of them needs is
 * no matter of the others' sites.
 */
#ifndef TW_CONFIG_PROTOCOLS_H
#define TW_CONFIG_PROTOCOLS_H

#include "config/site.h"

/* In child_init: those that are in use; in the log of each host what cannot
 * work. */
void tw_protocols_child_init(apr_pool_t *pchild, server_rec *base_server);

int tw_protocols_is_ready(const tw_protocol_t *protocol);

/* No sign-in can work in this process, says the log of each host of a
 * protocol, or, where that is NULL, of all. */
void tw_protocols_off(server_rec *base_server, const tw_protocol_t *protocol,
                      apr_status_t rv, const tw_err_t *err);

#endif
