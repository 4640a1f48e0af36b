/* SPDX-License-Identifier: Apache-2.0 */
/* sessions, end. */
#include "admin/control.h"

#include <string.h>

#include <apr_strings.h>

#include "store/session_list.h"

static const tw_output_column_t columns[] = {
    { "session", TW_OUTPUT_TEXT },
    { "account", TW_OUTPUT_NUMBER },
    { "username", TW_OUTPUT_TEXT },
    { "handle", TW_OUTPUT_TEXT },
    { "signed_in_at", TW_OUTPUT_TIME },
    { "seen_at", TW_OUTPUT_TIME },
    { "expires_at", TW_OUTPUT_TIME },
    { "address", TW_OUTPUT_TEXT },
    { "browser", TW_OUTPUT_TEXT },
    { NULL, TW_OUTPUT_TEXT }
};

const char *tw_control_notice(const tw_control_t *c)
{
    apr_interval_time_t most = 0;
    const char *directive = "TwAuthSessionRecheck";
    int i;

    for (i = 0; i < c->sites->nelts; i++) {
        const tw_site_t *site = APR_ARRAY_IDX(c->sites, i, const tw_site_t *);
        apr_interval_time_t wait = site->session.recheck;
        int fed = site->session.feed > 0 && site->session.feed < wait;

        wait = fed ? site->session.feed : wait;
        if (wait > most) {
            most = wait;
            directive = fed ? "TwAuthSessionFeed" : "TwAuthSessionRecheck";
        }
    }
    return apr_psprintf(c->pool, "within %" APR_TIME_T_FMT " seconds (%s)",
                        apr_time_sec(most), directive);
}

void tw_control_say_ended(const tw_control_t *c, apr_int64_t ended)
{
    if (ended) {
        tw_output_say(c->out, "%" APR_INT64_T_FMT " session%s ended; servers "
                      "notice %s.", ended, ended == 1 ? "" : "s",
                      tw_control_notice(c));
    }
    else {
        tw_output_say(c->out, "There was no session to end.");
    }
}

int tw_control_end_of(apr_int64_t *ended, const tw_control_t *c,
                      const tw_member_t *whom)
{
    tw_err_t err = { 0 };
    apr_status_t rv = tw_session_list_end(ended, NULL, whom->account, c->db,
                                          &err);

    if (*ended) {
        tw_control_tell(c, TW_EVENT_ADMIN_END, whom);
    }
    return rv == APR_SUCCESS ? TW_CONTROL_DONE : tw_control_fail_err(c, &err);
}

/* ---- sessions ----------------------------------------------------------- */

static int list(tw_control_t *c, apr_int64_t account, apr_int64_t most)
{
    const char *const *last = NULL;
    apr_array_header_t *rows;
    tw_err_t err = { 0 };
    int i;

    tw_output_table(c->out, columns);
    do {
        if (tw_session_list(&rows, account, last, c->db, &err)
            != APR_SUCCESS) {
            return tw_control_fail_err(c, &err);
        }
        for (i = 0; i < rows->nelts; i++) {
            if (tw_output_rows(c->out) == most) {
                tw_output_say(c->out, "There are more: --limit N shows up to "
                              "N of them.");
                return tw_control_end(c, TW_CONTROL_DONE);
            }
            last = APR_ARRAY_IDX(rows, i, const char **);
            tw_output_row(c->out, last);
        }
    } while (rows->nelts);
    if (!tw_output_rows(c->out)) {
        tw_output_say(c->out, "There are no sessions.");
    }
    return tw_control_end(c, tw_output_rows(c->out) ? TW_CONTROL_DONE
                                                    : TW_CONTROL_NOTHING);
}

int tw_control_sessions(tw_control_t *c)
{
    const char *who = tw_control_word(c, 0);
    apr_int64_t most = tw_control_limit(c);
    tw_member_t m = { 0 };
    int status = TW_CONTROL_DONE;

    if (most < 0) {
        return TW_CONTROL_WRONG;
    }
    if (who) {
        status = tw_control_member(&m, c, who);
    }
    return status == TW_CONTROL_DONE ? list(c, m.account, most) : status;
}

/* ---- end ---------------------------------------------------------------- */

/* One session by its id; *account whose it was, 0 for none such. */
static int end_one(apr_int64_t *ended, tw_member_t *m, const tw_control_t *c,
                   const tw_id_t *id)
{
    tw_err_t err = { 0 };
    int status;

    *ended = 0;
    if (tw_session_list_owner(&m->account, id, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    if (!m->account) {
        return TW_CONTROL_DONE;
    }
    status = tw_control_member(m, c, apr_pstrcat(
        c->pool, "account:", tw_id_account_text(m->account, c->pool), NULL));
    if (status == TW_CONTROL_DONE
        && tw_session_list_end(ended, id, 0, c->db, &err) != APR_SUCCESS) {
        status = tw_control_fail_err(c, &err);
    }
    if (*ended) {
        tw_control_tell(c, TW_EVENT_ADMIN_END, m);
    }
    return status;
}

static int end_all(apr_int64_t *ended, const tw_control_t *c)
{
    tw_err_t err = { 0 };
    apr_status_t rv = tw_session_list_end(ended, NULL, 0, c->db, &err);

    if (*ended) {
        tw_control_tell(c, TW_EVENT_ADMIN_END, NULL);
    }
    return rv == APR_SUCCESS ? TW_CONTROL_DONE : tw_control_fail_err(c, &err);
}

int tw_control_end_sessions(tw_control_t *c)
{
    static const tw_output_column_t ended_columns[] = {
        { "ended", TW_OUTPUT_NUMBER }, { NULL, TW_OUTPUT_TEXT }
    };
    const char *who = tw_control_word(c, 0), *values[1];
    int all = tw_control_option(c, "all") != NULL, status;
    apr_int64_t ended = 0;
    tw_member_t m = { 0 };
    tw_id_t id;

    if (!who == !all) {
        return tw_control_fail("say whose sessions end, or which (twauthctl "
                               "sessions lists them), or --all: twauthctl end "
                               "WHO");
    }
    if (all) {
        status = end_all(&ended, c);
    }
    else if (tw_id_read(&id, strncmp(who, "session:", 8) ? who : who + 8)) {
        status = end_one(&ended, &m, c, &id);
    }
    else {
        status = tw_control_member(&m, c, who);
        if (status == TW_CONTROL_DONE) {
            status = tw_control_end_of(&ended, c, &m);
        }
    }
    if (status != TW_CONTROL_DONE) {
        return status;
    }
    if (tw_output_is_json(c->out)) {
        values[0] = apr_psprintf(c->pool, "%" APR_INT64_T_FMT, ended);
        tw_output_table(c->out, ended_columns);
        tw_output_row(c->out, values);
    }
    tw_control_say_ended(c, ended);
    return tw_control_end(c, ended ? TW_CONTROL_DONE : TW_CONTROL_NOTHING);
}
