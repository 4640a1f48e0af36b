/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include "base/id.h"

static const tw_output_column_t columns[] = {
    { "account", TW_OUTPUT_NUMBER },
    { "username", TW_OUTPUT_TEXT },
    { "handle", TW_OUTPUT_TEXT },
    { "id", TW_OUTPUT_TEXT },
    { "active", TW_OUTPUT_YES },
    { "sessions", TW_OUTPUT_NUMBER },
    { "created_at", TW_OUTPUT_TIME },
    { "signed_in_at", TW_OUTPUT_TIME },
    { "roles", TW_OUTPUT_TEXT },
    { "waiting_since", TW_OUTPUT_TIME },
    { NULL, TW_OUTPUT_TEXT }
};

static void put(const tw_control_t *c, const tw_member_t *member)
{
    const char *values[] = {
        tw_id_account_text(member->account, c->pool), member->username,
        member->screen_name, member->twitter_id, member->active,
        member->sessions, member->created_at, member->signed_in_at,
        member->roles, member->waiting_since
    };

    tw_output_row(c->out, values);
}

/* The next of those that are asked for. */
static apr_status_t next(apr_array_header_t **list, apr_int64_t after,
                         const char *who, const tw_control_t *c,
                         tw_err_t *err)
{
    return tw_control_option(c, "waiting")
           ? tw_member_waiting(list, after, c->db, err)
           : tw_member_list(list, after, who, c->db, err);
}

int tw_control_accounts(tw_control_t *c)
{
    const char *who = tw_control_word(c, 0);
    apr_int64_t most = tw_control_limit(c);
    apr_int64_t after = 0;
    apr_array_header_t *list;
    int i;

    if (most < 0) {
        return TW_CONTROL_WRONG;
    }
    if (who && tw_control_option(c, "waiting")) {
        return tw_control_fail("--waiting lists all who wait: say it without "
                               "%s", who);
    }
    who = who && *who == '@' ? who + 1 : who;
    tw_output_table(c->out, columns);
    do {
        tw_err_t err = { 0 };

        if (next(&list, after, who, c, &err) != APR_SUCCESS) {
            return tw_control_fail_err(c, &err);
        }
        for (i = 0; i < list->nelts; i++) {
            const tw_member_t *member = &APR_ARRAY_IDX(list, i, tw_member_t);

            if (tw_output_rows(c->out) == most) {
                tw_output_say(c->out, "There are more: --limit N shows up to "
                              "N of them.");
                return tw_control_end(c, TW_CONTROL_DONE);
            }
            put(c, member);
            after = member->account;
        }
    } while (list->nelts);
    if (!tw_output_rows(c->out)) {
        tw_output_say(c->out, who ? "No account is like that."
                      : tw_control_option(c, "waiting")
                      ? "Nobody waits to be let in."
                      : "Nobody has an account yet.");
    }
    return tw_control_end(c, tw_output_rows(c->out) ? TW_CONTROL_DONE
                                                    : TW_CONTROL_NOTHING);
}
