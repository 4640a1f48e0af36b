/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/host: the host of a URL, a name or an IPv6 address.
 *
 * httpd takes an address's brackets off and browsers leave them on, and each
 * address can be spelt in many ways: what is asked here goes by what a host
 * is.  Letters count without case.
 */
#ifndef TW_BASE_HOST_H
#define TW_BASE_HOST_H

#include <apr_pools.h>

/* Whether host is an IPv6 address, with or without its brackets. */
int tw_host_is_ipv6(const char *host);

/* Whether both are the same host. */
int tw_host_same(const char *a, const char *b);

/*
 * Whether host means this machine: localhost, names below it (RFC 6761
 * section 6.3), 127.0.0.0/8, ::1.
 */
int tw_host_is_loopback(const char *host);

/*
 * The host as browsers and libcurl write it in a URL: in lower case, an IPv6
 * address in brackets and in its shortest form.
 */
const char *tw_host_in_url(apr_pool_t *pool, const char *host);

#endif
