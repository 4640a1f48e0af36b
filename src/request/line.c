/* SPDX-License-Identifier: Apache-2.0 */
#include "request/line.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "private.h"
#include "sealed/seal.h"

/* The lines of a kind are over for this minute. */
static void say_last(request_rec *r, const char *kind)
{
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0312)
                  "more than %d different lines of %s in a minute: the others "
                  "are left out, unless LogLevel has twauth:info",
                  TW_RECENT_MOST, kind);
}

void tw_line_begin(tw_line_t *line, request_rec *r, const tw_site_t *site,
                   int loud, const char *kind, const char *what)
{
    int configured = ap_get_request_module_loglevel(r, APLOG_MODULE_INDEX);
    int info = configured >= APLOG_INFO;
    char *reference = apr_palloc(r->pool, TW_REFERENCE_LEN);
    unsigned char random[(TW_REFERENCE_LEN - 1) / 2];
    tw_recent_say_t say;

    say = tw_recent_say(site->log.recent, reference,
                        apr_pstrcat(r->pool, kind, " ",
                                    site->address.origin, NULL),
                        what, apr_time_now(), r->pool);
    if (configured < loud) {
        loud = APLOG_NOTICE;        /* httpd writes it at any LogLevel */
    }
    line->level = say == TW_RECENT_FIRST && !(info && loud == APLOG_NOTICE)
                  ? loud : APLOG_INFO;
    line->reference = line->shown = reference;
    if (info) {
        tw_seal_random(random, sizeof(random));
        tw_codec_hex(reference, random, sizeof(random));
    }
    else if (say == TW_RECENT_LAST || say == TW_RECENT_NEVER) {
        line->shown = NULL;
    }
    if (!info && say == TW_RECENT_LAST) {
        say_last(r, kind);
    }
}

int tw_line_is_due(const tw_site_t *site, tw_line_kind_t kind)
{
    _Static_assert(TW_LINE_ANSWER < TW_LOG_KINDS, "a word of memory for each");

    return tw_shared_log_once(site->shared,
                              kind == TW_LINE_ANSWER ? site->provider.slot
                                                     : site->address.slot,
                              kind, NULL, apr_time_from_sec(60),
                              apr_time_now());
}

const char *tw_line_cause(apr_pool_t *pool, const tw_err_t *err)
{
    return err->why ? apr_pstrndup(pool, err->why, strcspn(err->why, ":"))
                    : "";
}

const char *tw_line_person(apr_pool_t *pool, const tw_session_t *session)
{
    const char *name = session->screen_name;

    return apr_psprintf(pool, "account %" APR_INT64_T_FMT " (%s), X id %s, "
                        "%s%s", session->account,
                        session->username ? session->username : "",
                        session->twitter_id,
                        name && *name ? "@" : "without a handle",
                        name ? name : "");
}
