/* SPDX-License-Identifier: Apache-2.0 */
#include "x/refusal_table.h"

#include <string.h>

#include <apr_strings.h>

#include "base/ascii.h"

#define PLAIN TW_REFUSAL_PLAIN
#define CLOCK TW_REFUSAL_CLOCK
#define CALLBACK TW_REFUSAL_CALLBACK

/* Not X's numbers, for what it says in words or by a problem's type alone. */
enum {
    NO_CREDITS = -40, NOT_ENROLLED, WRONG_CLIENT, WRONG_SCOPE, SPEND_CAP,
    USAGE_CAP, OTHER_CALLBACK, OTHER_CODE, OLD_CODE, OLD_TOKEN, CLIENT_NO,
    WRONG_KIND, WRONG_CALL, NO_GRANT, APP_NO, USER_NO, USER_GONE
};

static const tw_refusal_row_t refusals[] = {
    { 415, TW_ERR_REFUSED, "the callback URL is not registered",
      "at X, in \"User authentication settings\", register exactly",
      CALLBACK },
    { 417, TW_ERR_REFUSED, "the application has no callback URL",
      "at X choose \"Web App\" and register exactly", CALLBACK },
    { 32, TW_ERR_REFUSED, "the consumer key and secret do not fit",
      "compare TwAuthConsumerKey and the file of TwAuthConsumerSecret with "
      "\"Consumer Keys\" at X (API key and secret; not the access token, "
      "not the OAuth 2.0 client id)", PLAIN },
    { 135, TW_ERR_REFUSED, "this server's clock is wrong",
      "set the clock (NTP)", CLOCK },
    { 416, TW_ERR_REFUSED, "the application is suspended or deleted",
      "look at the application in X's developer console", PLAIN },
    { 215, TW_ERR_REFUSED, "the call arrived without its Authorization",
      "look for a proxy on the way that removes the Authorization header",
      PLAIN },
    { 89, TW_ERR_STALE, "the token is used, expired or revoked", NULL, PLAIN },
    { 453, TW_ERR_REFUSED, "the application's plan does not include this",
      "look at the application's plan in X's developer console", PLAIN },
    { 87, TW_ERR_REFUSED, "the application may not do this",
      "look at the application's permissions at X", PLAIN },
    { 261, TW_ERR_REFUSED, "the application may only read",
      "look at the application's permissions at X, and at TwAuthAccess",
      PLAIN },
    { 99, TW_ERR_REFUSED, "the key and secret do not fit",
      "compare key and secret with X's developer console", PLAIN },
    { 34, TW_ERR_REFUSED, "there is no such endpoint",
      "look at TwAuthProvider", PLAIN },
    { 220, TW_ERR_REFUSED, "the credentials are not for this",
      "compare TwAuthConsumerKey with \"Consumer Keys\" at X", PLAIN },
    { 50, TW_ERR_USER, "X has no such user (any more)", NULL, PLAIN },
    { 63, TW_ERR_USER, "the user's account at X is suspended", NULL, PLAIN },
    { 64, TW_ERR_USER, "the user's account at X is suspended", NULL, PLAIN },
    { 326, TW_ERR_USER, "the user's account at X is locked; they can unlock "
      "it by signing in at X", NULL, PLAIN },
    { 88, TW_ERR_LIMITED, "X's rate limit is reached", NULL, PLAIN },
    { NO_CREDITS, TW_ERR_REFUSED, "the application has no credits left",
      "buy credits in X's developer console (OAuth 2.0 needs a billed call "
      "for each sign-in; OAuth 1.0a needs none)", PLAIN },
    { NOT_ENROLLED, TW_ERR_REFUSED, "the application is in no project",
      "attach the application to a project with a package in X's developer "
      "console", PLAIN },
    { WRONG_CLIENT, TW_ERR_REFUSED, "the client id and secret do not fit",
      "compare TwAuthClientID and TwAuthClientSecret with X: a confidential "
      "client (Web App) needs its secret, a public one (Native App) has none; "
      "both are other strings than the API key and secret", PLAIN },
    { WRONG_SCOPE, TW_ERR_REFUSED, "the scope does not allow this",
      "set TwAuthScope to at least \"tweet.read users.read\"", PLAIN },
    { SPEND_CAP, TW_ERR_REFUSED,
      "the application's spend cap of this billing cycle is reached",
      "raise the spend cap in X's developer console", PLAIN },
    { USAGE_CAP, TW_ERR_REFUSED,
      "the application's usage cap of this period is reached",
      "raise the cap, buy credits or take a larger package in X's developer "
      "console (OAuth 2.0 needs a counted call for each sign-in; OAuth 1.0a "
      "needs none)", PLAIN },
    { OTHER_CALLBACK, TW_ERR_REFUSED,
      "the callback URL is not the one the browser was sent with",
      "at X, in \"User authentication settings\", register exactly",
      CALLBACK },
    { OTHER_CODE, TW_ERR_STALE, "the code was made for another sign-in",
      NULL, PLAIN },
    { OLD_CODE, TW_ERR_STALE,
      "the code is used, or older than 30 seconds; or the token is over",
      NULL, PLAIN },
    { OLD_TOKEN, TW_ERR_STALE, "the token is used, expired or revoked", NULL,
      PLAIN },
    { CLIENT_NO, TW_ERR_REFUSED, "the application may not use this call",
      "look at the application in X's developer console: its project, its "
      "package and its \"User authentication settings\"", PLAIN },
    { WRONG_KIND, TW_ERR_REFUSED,
      "this call does not take this kind of credentials",
      "look for a proxy on the way that changes the Authorization header, "
      "and at X, in \"User authentication settings\", see that the protocol "
      "in use is switched on", PLAIN },
    { WRONG_CALL, TW_ERR_REFUSED, "X does not take the call as it is",
      "look at TwAuthProvider and TwAuthScope, and for a newer mod_twauth",
      PLAIN },
    { NO_GRANT, TW_ERR_REFUSED, "the application has no OAuth 2.0",
      "at X, in \"User authentication settings\", switch OAuth 2.0 on",
      PLAIN },
    { APP_NO, TW_ERR_REFUSED, "X refuses the application",
      "look at the application in X's developer console", PLAIN },
    { USER_NO, TW_ERR_USER, "X refuses this user", NULL, PLAIN },
    { USER_GONE, TW_ERR_USER, "X has no such user, or does not show it",
      NULL, PLAIN },
};

