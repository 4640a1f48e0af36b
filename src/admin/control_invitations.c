/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include <string.h>

#include <apr_strings.h>

#include "store/invitation.h"

#define SHOWN 12                /* of an id: enough to tell them apart */
#define LEAST 4

static const tw_output_column_t columns[] = {
    { "invitation", TW_OUTPUT_TEXT },
    { "state", TW_OUTPUT_TEXT },
    { "role", TW_OUTPUT_TEXT },
    { "note", TW_OUTPUT_TEXT },
    { "created_at", TW_OUTPUT_TIME },
    { "expires_at", TW_OUTPUT_TIME },
    { "used_by", TW_OUTPUT_TEXT },
    { "used_at", TW_OUTPUT_TIME },
    { NULL, TW_OUTPUT_TEXT }
};

static int uninvite(tw_control_t *c, const char *begins)
{
    tw_err_t err = { 0 };
    int count;

    if (strlen(begins) < LEAST
        || begins[strspn(begins, "0123456789abcdef")]) {
        return tw_control_fail("--revoke takes an invitation as twauthctl "
                               "invitations shows it: at least %d of 0-9 and "
                               "a-f", LEAST);
    }
    if (tw_invitation_revoke(&count, begins, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    if (count > 1) {
        return tw_control_fail("%d invitations begin so: say more of it",
                               count);
    }
    if (!count) {
        tw_control_fail("there is no invitation %s: twauthctl invitations "
                        "lists them", begins);
        return TW_CONTROL_NOTHING;
    }
    tw_control_tell(c, TW_EVENT_ADMIN_UNINVITED, NULL);
    return tw_control_end(c, TW_CONTROL_DONE);
}

static const char *state_of(const tw_invitation_t *invitation)
{
    return *invitation->used_by ? "used"
           : apr_atoi64(invitation->expires_at)
             <= apr_time_sec(apr_time_now()) ? "over" : "open";
}

int tw_control_invitations(tw_control_t *c)
{
    const char *begins = tw_control_option(c, "revoke");
    apr_int64_t most = tw_control_limit(c);
    apr_array_header_t *list;
    tw_err_t err = { 0 };
    int i;

    if (most < 0) {
        return TW_CONTROL_WRONG;
    }
    if (begins) {
        return uninvite(c, begins);
    }
    if (tw_invitation_list(&list, (int)most, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    tw_output_table(c->out, columns);
    for (i = 0; i < list->nelts; i++) {
        const tw_invitation_t *one = &APR_ARRAY_IDX(list, i, tw_invitation_t);
        const char *values[] = {
            apr_pstrndup(c->pool, one->id, SHOWN), state_of(one), one->role,
            one->note, one->created_at, one->expires_at, one->used_by,
            one->used_at
        };

        tw_output_row(c->out, values);
    }
    if (!list->nelts) {
        tw_output_say(c->out, "There are no invitations: twauthctl invite "
                      "makes one.");
    }
    return tw_control_end(c, list->nelts ? TW_CONTROL_DONE
                                         : TW_CONTROL_NOTHING);
}
