/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_configuration.h"

#include <string.h>

#include <apr_strings.h>
#include <http_config.h>

/* ---- findings ------------------------------------------------------------ */

static void say_findings(tw_exam_t *exam, int serious)
{
    int i;

    for (i = 0; i < exam->findings->list->nelts; i++) {
        const tw_finding_t *f = &APR_ARRAY_IDX(exam->findings->list, i,
                                               tw_finding_t);

        if (f->server == exam->server && !f->serious == !serious
            && !tw_exam_is_about_connections(exam, f)) {
            tw_exam_say(exam, serious ? TW_VERDICT_WRONG : TW_VERDICT_WARNING,
                        f->advice, "%s", f->sentence);
        }
    }
}

void tw_exam_open(tw_exam_t *exam)
{
    say_findings(exam, 1);
    if (!tw_exam_has_said(exam)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "no way was found around what "
                    "is protected");
    }
}

void tw_exam_settings(tw_exam_t *exam)
{
    if (exam->site && exam->site->off) {
        /* a main server beside virtual hosts seldom serves anybody */
        int is_used = exam->server->is_virtual || !exam->server->next;

        tw_exam_say(exam, is_used ? TW_VERDICT_WARNING : TW_VERDICT_OK,
                    is_used ? "give the host a ServerName or "
                              "TwAuthCallbackURL, or say TwAuthEngine Off"
                            : NULL,
                    "off: %s", exam->site->off);
    }
    say_findings(exam, 0);
    if (!tw_exam_has_said(exam)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "nothing in the configuration "
                    "contradicts itself");
    }
}

/* ---- proxies before the server ------------------------------------------- */

/* The first directive that reads what a proxy says of the visitor; NULL:
 * there is none. */
static const ap_directive_t *reads_forwarded(const ap_directive_t *d)
{
    static const char *const readers[] = {
        "SetEnvIf", "SetEnvIfNoCase", "RewriteCond", "LogFormat", "CustomLog",
        NULL
    };
    const ap_directive_t *found = NULL;

    for (; d && !found; d = d->next) {
        if (tw_conftree_one_of(d->directive, readers)
            && ap_strcasestr(d->args, "X-Forwarded-")) {
            return d;
        }
        /* another host's are not this one's */
        if (d->first_child && !tw_conftree_is(d, "<VirtualHost")) {
            found = reads_forwarded(d->first_child);
        }
    }
    return found;
}

/* What shows that a proxy stands before the host; NULL: nothing does. */
static const char *sign_of_proxy(const tw_exam_t *exam)
{
    const server_rec *s = exam->site->server;
    const ap_directive_t *d = reads_forwarded(tw_conftree_part(exam->tree, s));

    if (exam->site->address.secure && !tw_conftree_tls(exam->tree, s)) {
        return "its address is https, and TLS ends somewhere else";
    }
    if (!d) {
        d = reads_forwarded(tw_conftree_outside(exam->tree));
    }
    return d ? apr_psprintf(exam->pool, "%s %s (%s:%d)", d->directive, d->args,
                            d->filename, d->line_num) : NULL;
}

static int says_any(const tw_exam_t *exam, const char *const *directives)
{
    for (; *directives; directives++) {
        if (tw_conftree_inherited(exam->tree, exam->site->server,
                                  *directives)) {
            return 1;
        }
    }
    return 0;
}

void tw_exam_visitors(tw_exam_t *exam)
{
    static const char *const uses[] = {
        "RemoteIPHeader", "RemoteIPProxyProtocol", NULL
    };
    static const char *const header[] = { "RemoteIPHeader", NULL };
    static const char *const trusted[] = {
        "RemoteIPInternalProxy", "RemoteIPInternalProxyList",
        "RemoteIPTrustedProxy", "RemoteIPTrustedProxyList", NULL
    };
    const char *sign = sign_of_proxy(exam);

    if (says_any(exam, header) && !says_any(exam, trusted)) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "name the proxy: "
                    "RemoteIPInternalProxy ADDRESS", "anybody may say by "
                    "RemoteIPHeader which address is theirs");
    }
    else if (says_any(exam, uses)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "mod_remoteip says who a "
                    "visitor is");
    }
    else if (sign) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "a2enmod remoteip, with "
                    "RemoteIPHeader X-Forwarded-For and RemoteIPInternalProxy "
                    "ADDRESS", "a proxy seems to be before this host (%s), and "
                    "all visitors have its address: TwAuthStartLimit takes "
                    "them for one", sign);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "the configuration shows no "
                    "proxy before this host; where there is one, mod_remoteip "
                    "has to be told");
    }
}
