/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"

#include <string.h>

#include "base/id.h"
#include "base/roles.h"
#include "store/role.h"

static const tw_output_column_t columns[] = {
    { "account", TW_OUTPUT_NUMBER },
    { "username", TW_OUTPUT_TEXT },
    { "handle", TW_OUTPUT_TEXT },
    { "roles", TW_OUTPUT_TEXT },
    { NULL, TW_OUTPUT_TEXT }
};

/* Whether a word before the i-th is about the same role. */
static int is_said_before(const tw_control_t *c, int i)
{
    const char *role = tw_control_word(c, i) + 1;

    while (--i > 0) {
        if (!strcmp(tw_control_word(c, i) + 1, role)) {
            return 1;
        }
    }
    return 0;
}

/* All words behind the first, before anything is changed: +ROLE or -ROLE, each
 * role once, and no more than there is room for. */
static int check_words(const tw_control_t *c, const char *roles)
{
    apr_size_t len = *roles ? strlen(roles) + 1 : 0;    /* with commas */
    const char *word;
    int i;

    for (i = 1; (word = tw_control_word(c, i)); i++) {
        if ((*word != '+' && *word != '-') || !tw_roles_name_ok(word + 1)) {
            return tw_control_fail("%s is not +ROLE or -ROLE: a role is 1 to "
                                   "64 of a-z, 0-9, _ and -", word);
        }
        if (is_said_before(c, i)) {
            return tw_control_fail("%s is said twice", word + 1);
        }
        if (*word == '+' && !tw_roles_has(roles, word + 1)) {
            len += strlen(word);
        }
        else if (*word == '-' && tw_roles_has(roles, word + 1)) {
            len -= strlen(word);
        }
    }
    return len <= TW_ROLES_MAX + 1
           ? TW_CONTROL_DONE
           : tw_control_fail("an account has at most %d bytes of roles",
                             TW_ROLES_MAX);
}

static int put(const tw_control_t *c, const tw_member_t *member,
               const char *roles)
{
    const char *values[] = {
        tw_id_account_text(member->account, c->pool), member->username,
        member->screen_name, roles
    };

    tw_output_table(c->out, columns);
    tw_output_row(c->out, values);
    return tw_control_end(c, TW_CONTROL_DONE);
}

/* All words of one sign; *changed: something was. */
static apr_status_t change(int *changed, const tw_control_t *c,
                           const tw_member_t *member, char sign,
                           tw_err_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    const char *word;
    int i, done;

    for (i = 1; rv == APR_SUCCESS && (word = tw_control_word(c, i)); i++) {
        if (*word == sign) {
            rv = (sign == '+' ? tw_role_give : tw_role_take)(
                &done, member->account, word + 1, c->db, err);
            *changed |= done;
        }
    }
    return rv;
}

int tw_control_role(tw_control_t *c)
{
    const char *roles;
    tw_member_t member;
    tw_err_t err = { 0 };
    int changed = 0;
    int status = tw_control_member(&member, c, tw_control_word(c, 0));

    if (status != TW_CONTROL_DONE) {
        return status;
    }
    if (tw_role_list(&roles, member.account, c->db, &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    status = check_words(c, roles);
    if (status != TW_CONTROL_DONE) {
        return status;
    }
    /* first what is taken, which makes room */
    if (change(&changed, c, &member, '-', &err) != APR_SUCCESS
        || change(&changed, c, &member, '+', &err) != APR_SUCCESS) {
        return tw_control_fail_err(c, &err);
    }
    if (changed) {
        tw_control_tell(c, TW_EVENT_ADMIN_ROLE, &member);
    }
    return tw_role_list(&roles, member.account, c->db, &err) == APR_SUCCESS
           ? put(c, &member, roles) : tw_control_fail_err(c, &err);
}
