/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/sentences: every sentence of every page, in English, and the key by
 * which a catalogue has it in another language.
 *
 * One table, base/sentences.c: a sentence more is a row there, a name here
 * and a line in each file of conf/pages/.  A sentence is plain text, no HTML.
 * What stands in braces is put in when a page is made; {site}, the name of
 * the site, may stand in any of them.
 */
#ifndef TW_BASE_SENTENCES_H
#define TW_BASE_SENTENCES_H

#include <apr.h>

typedef enum {
    TW_SAY_NOTHING,

    /* pages: the heading, and what it is about */
    TW_SAY_SIGN_IN_TITLE,
    TW_SAY_SIGN_IN_TEXT,
    TW_SAY_NOT_TAKEN_TITLE,
    TW_SAY_NOT_TAKEN_TEXT,
    TW_SAY_CANCELLED_TITLE,
    TW_SAY_CANCELLED_TEXT,
    TW_SAY_UNCHANGED_TITLE,
    TW_SAY_UNCHANGED_TEXT,
    TW_SAY_EXPIRED_TITLE,
    TW_SAY_EXPIRED_TEXT,
    TW_SAY_SIGNED_IN_TITLE,
    TW_SAY_SIGNED_IN_TEXT,
    TW_SAY_NO_COOKIES_TITLE,
    TW_SAY_NO_COOKIES_TEXT,
    TW_SAY_UNREACHABLE_TITLE,
    TW_SAY_UNREACHABLE_TEXT,
    TW_SAY_TIMEOUT_TITLE,
    TW_SAY_TIMEOUT_TEXT,
    TW_SAY_REFUSED_TITLE,
    TW_SAY_REFUSED_TEXT,
    TW_SAY_USER_REFUSED_TITLE,
    TW_SAY_USER_REFUSED_TEXT,
    TW_SAY_BUSY_TITLE,
    TW_SAY_BUSY_TEXT,
    TW_SAY_LIMIT_ALL_TITLE,
    TW_SAY_LIMIT_ALL_TEXT,
    TW_SAY_LIMIT_TITLE,
    TW_SAY_LIMIT_TEXT,
    TW_SAY_DATABASE_TITLE,
    TW_SAY_DATABASE_TEXT,
    TW_SAY_NOT_STORED_TITLE,
    TW_SAY_NOT_STORED_TEXT,
    TW_SAY_INACTIVE_TITLE,
    TW_SAY_INACTIVE_TEXT,
    TW_SAY_NO_ACCOUNT_TITLE,
    TW_SAY_NO_ACCOUNT_TEXT,
    TW_SAY_WAITING_TITLE,
    TW_SAY_WAITING_TEXT,
    TW_SAY_INVITATION_USED_TITLE,
    TW_SAY_INVITATION_USED_TEXT,
    TW_SAY_INVITATION_OVER_TITLE,
    TW_SAY_INVITATION_OVER_TEXT,
    TW_SAY_INVITATION_UNKNOWN_TITLE,
    TW_SAY_INVITATION_UNKNOWN_TEXT,
    TW_SAY_FORBIDDEN_TITLE,
    TW_SAY_FORBIDDEN_TEXT,
    TW_SAY_PLAIN_HTTP_TITLE,
    TW_SAY_PLAIN_HTTP_TEXT,
    TW_SAY_CSRF_TITLE,
    TW_SAY_CSRF_TEXT,
    TW_SAY_INTERNAL_TITLE,
    TW_SAY_INTERNAL_TEXT,
    TW_SAY_SWITCH_TITLE,
    TW_SAY_SWITCH_TEXT,
    TW_SAY_SIGN_OUT_TITLE,
    TW_SAY_SIGN_OUT_TEXT,
    TW_SAY_SIGNED_OUT_TITLE,
    TW_SAY_SIGNED_OUT_TEXT,
    TW_SAY_NOT_SIGNED_IN_TITLE,
    TW_SAY_NOT_SIGNED_IN_TEXT,
    TW_SAY_STILL_THERE_TITLE,
    TW_SAY_STILL_THERE_TEXT,
    TW_SAY_NOT_FOUND_TITLE,
    TW_SAY_NOT_FOUND_TEXT,
    TW_SAY_METHOD_TITLE,
    TW_SAY_METHOD_TEXT,
    TW_SAY_FOR_SCRIPTS_TITLE,
    TW_SAY_FOR_SCRIPTS_TEXT,
    TW_SAY_FRESH_TITLE,
    TW_SAY_FRESH_TEXT,
    TW_SAY_FRESH_NOT_TAKEN_TITLE,
    TW_SAY_FRESH_NOT_TAKEN_TEXT,
    TW_SAY_OTHER_PERSON_TITLE,
    TW_SAY_OTHER_PERSON_TEXT,
    TW_SAY_ACCOUNT_TITLE,
    TW_SAY_ACCOUNT_TEXT,
    TW_SAY_ACCOUNT_DELETE_TITLE,
    TW_SAY_ACCOUNT_DELETE_TEXT,
    TW_SAY_ACCOUNT_DELETE_CLOSED,
    TW_SAY_ACCOUNT_DELETED_TITLE,
    TW_SAY_ACCOUNT_DELETED_TEXT,
    TW_SAY_ACCOUNT_GUEST_TITLE,
    TW_SAY_ACCOUNT_GUEST_TEXT,
    TW_SAY_ACCOUNT_UNSURE_TITLE,
    TW_SAY_ACCOUNT_UNSURE_TEXT,
    TW_SAY_ACCOUNT_BAD_TITLE,
    TW_SAY_ACCOUNT_BAD_TEXT,
    TW_SAY_ACCOUNT_KEPT_TITLE,
    TW_SAY_ACCOUNT_KEPT_TEXT,

    /* who is there, and what helps to ask */
    TW_SAY_WHO,
    TW_SAY_WHO_UNNAMED,
    TW_SAY_NUMBER,
    TW_SAY_REFERENCE,
    TW_SAY_TIME,

    /* buttons and links */
    TW_SAY_GO_ON,
    TW_SAY_SIGN_IN,
    TW_SAY_SIGN_IN_AGAIN,
    TW_SAY_REMEMBER,
    TW_SAY_AGAIN,
    TW_SAY_ANEW,
    TW_SAY_SWITCH,
    TW_SAY_GO_TO_X,
    TW_SAY_SIGN_OUT,
    TW_SAY_GO_BACK,
    TW_SAY_HOME,
    TW_SAY_END,
    TW_SAY_END_OTHERS,
    TW_SAY_REVOKE,
    TW_SAY_DELETE,
    TW_SAY_YOUR_ACCOUNT,
    TW_SAY_PRIVACY,
    TW_SAY_TERMS,

    /* the page of one's account */
    TW_SAY_SINCE,
    TW_SAY_SESSIONS,
    TW_SAY_THIS_SESSION,
    TW_SAY_SIGNED_IN_AT,
    TW_SAY_SEEN_AT,
    TW_SAY_OTHER_BROWSER,
    TW_SAY_AT_X,
    TW_SAY_AT_X_TEXT,
    TW_SAY_DELETION,
    TW_SAY_DELETION_TEXT,
    TW_SAY_DONE_END,
    TW_SAY_DONE_END_OTHERS,
    TW_SAY_DONE_REVOKE,
    TW_SENTENCES
} tw_say_t;

typedef struct tw_sentence_t {
    const char *key;            /* as catalogues have it */
    const char *english;
} tw_sentence_t;

const tw_sentence_t *tw_sentence(tw_say_t say);

/* The one of a key of len bytes; TW_SAY_NOTHING: there is no such key. */
tw_say_t tw_sentence_of(const char *key, apr_size_t len);

/*
 * The next placeholder of a sentence, from *at on: its name, without the
 * braces, which is len bytes long; *at is behind it then.  NULL: none is left.
 */
const char *tw_sentence_placeholder(apr_size_t *len, const char **at);

#endif
