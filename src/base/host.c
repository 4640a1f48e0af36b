/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/ascii.h"

/* The bytes of an IPv6 address; 0: host is none. */
static int read_ipv6(struct in6_addr *address, const char *host)
{
    char text[INET6_ADDRSTRLEN];
    apr_size_t len = strlen(host);

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len >= sizeof(text)) {
        return 0;
    }
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

int tw_host_is_ipv6(const char *host)
{
    struct in6_addr address;

    return read_ipv6(&address, host);
}

int tw_host_same(const char *a, const char *b)
{
    struct in6_addr x, y;

    return !strcasecmp(a, b)
           || (strchr(a, ':') && strchr(b, ':') && read_ipv6(&x, a)
               && read_ipv6(&y, b) && !memcmp(&x, &y, sizeof(x)));
}

int tw_host_is_loopback(const char *host)
{
    apr_size_t len = strlen(host);
    struct in6_addr address;

    return !strcasecmp(host, "localhost")
           || (!strncmp(host, "127.", 4) && !host[strspn(host, "0123456789.")])
           || (read_ipv6(&address, host) && IN6_IS_ADDR_LOOPBACK(&address))
           || (len > 10 && !strcasecmp(host + len - 10, ".localhost"));
}

const char *tw_host_in_url(apr_pool_t *pool, const char *host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    char *url;

    if (read_ipv6(&address, host)
        && inet_ntop(AF_INET6, &address, text, sizeof(text))) {
        return apr_pstrcat(pool, "[", text, "]", NULL);
    }
    /* what has a colon and is no address stays apart from a port */
    url = apr_pstrcat(pool, strchr(host, ':') ? "[" : "", host,
                      strchr(host, ':') ? "]" : "", NULL);
    return tw_ascii_lower(url, strlen(url));
}
