/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_person.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/exam_database.h"
#include "admin/person.h"
#include "admin/places.h"
#include "store/column.h"
#include "store/member.h"

#define WAITS_FOR_NUMBER "handle:"
#define SHOWN_MAX 60

static const char *day(const char *seconds, apr_pool_t *pool)
{
    apr_time_exp_t t;

    if (!*seconds
        || apr_time_exp_gmt(&t, tw_column_time(seconds)) != APR_SUCCESS) {
        return "never";
    }
    return apr_psprintf(pool, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday);
}

static const char *shown(const char *text, apr_pool_t *pool)
{
    return *text ? tw_err_quote(pool, text, strlen(text), SHOWN_MAX) : "none";
}

/* An account in a few words. */
static const char *named(const tw_member_t *member, apr_pool_t *pool)
{
    return apr_psprintf(pool, "account %" APR_INT64_T_FMT " (username %s, "
                        "handle %s, X's number %s)", member->account,
                        shown(member->username, pool),
                        shown(member->screen_name, pool),
                        shown(member->twitter_id, pool));
}

/* ---- the account --------------------------------------------------------- */

static void say_stranger(tw_exam_t *exam)
{
    static const char *const becomes[] = {
        [TW_SIGN_UP_OFF] = "strangers get none (TwAuthSignUp Off)",
        [TW_SIGN_UP_ON] = "at their first sign-in they get one",
        [TW_SIGN_UP_ASK] = "at their first sign-in they get one that waits "
                           "for you (TwAuthSignUp Ask)",
        [TW_SIGN_UP_INVITE] = "they need a link that invites them "
                              "(TwAuthSignUp Invite)"
    };
    static const char *const fixes[] = {
        [TW_SIGN_UP_OFF] = "invite them: `twauthctl invite`; or say "
                           "TwAuthSignUp On",
        [TW_SIGN_UP_ASK] = "after that: `twauthctl allow`",
        [TW_SIGN_UP_INVITE] = "`twauthctl invite` makes one"
    };
    tw_sign_up_t sign_up = exam->site->sign_in.sign_up;

    tw_exam_say(exam, sign_up == TW_SIGN_UP_OFF ? TW_VERDICT_WRONG
                : sign_up == TW_SIGN_UP_ON ? TW_VERDICT_OK
                : TW_VERDICT_WARNING, fixes[sign_up],
                "there is no account that %s names; %s. Where they have "
                "another handle at X by now, they are found by their number "
                "(id:...)", shown(exam->who, exam->pool), becomes[sign_up]);
}

static void say_account(tw_exam_t *exam, const tw_member_t *member)
{
    const char *name = named(member, exam->pool);

    if (!strcmp(member->active, "0")) {
        tw_exam_say(exam, TW_VERDICT_WRONG, apr_psprintf(
                        exam->pool, "`twauthctl enable account:%"
                        APR_INT64_T_FMT "`", member->account),
                    "%s may not sign in: it is not active", name);
    }
    else if (*member->waiting_since) {
        tw_exam_say(exam, TW_VERDICT_WRONG, apr_psprintf(
                        exam->pool, "`twauthctl allow account:%"
                        APR_INT64_T_FMT "`", member->account),
                    "%s has asked to be let in, and waits since %s", name,
                    day(member->waiting_since, exam->pool));
    }
    else if (!strncmp(member->twitter_id, WAITS_FOR_NUMBER,
                      strlen(WAITS_FOR_NUMBER))
             && !exam->site->sign_in.claim) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "say TwAuthClaimByHandle On, or "
                    "put X's number into twitter_id", "%s waits for whoever "
                    "has its handle, and nobody gets it (TwAuthClaimByHandle "
                    "Off)", name);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s may sign in; last signed "
                    "in: %s; sessions: %s; roles: %s", name,
                    day(member->signed_in_at, exam->pool), member->sessions,
                    shown(member->roles, exam->pool));
    }
}

void tw_exam_account(tw_exam_t *exam)
{
    tw_db_t *db = tw_exam_connection(exam);
    apr_array_header_t *list;
    tw_err_t err = { 0 };

    if (!db) {
        return;
    }
    if (tw_member_find(&list, exam->who, db, &err) != APR_SUCCESS) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, NULL, &err);
    }
    else if (!list->nelts) {
        say_stranger(exam);
    }
    else if (list->nelts == 1) {
        say_account(exam, &APR_ARRAY_IDX(list, 0, tw_member_t));
    }
    else {
        tw_exam_say(exam, TW_VERDICT_WARNING, "say which: --who account:N",
                    "%s names several: %s and %s",
                    shown(exam->who, exam->pool),
                    named(&APR_ARRAY_IDX(list, 0, tw_member_t), exam->pool),
                    named(&APR_ARRAY_IDX(list, 1, tw_member_t), exam->pool));
    }
}

/* ---- rules --------------------------------------------------------------- */

static void say_rule(tw_exam_t *exam, const tw_member_t *member,
                     const ap_directive_t *section)
{
    const char *place = apr_psprintf(exam->pool, "%s %s (%s:%d)",
                                     section->directive, section->args,
                                     section->filename, section->line_num);

    switch (tw_person_rules(member, section->first_child, exam->pool)) {
    case TW_PERSON_KEPT_OUT:
        tw_exam_say(exam, TW_VERDICT_WARNING, apr_psprintf(
                        exam->pool, "if they should get in there: Require "
                        "twitter-id %s", shown(member->twitter_id,
                                               exam->pool)),
                    "%s keeps them out by its own rules", place);
        break;
    case TW_PERSON_UNKNOWN:
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "whether %s lets them in "
                    "is not to be seen from here", place);
        break;
    default:
        break;
    }
}

void tw_exam_rules(tw_exam_t *exam)
{
    tw_db_t *db = tw_exam_connection(exam);
    apr_array_header_t *list, *places;
    const tw_member_t *member;
    tw_err_t err = { 0 };
    int i;

    if (!db || tw_member_find(&list, exam->who, db, &err) != APR_SUCCESS
        || list->nelts != 1) {
        return;         /* see their account */
    }
    member = &APR_ARRAY_IDX(list, 0, tw_member_t);
    places = tw_places(exam->tree, exam->pool);
    for (i = 0; i < places->nelts; i++) {
        const tw_place_t *place = &APR_ARRAY_IDX(places, i, tw_place_t);

        if (tw_place_is_at(place, exam->server)) {
            say_rule(exam, member, place->section);
        }
    }
    if (!tw_exam_has_said(exam)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "no rule keeps them out");
    }
}

void tw_exam_elsewhere(tw_exam_t *exam)
{
    tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "their account at X (locked, "
                "suspended), their browser (cookies), what the running server "
                "counts (TwAuthStartLimit): their page shows a reference, and "
                "the log has its line; `twauthctl doctor` looks at the rest");
}
