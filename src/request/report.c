/* SPDX-License-Identifier: Apache-2.0 */
#include "request/report.h"

#include <string.h>

#include "private.h"
#include "request/line.h"

/* As W3C's Trace Context has it; what a client wrote otherwise is none. */
static const char *traceparent_of(const request_rec *r)
{
    static const char form[] =
        "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    const char *text = apr_table_get(r->headers_in, "traceparent");
    apr_size_t i;

    if (!text || strlen(text) != sizeof(form) - 1) {
        return NULL;
    }
    for (i = 0; form[i]; i++) {
        if (form[i] == '-' ? text[i] != '-'
                           : !strchr("0123456789abcdef", text[i])) {
            return NULL;
        }
    }
    return text;
}

void tw_report(request_rec *r, const tw_site_t *site, tw_event_kind_t kind,
               const tw_session_t *whom, const char *reference,
               const char *why)
{
    tw_event_t event = { .kind = kind, .reference = reference, .why = why };
    apr_status_t rv;

    tw_counters_event(tw_shared_counters(site->shared), kind);
    if (!site->log.events.file) {
        return;
    }
    if (whom) {
        event.account = whom->account;
        event.id = whom->twitter_id;
        event.username = whom->username;
        event.screen_name = whom->screen_name;
    }
    event.address = r->useragent_ip;
    event.browser = apr_table_get(r->headers_in, "User-Agent");
    event.unique_id = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    event.traceparent = traceparent_of(r);
    rv = tw_event_write(&event, &site->log.events, r->pool);
    if (rv != APR_SUCCESS && tw_line_is_due(site, TW_LINE_EVENTS)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, TWLOGNO(0508)
                      "TwAuthEventLog takes no events");
    }
}

void tw_report_from(tw_session_from_t *from, const request_rec *r,
                    const tw_site_t *site)
{
    int tells = site->log.events.addresses;

    from->address = tells ? r->useragent_ip : "";
    from->user_agent = tells ? apr_table_get(r->headers_in, "User-Agent")
                             : NULL;
}
