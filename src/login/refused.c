/* SPDX-License-Identifier: Apache-2.0 */
#include "login/refused.h"

#include "private.h"
#include "request/line.h"
#include "request/report.h"

/* One refusal, as it is told. */
typedef struct {
    request_rec *r;
    const tw_site_t *site;
    const tw_session_t *session;
    const tw_err_t *err;
    tw_page_t *page;
    tw_line_t line;
} refused_t;

static void tell(refused_t *f, tw_event_kind_t event)
{
    f->page->reference = f->line.shown;
    tw_report(f->r, f->site, event, f->session, f->line.shown, f->err->why);
}

static void not_active(refused_t *f)
{
    f->page->kind = TW_PAGE_INACTIVE;
    tw_line_begin(&f->line, f->r, f->site, APLOG_NOTICE, "TW0213",
                  f->session->twitter_id);
    ap_log_rerror(APLOG_MARK, f->line.level, 0, f->r, TWLOGNO(0213)
                  "sign-in refused (reference %s): %s: %s",
                  f->line.reference,
                  tw_line_person(f->r->pool, f->session), f->err->why);
    tell(f, TW_EVENT_REFUSED_INACTIVE);
}

static void no_account(refused_t *f)
{
    const char *id = f->session->twitter_id;

    f->page->kind = TW_PAGE_NO_ACCOUNT;
    f->page->detail = id;
    tw_line_begin(&f->line, f->r, f->site, APLOG_NOTICE, "TW0214", id);
    ap_log_rerror(APLOG_MARK, f->line.level, 0, f->r, TWLOGNO(0214)
                  "sign-in refused (reference %s): X id %s, @%s: %s; to "
                  "invite: twauthctl allow %s", f->line.reference, id,
                  f->session->screen_name, f->err->why, id);
    tell(f, TW_EVENT_REFUSED_NO_ACCOUNT);
}

/* Told when the account is made, and when the same person tries again, each
 * as often as any such line is. */
static void waits(refused_t *f, int asks)
{
    const char *id = f->session->twitter_id;

    f->page->kind = TW_PAGE_WAITING;
    f->page->detail = id;
    tw_line_begin(&f->line, f->r, f->site, APLOG_NOTICE, "TW0550", id);
    ap_log_rerror(APLOG_MARK, f->line.level, 0, f->r, TWLOGNO(0550)
                  "%s to be let in (reference %s): X id %s, @%s; to let in: "
                  "twauthctl allow %s, or UPDATE twauth_account "
                  "SET waiting_since = NULL WHERE twitter_id = '%s'",
                  asks ? "asks" : "waits", f->line.reference, id,
                  f->session->screen_name, id, id);
    if (asks) {
        tw_report(f->r, f->site, TW_EVENT_ACCOUNT_ASKS, f->session, NULL,
                  NULL);
    }
    tell(f, TW_EVENT_REFUSED_WAITING);
}

static void bad_invitation(refused_t *f, tw_invitation_use_t use)
{
    static const struct {
        tw_page_kind_t page;
        const char *why;
    } rows[] = {
        [TW_INVITATION_USED] = { TW_PAGE_INVITATION_USED,
                                 "somebody else has used it" },
        [TW_INVITATION_OVER] = { TW_PAGE_INVITATION_OVER, "it is over" },
        [TW_INVITATION_UNKNOWN] = { TW_PAGE_INVITATION_UNKNOWN,
                                    "there is none of that secret" }
    };
    const char *id = f->session->twitter_id;

    f->page->kind = rows[use].page;
    f->page->detail = id;
    tw_line_begin(&f->line, f->r, f->site, APLOG_NOTICE, "TW0551", id);
    ap_log_rerror(APLOG_MARK, f->line.level, 0, f->r, TWLOGNO(0551)
                  "sign-in refused (reference %s): X id %s, @%s comes by an "
                  "invitation that is none: %s", f->line.reference, id,
                  f->session->screen_name, rows[use].why);
    f->page->reference = f->line.shown;
    tw_report(f->r, f->site, TW_EVENT_REFUSED_INVITATION, f->session,
              f->line.shown, rows[use].why);
}

int tw_refused(tw_page_t *page, request_rec *r, const tw_site_t *site,
               const tw_session_t *session, const tw_signed_in_t *result,
               const tw_err_t *err)
{
    refused_t f = { .r = r, .site = site, .session = session, .err = err,
                    .page = page };

    switch (err->kind) {
    case TW_ERR_INACTIVE:
        not_active(&f);
        return 1;
    case TW_ERR_WAITING:
    case TW_ERR_NO_ACCOUNT:
        break;
    default:
        return 0;
    }
    if (result->invitation >= TW_INVITATION_USED) {
        bad_invitation(&f, result->invitation);
    }
    else if (err->kind == TW_ERR_WAITING) {
        waits(&f, result->asks);
    }
    else {
        no_account(&f);
    }
    return 1;
}
