/* SPDX-License-Identifier: Apache-2.0 */
#include "request/protection.h"

#include <string.h>

#include <apr_strings.h>

#include "base/user_agent.h"

/* The family, then the network: none, of IPv4, or of IPv6. */
#define IPV4_LEN 2
#define IPV6_LEN 4
#define IPV4_MAPPED 12          /* where it is in an IPv6 address */

/* The network of the client, as mod_remoteip has it; its length. */
static apr_size_t network_of(char network[IPV6_LEN], const request_rec *r)
{
    const apr_sockaddr_t *addr = r->useragent_addr;
    const char *bytes = addr ? addr->ipaddr_ptr : NULL;
    apr_size_t len = 0;

    if (bytes && addr->ipaddr_len == (int)sizeof(struct in_addr)) {
        len = IPV4_LEN;
    }
    else if (bytes && addr->ipaddr_len == (int)sizeof(struct in6_addr)) {
        len = IPV6_LEN;
        if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)addr->ipaddr_ptr)) {
            bytes += IPV4_MAPPED;
            len = IPV4_LEN;
        }
    }
    if (len) {
        memcpy(network, bytes, len);
    }
    return len;
}

static tw_family_t family_of(const request_rec *r)
{
    return tw_user_agent_family(apr_table_get(r->headers_in, "User-Agent"));
}

void tw_protection_mark(tw_session_t *session, request_rec *r,
                        const tw_site_t *site)
{
    tw_field_text_t *field = &session->field[TW_FIELD_SEEN_FROM];
    char seen[1 + IPV6_LEN];

    if (site->session.says_from) {
        seen[0] = (char)family_of(r);
        field->len = 1 + network_of(seen + 1, r);
        field->text = apr_pstrmemdup(r->pool, seen, field->len);
    }
}

int tw_protection_same(const tw_session_t *session, const request_rec *r)
{
    const tw_field_text_t *field = &session->field[TW_FIELD_SEEN_FROM];
    char network[IPV6_LEN];
    tw_family_t family;
    apr_size_t len;

    if (!field->text || !field->len) {
        return 1;
    }
    len = network_of(network, r);
    if (len && field->len > 1
        && (len != field->len - 1 || memcmp(network, field->text + 1, len))) {
        return 0;
    }
    if (!*field->text) {
        return 1;
    }
    family = family_of(r);
    return family == TW_FAMILY_ANY
           || family == (tw_family_t)(unsigned char)*field->text;
}
