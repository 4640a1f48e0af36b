/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include <string.h>

#include <apr_strings.h>

#include "base/roles.h"
#include "config/values.h"
#include "store/invitation.h"

#define USUAL apr_time_from_sec(7 * 24 * 3600)
#define LONGEST apr_time_from_sec(366 * 24 * 3600)
#define LONGEST_NOTE 200

static const tw_output_column_t columns[] = {
    { "link", TW_OUTPUT_TEXT },
    { "role", TW_OUTPUT_TEXT },
    { "expires_at", TW_OUTPUT_TIME },
    { NULL, TW_OUTPUT_TEXT }
};

/* How long it is good; 0: that is no such time, which was said. */
static apr_interval_time_t time_of(const tw_control_t *c)
{
    const char *text = tw_control_option(c, "expires");
    apr_int64_t time = USUAL;

    if (text && (!tw_values_time(&time, text) || time < APR_USEC_PER_SEC
                 || time > LONGEST)) {
        tw_control_fail("--expires takes a time from 1s to 366d, such as 7d");
        return 0;
    }
    return time;
}

static const char *given(const tw_control_t *c, const char *option)
{
    const char *value = tw_control_option(c, option);

    return value ? value : "";
}

static int check(const tw_control_t *c, const tw_invitation_t *invitation)
{
    if (*invitation->role && !tw_roles_name_ok(invitation->role)) {
        return tw_control_fail("--role takes a role: 1 to 64 of a-z, 0-9, _ "
                               "and -");
    }
    if (strlen(invitation->note) > LONGEST_NOTE) {
        return tw_control_fail("--note takes at most %d bytes", LONGEST_NOTE);
    }
    return c->site->sign_in.sign_up == TW_SIGN_UP_OFF
           ? tw_control_fail("TwAuthSignUp is Off on %s, where no invitation "
                             "counts: Invite lets in who has one",
                             c->site->address.origin)
           : TW_CONTROL_DONE;
}

int tw_control_invite(tw_control_t *c)
{
    apr_interval_time_t time = time_of(c);
    apr_time_t until = apr_time_now() + time;
    tw_invitation_t invitation = { .role = given(c, "role"),
                                   .note = given(c, "note") };
    const char *secret, *values[3];
    tw_err_t err = { 0 };

    if (!time || check(c, &invitation) != TW_CONTROL_DONE) {
        return TW_CONTROL_WRONG;
    }
    if (tw_invitation_make(&secret, &invitation, until, c->db, &err)
        != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    tw_control_tell(c, TW_EVENT_ADMIN_INVITED, NULL);
    values[0] = apr_pstrcat(c->pool, c->site->address.origin,
                            c->site->paths.login, "?invite=", secret, NULL);
    values[1] = invitation.role;
    values[2] = apr_psprintf(c->pool, "%" APR_TIME_T_FMT,
                             apr_time_sec(until));
    tw_output_table(c->out, columns);
    tw_output_row(c->out, values);
    tw_output_say(c->out, "The link is good for one person, and is shown this "
                  "once: nobody can read it from the tables.");
    return tw_control_end(c, TW_CONTROL_DONE);
}