/*
 * What X says without a number that is above: by the type of a problem, or
 * in words, in lower case; the second, where there is one, has to be there
 * too.  The first row that fits counts, so what is exact stands before what
 * is general, and the application before the user ("user authentication"
 * and "developer account" are the application's).
 */
static const struct {
    const char *type;       /* a type; with a '-' at the end its beginning */
    const char *text, *and;
    int code;
} signs[] = {
    { NULL, "creditsdepleted", NULL, NO_CREDITS },
    { NULL, "spendcapreached", NULL, SPEND_CAP },
    { NULL, "usagecapexceeded", NULL, USAGE_CAP },
    { NULL, "usage cap", NULL, USAGE_CAP },
    { NULL, "client-not-enrolled", NULL, NOT_ENROLLED },
    { "user-suspended", NULL, NULL, 64 },
    { "account-suspended", NULL, NULL, 64 },
    { "user-locked", NULL, NULL, 326 },
    { "account-locked", NULL, NULL, 326 },
    { "usage-capped", NULL, NULL, USAGE_CAP },
    { "credits", NULL, NULL, NO_CREDITS },
    { "rate-limit-exceeded", NULL, NULL, 88 },
    { "client-forbidden", NULL, NULL, CLIENT_NO },
    { "unsupported-authentication", NULL, NULL, WRONG_KIND },
    { "oauth1-permissions", NULL, NULL, 87 },
    { "app-suspended", NULL, NULL, 416 },
    { "client-suspended", NULL, NULL, 416 },
    { NULL, "suspended", "application", 416 },
    { NULL, "suspended", "developer", 416 },
    { NULL, "suspended", "client", 416 },
    { NULL, "suspended", " app ", 416 },
    { NULL, "suspended", "user", 64 },
    { NULL, "suspended", "account", 64 },
    { NULL, " locked", "account", 326 },
    { "resource-not-found", NULL, NULL, USER_GONE },
    { "not-authorized-for-resource", NULL, NULL, USER_GONE },
    { "user-", NULL, NULL, USER_NO },
    { "account-", NULL, NULL, USER_NO },
    { "client-", NULL, NULL, APP_NO },
    { "app-", NULL, NULL, APP_NO },
    { NULL, "callback url not approved", NULL, 415 },
    { NULL, "desktop applications only support", NULL, 417 },
    { NULL, "could not authenticate you", NULL, 32 },
    { NULL, "failed to validate oauth signature", NULL, 32 },
    { NULL, "timestamp out of bounds", NULL, 135 },
    { NULL, "bad authentication data", NULL, 215 },
    { NULL, "invalid oauth_verifier", NULL, 89 },
    { NULL, "this feature is temporarily unavailable", NULL, 89 },
    { NULL, "reverse auth credentials are invalid", NULL, 89 },
    { NULL, "invalid / expired token", NULL, 89 },
    { NULL, "invalid or expired token", NULL, 89 },
    { NULL, "rate limit exceeded", NULL, 88 },
    { NULL, "passed for the client id was invalid", NULL, WRONG_CLIENT },
    { NULL, "passed for the code verifier", NULL, OTHER_CODE },
    { NULL, "passed for the redirect uri", NULL, OTHER_CALLBACK },
    { NULL, "unauthorized_client", NULL, WRONG_CLIENT },
    { NULL, "invalid_client", NULL, WRONG_CLIENT },
    { NULL, "missing valid authorization header", NULL, WRONG_CLIENT },
    { NULL, "invalid_scope", NULL, WRONG_SCOPE },
    { NULL, "authorization code was invalid", NULL, OLD_CODE },
    { NULL, "invalid_grant", NULL, OLD_CODE },
    { NULL, "passed for the token was invalid", NULL, OLD_TOKEN },
    { NULL, "unsupported_grant_type", NULL, NO_GRANT },
    { NULL, "your account", "disabled", USER_NO },
    { NULL, "your account", "restricted", USER_NO },
    { NULL, "account", "deactivated", USER_GONE },
    { NULL, "user not found", NULL, USER_GONE },
    { "invalid-request", NULL, NULL, WRONG_CALL },
};

const tw_refusal_row_t *tw_refusal_row(int code)
{
    apr_size_t i;

    for (i = 0; code && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].code == code) {
            return &refusals[i];
        }
    }
    return NULL;
}

static int is_type(const char *type, const char *sign)
{
    apr_size_t len = strlen(sign);

    return sign[len - 1] == '-' ? !strncmp(type, sign, len)
                                : !strcmp(type, sign);
}

const tw_refusal_row_t *tw_refusal_row_by_sign(const char *type,
                                               const char *words,
                                               apr_pool_t *pool)
{
    const tw_refusal_row_t *row = NULL;
    const char *text = tw_ascii_lower(apr_pstrdup(pool, words),
                                      strlen(words));
    apr_size_t i;

    for (i = 0; !row && i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (signs[i].type
            ? type && is_type(type, signs[i].type)
            : strstr(text, signs[i].text)
              && (!signs[i].and || strstr(text, signs[i].and))) {
            row = tw_refusal_row(signs[i].code);
        }
    }
    return row;
}

const tw_refusal_row_t *tw_refusal_row_no_credits(void)
{
    return tw_refusal_row(NO_CREDITS);
}
