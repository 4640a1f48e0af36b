/* SPDX-License-Identifier: Apache-2.0 */
/* allow, refuse, disable, enable: who may sign in. */
#include "admin/control.h"

#include <string.h>

#include <apr_strings.h>

#include "base/ascii.h"
#include "base/id.h"
#include "store/admit.h"
#include "x/protocol.h"

#define DIGITS "0123456789"

static const tw_output_column_t columns[] = {
    { "account", TW_OUTPUT_NUMBER },
    { "username", TW_OUTPUT_TEXT },
    { "handle", TW_OUTPUT_TEXT },
    { "id", TW_OUTPUT_TEXT },
    { "active", TW_OUTPUT_YES },
    { NULL, TW_OUTPUT_TEXT }
};

static void put(const tw_control_t *c, const tw_member_t *m, int active)
{
    const char *values[] = {
        tw_id_account_text(m->account, c->pool), m->username, m->screen_name,
        m->twitter_id, active ? "1" : "0"
    };

    tw_output_table(c->out, columns);
    tw_output_row(c->out, values);
}

/* ---- who ---------------------------------------------------------------- */

/* Whether an account that waits under a handle is ever asked for. */
static int handles_are_claimed(const tw_control_t *c)
{
    int i;

    for (i = 0; i < c->sites->nelts; i++) {
        if (APR_ARRAY_IDX(c->sites, i, const tw_site_t *)->sign_in.claim) {
            return 1;
        }
    }
    return 0;
}

/* What a new account is known by; NULL: it was said why there can be none. */
static const char *identity_of(const tw_control_t *c, const char *who)
{
    const char *handle = *who == '@' ? who + 1 : who;
    char *lower;

    if (!strncmp(who, "id:", 3)) {
        if (tw_id_twitter_ok(who + 3)) {
            return who + 3;
        }
        tw_control_fail("%s is no number of X's: digits only, without a zero "
                        "in front", who + 3);
        return NULL;
    }
    if (!tw_provider_handle_ok(handle)) {
        tw_control_fail("there is no account %s: say somebody's handle "
                        "(@jack), or their number at X", who);
        return NULL;
    }
    if (!handles_are_claimed(c)) {
        tw_control_fail("nobody here has the handle @%s; whoever is new is "
                        "known by their number at X, which is on the page "
                        "that they got and in the log (TW0214): twauthctl %s "
                        "NUMBER", handle, tw_control_name(c));
        return NULL;
    }
    lower = apr_pstrdup(c->pool, handle);
    tw_ascii_lower(lower, strlen(lower));
    return apr_pstrcat(c->pool, "handle:", lower, NULL);
}

/* Somebody who has no account yet gets one. */
static int make(tw_member_t *m, const tw_control_t *c, const char *who,
                int active)
{
    tw_err_t err = { 0 };

    memset(m, 0, sizeof(*m));
    m->username = m->screen_name = "";
    m->twitter_id = identity_of(c, who);
    if (!m->twitter_id) {
        return TW_CONTROL_WRONG;
    }
    if (tw_admit_new(&m->account, m->twitter_id, active, c->db, &err)
        != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    return m->account ? TW_CONTROL_DONE
                      : tw_control_fail("they have signed in meanwhile: say "
                                        "it again");
}

/* Whom the first word names, as tw_control_member() does, but for a bare
 * number, which is X's; *is_new where there was no account, and is one now. */
static int find_or_make(tw_member_t *m, int *is_new, const tw_control_t *c,
                        int active)
{
    const char *who = tw_control_word(c, 0);
    apr_array_header_t *list;
    tw_err_t err = { 0 };

    if (*who && !who[strspn(who, DIGITS)]) {
        who = apr_pstrcat(c->pool, "id:", who, NULL);
    }
    if (tw_member_find(&list, who, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    *is_new = !list->nelts && strncmp(who, "account:", 8) != 0;
    return *is_new ? make(m, c, who, active) : tw_control_member(m, c, who);
}

typedef apr_status_t set_t(int *done, apr_int64_t account, int active,
                           tw_db_t *db, tw_err_t *err);

static int set(const tw_control_t *c, const tw_member_t *m, int active,
               set_t *how)
{
    tw_err_t err = { 0 };
    int done;

    if (how(&done, m->account, active, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    return done ? TW_CONTROL_DONE
                : tw_control_fail("the account was deleted meanwhile");
}

/* ---- subcommands -------------------------------------------------------- */

int tw_control_allow(tw_control_t *c)
{
    tw_member_t m = { 0 };
    int is_new = 0, status = find_or_make(&m, &is_new, c, 1);

    if (status == TW_CONTROL_DONE && !is_new) {
        status = set(c, &m, 1, tw_admit_decide);
    }
    if (status != TW_CONTROL_DONE) {
        return status;
    }
    tw_control_tell(c, TW_EVENT_ADMIN_ALLOW, &m);
    put(c, &m, 1);
    tw_output_say(c->out, is_new ? "They may sign in, and have a username "
                  "then." : "They may sign in.");
    return tw_control_end(c, TW_CONTROL_DONE);
}

int tw_control_refuse(tw_control_t *c)
{
    apr_int64_t ended = 0;
    tw_member_t m = { 0 };
    int is_new = 0, status = find_or_make(&m, &is_new, c, 0);

    if (status == TW_CONTROL_DONE && !is_new) {
        status = set(c, &m, 0, tw_admit_decide);
    }
    if (status != TW_CONTROL_DONE) {
        return status;
    }
    tw_control_tell(c, TW_EVENT_ADMIN_REFUSE, &m);
    if (!is_new) {
        status = tw_control_end_of(&ended, c, &m);
        if (status != TW_CONTROL_DONE) {
            return status;
        }
    }
    put(c, &m, 0);
    tw_output_say(c->out, "They may not sign in.");
    if (ended) {
        tw_control_say_ended(c, ended);
    }
    return tw_control_end(c, TW_CONTROL_DONE);
}

/* Of somebody who has an account. */
static int change(tw_control_t *c, int active, tw_event_kind_t kind,
                  const char *sentence)
{
    tw_member_t m;
    int status = tw_control_member(&m, c, tw_control_word(c, 0));

    if (status == TW_CONTROL_DONE) {
        status = set(c, &m, active, tw_admit_set);
    }
    if (status != TW_CONTROL_DONE) {
        return status;
    }
    tw_control_tell(c, kind, &m);
    put(c, &m, active);
    tw_output_say(c->out, "%s", sentence);
    return tw_control_end(c, TW_CONTROL_DONE);
}

int tw_control_disable(tw_control_t *c)
{
    return change(c, 0, TW_EVENT_ADMIN_DISABLE,
                  apr_psprintf(c->pool, "They may not sign in.  Their "
                               "sessions are refused, %s, until the account "
                               "is enabled.", tw_control_notice(c)));
}

int tw_control_enable(tw_control_t *c)
{
    return change(c, 1, TW_EVENT_ADMIN_ENABLE,
                  "They may sign in, and sessions that were refused count "
                  "again.");
}
