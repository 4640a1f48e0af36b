/* SPDX-License-Identifier: Apache-2.0 */
#include "request/protection.h"

#include <string.h>

#include <apr_strings.h>

#include "base/user_agent.h"
#include "private.h"
#include "request/line.h"
#include "request/report.h"
#include "request/revoke.h"

/*
 * The family, a hash of the whole User-Agent, and the network: none, of IPv4,
 * or of IPv6.  The hash is for speed alone: the same User-Agent is the same
 * family, without looking for its name.
 */
#define HASH_LEN 4
#define HASH_AT 1
#define NETWORK_AT (HASH_AT + HASH_LEN)
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

static const char *user_agent_of(const request_rec *r)
{
    return apr_table_get(r->headers_in, "User-Agent");
}

/* Eight bytes at a time: it is made at each request. */
static void hash_of(char hash[HASH_LEN], const char *text)
{
    apr_size_t left = text ? strlen(text) : 0;
    apr_uint64_t sum = left, part;

    while (left) {
        apr_size_t len = left < sizeof(part) ? left : sizeof(part);

        part = 0;
        memcpy(&part, text, len);
        sum = (sum ^ part) * 0x9e3779b97f4a7c15ULL;
        sum ^= sum >> 32;
        text += len;
        left -= len;
    }
    memcpy(hash, &sum, HASH_LEN);
}

void tw_protection_mark(tw_session_t *session, request_rec *r,
                        const tw_site_t *site)
{
    tw_field_text_t *field = &session->field[TW_FIELD_SEEN_FROM];
    const char *user_agent = user_agent_of(r);
    char seen[NETWORK_AT + IPV6_LEN];

    if (site->session.says_from) {
        seen[0] = (char)tw_user_agent_family(user_agent);
        hash_of(seen + HASH_AT, user_agent);
        field->len = NETWORK_AT + network_of(seen + NETWORK_AT, r);
        field->text = apr_pstrmemdup(r->pool, seen, field->len);
    }
}

static int is_same_family(const char *seen, const char *user_agent)
{
    char hash[HASH_LEN];
    tw_family_t family;

    hash_of(hash, user_agent);
    if (*seen == TW_FAMILY_ANY
        || (user_agent && !memcmp(hash, seen + HASH_AT, HASH_LEN))) {
        return 1;
    }
    family = tw_user_agent_family(user_agent);
    return family == TW_FAMILY_ANY
           || family == (tw_family_t)(unsigned char)*seen;
}

int tw_protection_same(const tw_session_t *session, const request_rec *r)
{
    const tw_field_text_t *field = &session->field[TW_FIELD_SEEN_FROM];
    char network[IPV6_LEN];
    apr_size_t len, known;

    if (!field->text || field->len < NETWORK_AT) {
        return 1;
    }
    len = network_of(network, r);
    known = field->len - NETWORK_AT;
    if (len && known
        && (len != known || memcmp(network, field->text + NETWORK_AT, len))) {
        return 0;
    }
    return is_same_family(field->text, user_agent_of(r));
}

int tw_protection_ends(const char **reference, request_rec *r,
                       const tw_site_t *site, const tw_session_t *session)
{
    const char *person;
    tw_line_t line;

    if (site->session.protection != TW_PROTECTION_STRONG
        || tw_protection_same(session, r)) {
        return 0;
    }
    person = tw_line_person(r->pool, session);
    tw_line_begin(&line, r, site, APLOG_NOTICE, "TW0440", person);
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0440)
                  "a session came from another browser or network than it was "
                  "begun in, and is ended (TwAuthSessionProtection Strong): "
                  "%s", person);
    tw_report(r, site, TW_EVENT_ENDED_ELSEWHERE, session, NULL, NULL);
    tw_revoke_session(reference, r, site, session, 0);
    return 1;
}
