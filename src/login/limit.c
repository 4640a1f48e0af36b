/* SPDX-License-Identifier: Apache-2.0 */
#include "login/limit.h"

#include <apr_strings.h>

#include "base/codec.h"
#include "private.h"
#include "request/line.h"
#include "request/report.h"

/* Networks of an IPv6 address, the smallest first: who has used that up must
 * not use up the larger ones by trying on.  Each may have so many times the
 * limit. */
static const struct {
    int bytes;
    int times;
} networks[] = {
    { 8, 1 }, { 7, 3 }, { 6, 4 }
};

/* The 16 bytes of r's IPv6 address; NULL: it has another kind. */
static const unsigned char *ipv6_of(const request_rec *r)
{
    const apr_sockaddr_t *addr = r->useragent_addr;

    return addr && addr->family == APR_INET6 && addr->ipaddr_len == 16
           && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)addr->ipaddr_ptr)
           ? addr->ipaddr_ptr : NULL;
}

static int count(request_rec *r, const tw_site_t *site, const char *who,
                 const tw_rate_t *rate, apr_time_t now)
{
    return tw_shared_rate_wait_client(site->shared, apr_pstrcat(
        r->pool, site->realm.audience, "\n", who, NULL), rate, now);
}

static int client_retry_after(request_rec *r, const tw_site_t *site,
                              apr_time_t now)
{
    const unsigned char *ipv6 = ipv6_of(r);
    apr_size_t i;
    int wait = 0;

    if (!ipv6) {
        return count(r, site, r->useragent_ip,
                     &site->sign_in.limit_client, now);
    }
    for (i = 0; !wait && i < sizeof(networks) / sizeof(networks[0]); i++) {
        tw_rate_t rate = site->sign_in.limit_client;
        char who[2 * sizeof(struct in6_addr) + 1];

        rate.count *= networks[i].times;
        if (rate.count > TW_RATE_MAX) {
            rate.count = TW_RATE_MAX;
        }
        tw_codec_hex(who, ipv6, (apr_size_t)networks[i].bytes);
        wait = count(r, site, who, &rate, now);
    }
    return wait;
}

int tw_limit_allows(request_rec *r, const tw_site_t *site, const char *known,
                    tw_page_t *page)
{
    tw_line_t line;
    apr_time_t now = apr_time_now();

    page->kind = TW_PAGE_LIMIT;
    page->retry_after = client_retry_after(r, site, now);
    if (page->retry_after) {
        tw_line_begin(&line, r, site, APLOG_NOTICE, "TW0231",
                      r->useragent_ip);
        ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0231)
                      "too many sign-ins from this client "
                      "(TwAuthStartLimit)");
        tw_report(r, site, TW_EVENT_LIMIT_CLIENT, NULL, NULL, NULL);
        return 0;
    }
    page->kind = TW_PAGE_LIMIT_ALL;
    page->retry_after = tw_shared_rate_wait_all(site->shared,
                                                site->address.slot,
                                                &site->sign_in.limit_all,
                                                known, now);
    if (page->retry_after && tw_line_is_due(site, TW_LINE_LIMIT)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0232)
                      "too many sign-ins in all (TwAuthStartLimit): some are "
                      "put off");
    }
    if (page->retry_after) {
        tw_report(r, site, TW_EVENT_LIMIT_ALL, NULL, NULL, NULL);
    }
    return !page->retry_after;
}
