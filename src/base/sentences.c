/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sentences.h"

#include <stddef.h>
#include <string.h>

static const tw_sentence_t sentences[TW_SENTENCES] = {
    [TW_SAY_NOTHING] = { "", "" },

    /* pages */
    [TW_SAY_SIGN_IN_TITLE] = { "sign-in.title", "Please sign in" },
    [TW_SAY_SIGN_IN_TEXT] = { "sign-in.text",
      "This page is for people who are signed in." },
    [TW_SAY_NOT_TAKEN_TITLE] = { "not-taken.title", "Please sign in" },
    [TW_SAY_NOT_TAKEN_TEXT] = { "not-taken.text",
      "You are not signed in any more, so what you sent was not "
      "taken. Sign in, then send it again." },
    [TW_SAY_CANCELLED_TITLE] = { "cancelled.title", "You did not sign in" },
    [TW_SAY_CANCELLED_TEXT] = { "cancelled.text",
      "You cancelled at X, and nothing was changed." },
    [TW_SAY_UNCHANGED_TITLE] = { "unchanged.title", "Nothing was changed" },
    [TW_SAY_UNCHANGED_TEXT] = { "unchanged.text",
      "You cancelled at X, and are still signed in here." },
    [TW_SAY_EXPIRED_TITLE] = { "expired.title", "Please start again" },
    [TW_SAY_EXPIRED_TEXT] = { "expired.text",
      "This sign-in is over, or it did not begin in this browser. "
      "Perhaps you began in another app or in a private window." },
    [TW_SAY_SIGNED_IN_TITLE] = { "signed-in.title", "You are signed in" },
    [TW_SAY_SIGNED_IN_TEXT] = { "signed-in.text",
      "That sign-in had already ended; there is nothing more to do." },
    [TW_SAY_NO_COOKIES_TITLE] = { "no-cookies.title",
      "This site needs cookies" },
    [TW_SAY_NO_COOKIES_TEXT] = { "no-cookies.text",
      "Your browser did not keep a cookie, so you cannot be signed "
      "in. Allow cookies for this site, then try again." },
    [TW_SAY_UNREACHABLE_TITLE] = { "unreachable.title",
      "X cannot be reached" },
    [TW_SAY_UNREACHABLE_TEXT] = { "unreachable.text",
      "X did not answer as it should. Please try again in a moment." },
    [TW_SAY_TIMEOUT_TITLE] = { "timeout.title", "X is slow" },
    [TW_SAY_TIMEOUT_TEXT] = { "timeout.text",
      "X did not answer in time. Please try again in a moment." },
    [TW_SAY_REFUSED_TITLE] = { "refused.title", "Sign-in is out of order" },
    [TW_SAY_REFUSED_TEXT] = { "refused.text",
      "X does not accept this site at the moment. The people who run "
      "this site can find the reason in their log." },
    [TW_SAY_USER_REFUSED_TITLE] = { "user-refused.title",
      "X did not let you in" },
    [TW_SAY_USER_REFUSED_TEXT] = { "user-refused.text",
      "X says that your account there is suspended or locked. Look at "
      "your account at X, or use another one." },
    [TW_SAY_BUSY_TITLE] = { "busy.title", "Please wait a moment" },
    [TW_SAY_BUSY_TEXT] = { "busy.text",
      "Signing in is not possible right now. Please try again "
      "shortly." },
    [TW_SAY_LIMIT_ALL_TITLE] = { "limit-all.title", "Please wait a moment" },
    [TW_SAY_LIMIT_ALL_TEXT] = { "limit-all.text",
      "Many people are signing in right now. Please try again "
      "shortly." },
    [TW_SAY_LIMIT_TITLE] = { "limit.title", "Please wait a moment" },
    [TW_SAY_LIMIT_TEXT] = { "limit.text",
      "There were many sign-ins from your network. Please try again "
      "shortly." },
    [TW_SAY_DATABASE_TITLE] = { "database.title",
      "Please try again in a moment" },
    [TW_SAY_DATABASE_TEXT] = { "database.text",
      "This site cannot look up who you are right now. You need not "
      "sign in again: just load this page again in a moment." },
    [TW_SAY_NOT_STORED_TITLE] = { "not-stored.title",
      "Please try again in a moment" },
    [TW_SAY_NOT_STORED_TEXT] = { "not-stored.text",
      "X knows who you are, but this site could not store your "
      "sign-in." },
    [TW_SAY_INACTIVE_TITLE] = { "inactive.title", "This account is closed" },
    [TW_SAY_INACTIVE_TEXT] = { "inactive.text",
      "Your account on this site is not active." },
    [TW_SAY_NO_ACCOUNT_TITLE] = { "no-account.title",
      "You have no account here" },
    [TW_SAY_NO_ACCOUNT_TEXT] = { "no-account.text",
      "Only people who were invited can sign in on this site." },
    [TW_SAY_WAITING_TITLE] = { "waiting.title",
      "You are not let in yet" },
    [TW_SAY_WAITING_TEXT] = { "waiting.text",
      "The people who run this site have been told that you were here. "
      "Sign in again once they have let you in." },
    [TW_SAY_INVITATION_USED_TITLE] = { "invitation-used.title",
      "This invitation has been used" },
    [TW_SAY_INVITATION_USED_TEXT] = { "invitation-used.text",
      "An invitation is for one person, and somebody has used this one."
      " Ask the people who run this site for another." },
    [TW_SAY_INVITATION_OVER_TITLE] = { "invitation-over.title",
      "This invitation is over" },
    [TW_SAY_INVITATION_OVER_TEXT] = { "invitation-over.text",
      "Its time has run out. Ask the people who run this site for "
      "another." },
    [TW_SAY_INVITATION_UNKNOWN_TITLE] = { "invitation-unknown.title",
      "This invitation is not known here" },
    [TW_SAY_INVITATION_UNKNOWN_TEXT] = { "invitation-unknown.text",
      "The link may be incomplete, or the invitation was taken back. "
      "Open the whole link, or ask the people who run this site for "
      "another." },
    [TW_SAY_FORBIDDEN_TITLE] = { "forbidden.title",
      "This page is not for you" },
    [TW_SAY_FORBIDDEN_TEXT] = { "forbidden.text",
      "This account may not see this page." },
    [TW_SAY_PLAIN_HTTP_TITLE] = { "plain-http.title",
      "This page needs https" },
    [TW_SAY_PLAIN_HTTP_TEXT] = { "plain-http.text",
      "Nobody can be signed in over plain http." },
    [TW_SAY_CSRF_TITLE] = { "csrf.title", "Please confirm" },
    [TW_SAY_CSRF_TEXT] = { "csrf.text",
      "It is not certain that this came from you. Use the button to "
      "sign out." },
    [TW_SAY_INTERNAL_TITLE] = { "internal.title", "Sign-in is out of order" },
    [TW_SAY_INTERNAL_TEXT] = { "internal.text",
      "Something is wrong on this site. The people who run it can "
      "find the reason in their log." },
    [TW_SAY_SWITCH_TITLE] = { "switch.title", "Use another account?" },
    [TW_SAY_SWITCH_TEXT] = { "switch.text",
      "You will be sent to X, where you can choose the account. You "
      "may have to sign out at X first." },
    [TW_SAY_SIGN_OUT_TITLE] = { "sign-out.title", "Sign out?" },
    [TW_SAY_SIGN_OUT_TEXT] = { "sign-out.text",
      "You will be signed out of this site." },
    [TW_SAY_SIGNED_OUT_TITLE] = { "signed-out.title",
      "You are signed out here" },
    [TW_SAY_SIGNED_OUT_TEXT] = { "signed-out.text",
      "You are still signed in at X. On a shared computer, sign out "
      "there too." },
    [TW_SAY_NOT_SIGNED_IN_TITLE] = { "not-signed-in.title",
      "You are not signed in" },
    [TW_SAY_NOT_SIGNED_IN_TEXT] = { "not-signed-in.text",
      "There is nothing to sign out of." },
    [TW_SAY_STILL_THERE_TITLE] = { "still-there.title",
      "You are signed out in this browser" },
    [TW_SAY_STILL_THERE_TEXT] = { "still-there.text",
      "This site cannot reach its database right now, so the session "
      "is refused here, and will be deleted everywhere as soon as "
      "that is possible again." },
    [TW_SAY_NOT_FOUND_TITLE] = { "not-found.title", "There is no such page" },
    [TW_SAY_NOT_FOUND_TEXT] = { "not-found.text",
      "This site's sign-in has no page by that address." },
    [TW_SAY_METHOD_TITLE] = { "method.title", "That does not work here" },
    [TW_SAY_METHOD_TEXT] = { "method.text",
      "This address of the site's sign-in does not take what was "
      "sent." },
    [TW_SAY_FOR_SCRIPTS_TITLE] = { "for-scripts.title",
      "There is nothing to read here" },
    [TW_SAY_FOR_SCRIPTS_TEXT] = { "for-scripts.text",
      "This address is for scripts of this site's own pages." },
    [TW_SAY_FRESH_TITLE] = { "fresh.title", "Please sign in again" },
    [TW_SAY_FRESH_TEXT] = { "fresh.text",
      "Before this page opens, this site asks X once more who you are. "
      "Until then you stay signed in." },
    [TW_SAY_FRESH_NOT_TAKEN_TITLE] = { "fresh-not-taken.title",
      "Please sign in again" },
    [TW_SAY_FRESH_NOT_TAKEN_TEXT] = { "fresh-not-taken.text",
      "Your sign-in was some time ago, so what you sent was not taken. "
      "Sign in again, then send it again." },
    [TW_SAY_OTHER_PERSON_TITLE] = { "other-person.title",
      "That was another account" },
    [TW_SAY_OTHER_PERSON_TEXT] = { "other-person.text",
      "You were to sign in again, but X came back with another account, "
      "so nothing was changed. Change to your account at X, then try "
      "again." },
    [TW_SAY_ACCOUNT_TITLE] = { "account.title", "Your account" },
    [TW_SAY_ACCOUNT_TEXT] = { "account.text",
      "What {site} knows of your sign-ins, and what you can end." },
    [TW_SAY_ACCOUNT_DELETE_TITLE] = { "account-delete.title",
      "Delete your account here?" },
    [TW_SAY_ACCOUNT_DELETE_TEXT] = { "account-delete.text",
      "Your account on this site will be deleted, and you will be signed out "
      "everywhere. Your account at X stays as it is." },
    [TW_SAY_ACCOUNT_DELETE_CLOSED] = { "account-delete.closed",
      "Only people who were invited can sign in here: you could not come "
      "back by yourself." },
    [TW_SAY_ACCOUNT_DELETED_TITLE] = { "account-deleted.title",
      "Your account here is deleted" },
    [TW_SAY_ACCOUNT_DELETED_TEXT] = { "account-deleted.text",
      "You are signed out of this site. Your account at X stays as it "
      "is." },
    [TW_SAY_ACCOUNT_GUEST_TITLE] = { "account-guest.title",
      "You are not signed in" },
    [TW_SAY_ACCOUNT_GUEST_TEXT] = { "account-guest.text",
      "Sign in to see your account on this site." },
    [TW_SAY_ACCOUNT_UNSURE_TITLE] = { "account-unsure.title",
      "Please try again" },
    [TW_SAY_ACCOUNT_UNSURE_TEXT] = { "account-unsure.text",
      "It is not certain that this came from you, so nothing was "
      "changed. Use the buttons on the page of your account." },
    [TW_SAY_ACCOUNT_BAD_TITLE] = { "account-bad.title",
      "Nothing was changed" },
    [TW_SAY_ACCOUNT_BAD_TEXT] = { "account-bad.text",
      "This site did not understand what was sent. Use the buttons on "
      "the page of your account." },
    [TW_SAY_ACCOUNT_KEPT_TITLE] = { "account-kept.title",
      "This site still has your permission at X" },
    [TW_SAY_ACCOUNT_KEPT_TEXT] = { "account-kept.text",
      "X did not answer as it should, so nothing was changed. Please "
      "try again later, or end it in your settings at X, under "
      "connected apps." },

    /* who is there, and what helps to ask */
    [TW_SAY_WHO] = { "who", "You are signed in as {handle}." },
    [TW_SAY_WHO_UNNAMED] = { "who.unnamed", "You are signed in." },
    [TW_SAY_NUMBER] = { "number",
      "Your number at X is {number}: give it to the people who run "
      "this site." },
    [TW_SAY_REFERENCE] = { "reference", "Reference: {reference}" },
    [TW_SAY_TIME] = { "time", "{year}-{month}-{day}, {hour}:{minute} UTC" },

    /* buttons and links */
    [TW_SAY_GO_ON] = { "button.continue", "Continue" },
    [TW_SAY_SIGN_IN] = { "button.sign-in", "Sign in with X" },
    [TW_SAY_SIGN_IN_AGAIN] = { "button.sign-in-again", "Sign in again" },
    [TW_SAY_REMEMBER] = { "box.remember", "Stay signed in on this device" },
    [TW_SAY_AGAIN] = { "button.try-again", "Try again" },
    [TW_SAY_ANEW] = { "button.start-again", "Start again" },
    [TW_SAY_SWITCH] = { "button.switch", "Use another account" },
    [TW_SAY_GO_TO_X] = { "button.go-to-x", "Go to X" },
    [TW_SAY_SIGN_OUT] = { "button.sign-out", "Sign out" },
    [TW_SAY_GO_BACK] = { "button.go-back", "Go back" },
    [TW_SAY_HOME] = { "button.front-page", "Front page" },
    [TW_SAY_END] = { "button.end", "Sign out there" },
    [TW_SAY_END_OTHERS] = { "button.end-others", "Sign out everywhere else" },
    [TW_SAY_REVOKE] = { "button.revoke", "End the permission at X" },
    [TW_SAY_DELETE] = { "button.delete", "Delete my account here" },
    [TW_SAY_YOUR_ACCOUNT] = { "link.account", "Your account" },
    [TW_SAY_PRIVACY] = { "link.privacy", "Privacy" },
    [TW_SAY_TERMS] = { "link.terms", "Terms" },

    /* the page of one's account */
    [TW_SAY_SINCE] = { "account.since", "Here since {time}" },
    [TW_SAY_SESSIONS] = { "account.sessions", "Where you are signed in" },
    [TW_SAY_THIS_SESSION] = { "account.this-session", "This browser" },
    [TW_SAY_SIGNED_IN_AT] = { "account.signed-in-at", "Signed in: {time}" },
    [TW_SAY_SEEN_AT] = { "account.seen-at", "Last seen: {time}" },
    [TW_SAY_OTHER_BROWSER] = { "account.other-browser", "Another browser" },
    [TW_SAY_AT_X] = { "account.at-x", "This site's permission at X" },
    [TW_SAY_AT_X_TEXT] = { "account.at-x-text",
      "You let this site use your account at X. You can end that "
      "here; you stay signed in on this site." },
    [TW_SAY_DELETION] = { "account.deletion", "Leaving" },
    [TW_SAY_DELETION_TEXT] = { "account.deletion-text",
      "You can delete your account on this site." },
    [TW_SAY_DONE_END] = { "done.end", "That session has ended." },
    [TW_SAY_DONE_END_OTHERS] = { "done.end-others",
      "You are signed out everywhere else." },
    [TW_SAY_DONE_REVOKE] = { "done.revoke",
      "X has ended this site's permission." },
};

const tw_sentence_t *tw_sentence(tw_say_t say)
{
    return &sentences[say];
}

tw_say_t tw_sentence_of(const char *key, apr_size_t len)
{
    int say;

    for (say = TW_SAY_NOTHING + 1; say < TW_SENTENCES; say++) {
        if (strlen(sentences[say].key) == len
            && !memcmp(sentences[say].key, key, len)) {
            return (tw_say_t)say;
        }
    }
    return TW_SAY_NOTHING;
}

const char *tw_sentence_placeholder(apr_size_t *len, const char **at)
{
    const char *begin = strchr(*at, '{');
    const char *end = begin ? strchr(begin, '}') : NULL;

    if (!end) {
        return NULL;
    }
    *at = end + 1;
    *len = (apr_size_t)(end - begin - 1);
    return begin + 1;
}
