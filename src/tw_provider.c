#include "tw_provider.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "tw_json.h"

#define LOGGED_MAX 200
#define OPAQUE_MIN 16

/* X's codes for sign-in: who is refused, and what an administrator can do. */
typedef struct {
    int code;
    tw_err_kind_t kind;
    const char *meaning;
    const char *advice;
    enum { PLAIN, CLOCK, CALLBACK } detail;     /* what follows the advice */
} refusal_t;

/* Not X's numbers, for what it says in words alone. */
enum {
    NO_CREDITS = -20, NOT_ENROLLED, WRONG_CLIENT, WRONG_SCOPE, SPEND_CAP,
    OTHER_CALLBACK, OTHER_CODE, OLD_CODE, OLD_TOKEN
};

static const refusal_t refusals[] = {
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
    { 99, TW_ERR_REFUSED, "the key and secret do not fit",
      "compare key and secret with X's developer console", PLAIN },
    { 34, TW_ERR_REFUSED, "there is no such endpoint",
      "look at TwAuthProvider", PLAIN },
    { 220, TW_ERR_REFUSED, "the credentials are not for this",
      "compare TwAuthConsumerKey with \"Consumer Keys\" at X", PLAIN },
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
};

/* What X says in plain text, or in XML without a code. */
static const struct {
    const char *text;
    int code;
} phrases[] = {
    { "Callback URL not approved", 415 },
    { "Desktop applications only support", 417 },
    { "Could not authenticate you", 32 },
    { "Failed to validate oauth signature", 32 },
    { "Timestamp out of bounds", 135 },
    { "Invalid / suspended application", 416 },
    { "Bad Authentication data", 215 },
    { "Invalid oauth_verifier", 89 },
    { "This feature is temporarily unavailable", 89 },
    { "Reverse auth credentials are invalid", 89 },
    { "Invalid / expired Token", 89 },
    { "Invalid or expired token", 89 },
    { "Rate limit exceeded", 88 },
    { "CreditsDepleted", NO_CREDITS },
    { "SpendCapReached", SPEND_CAP },
    { "User is suspended", 64 },
    { "passed for the client id was invalid", WRONG_CLIENT },
    { "passed for the code verifier", OTHER_CODE },
    { "passed for the redirect uri", OTHER_CALLBACK },
    { "client-not-enrolled", NOT_ENROLLED },
    { "unauthorized_client", WRONG_CLIENT },
    { "invalid_client", WRONG_CLIENT },
    { "Missing valid authorization header", WRONG_CLIENT },
    { "invalid_scope", WRONG_SCOPE },
    { "authorization code was invalid", OLD_CODE },
    { "invalid_grant", OLD_CODE },
    { "passed for the token was invalid", OLD_TOKEN },
};

int tw_provider_id_ok(const char *id)
{
    apr_size_t len = id ? strspn(id, "0123456789") : 0;

    return len >= 1 && len <= 20 && !id[len] && id[0] != '0';
}

int tw_provider_handle_ok(const char *handle)
{
    apr_size_t len = handle
                     ? strspn(handle, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789_")
                     : 0;

    return len >= 1 && len <= 20 && !handle[len];
}

int tw_provider_token_ok(const char *token, apr_size_t max)
{
    apr_size_t len;

    for (len = 0; token && token[len]; len++) {
        if (token[len] < 0x21 || token[len] > 0x7e || len >= max) {
            return 0;
        }
    }
    return token && len > 0;
}

/* <error code="415">text</error> */
static int xml_error(const char **message, const tw_http_response_t *response,
                     apr_pool_t *pool)
{
    const char *tag = strstr(response->body, "<error");
    const char *attribute, *open, *close;

    if (tag && !strncmp(tag, "<errors", 7)) {
        tag = strstr(tag + 1, "<error ");
    }
    open = tag ? strchr(tag, '>') : NULL;
    close = open ? strchr(open, '<') : NULL;
    if (!close) {
        return 0;
    }
    *message = apr_pstrmemdup(pool, open + 1, (apr_size_t)(close - open - 1));
    attribute = strstr(tag, "code=\"");
    return attribute && attribute < open
           ? (int)strtol(attribute + 6, NULL, 10) : 0;
}

/* What may hold tokens: a success of another kind, or a document that says
 * nothing of an error. */
static int unquotable(const tw_http_response_t *response)
{
    char first = response->body[strspn(response->body, " \t\r\n")];

    return (response->status >= 200 && response->status < 300)
           || first == '{' || first == '[';
}

/* The code that X gave or meant, 0 when it is not known. */
static int refusal_code(const char **message,
                        const tw_http_response_t *response, apr_pool_t *pool)
{
    apr_size_t i;
    int code = 0;

    *message = response->body;
    if (tw_json_error(&code, message, response->body, response->body_len,
                      pool) != APR_SUCCESS) {
        *message = unquotable(response) ? "(not repeated here)"
                                        : response->body;
        if (response->body[0] == '<') {
            code = xml_error(message, response, pool);
        }
    }
    if (!*message) {
        *message = "";
    }
    for (i = 0; !code && i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (strstr(*message, phrases[i].text)) {
            code = phrases[i].code;
        }
    }
    return code;
}

/* What tokens are made of, but for digits. */
#define NO_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_~+=%"

/*
 * An answer may repeat what it was asked: what could be a token, a verifier
 * or a signature, which are long and hardly words, is left out of the log.
 */
static const char *without_secrets(const char *text, apr_pool_t *pool)
{
    char *rest = apr_palloc(pool, strlen(text) + 1);
    char *end = rest;

    while (*text) {
        apr_size_t len = strspn(text, NO_DIGITS "0123456789");
        apr_size_t letters = strspn(text, NO_DIGITS);

        if (len >= OPAQUE_MIN && (letters < len || len >= 2 * OPAQUE_MIN)) {
            end = apr_cpystrn(end, "[...]", sizeof("[...]"));
        }
        else {
            memcpy(end, text, len);
            end += len;
        }
        text += len;
        if (*text) {
            *end++ = *text++;
        }
    }
    *end = '\0';
    return rest;
}

/* For an answer with none of X's codes. */
static tw_err_kind_t kind_of_status(int status)
{
    if (status == 429) {
        return TW_ERR_LIMITED;
    }
    if (status >= 400 && status < 500) {
        return TW_ERR_REFUSED;
    }
    /* what stands before X says that X is away */
    if (status >= 502 && status <= 504) {
        return TW_ERR_UNREACHABLE;
    }
    return TW_ERR_GARBAGE;
}

static const char *code_text(apr_pool_t *pool, int code)
{
    return code > 0 ? apr_psprintf(pool, " code %d", code) : "";
}

/* What the advice cannot know: the URL to register, how far the clock is. */
static const char *complete_advice(const refusal_t *known,
                                   const tw_http_response_t *response,
                                   const char *callback, apr_pool_t *pool)
{
    apr_int64_t off;

    if (known->detail == CALLBACK) {
        return apr_pstrcat(pool, known->advice, " ", callback, NULL);
    }
    if (known->detail == CLOCK && response->date) {
        off = apr_time_sec(apr_time_now() - response->date);
        return apr_psprintf(pool, "%s: it is %" APR_INT64_T_FMT
                            " seconds %s X's", known->advice,
                            off < 0 ? -off : off,
                            off < 0 ? "behind" : "ahead of");
    }
    return known->advice;
}

apr_status_t tw_provider_refused(tw_err_t *err, const char *step,
                                 const tw_http_response_t *response,
                                 const char *callback, apr_pool_t *pool)
{
    const char *message, *said;
    const refusal_t *known = NULL;
    apr_size_t i;
    int code = refusal_code(&message, response, pool);

    for (i = 0; code && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].code == code) {
            known = &refusals[i];
        }
    }
    message = without_secrets(message, pool);
    said = tw_err_quote(pool, message, strlen(message), LOGGED_MAX);
    /* an outage at X is an outage, whatever its body says */
    if (response->status >= 500) {
        known = NULL;
    }
    if (known) {
        tw_err_set(err, pool, known->kind, APR_EGENERAL,
                   "%s: X answered %d,%s \"%s\": %s", step,
                   response->status, code_text(pool, code), said,
                   known->meaning);
        err->advice = complete_advice(known, response, callback, pool);
    }
    else {
        tw_err_set(err, pool, kind_of_status(response->status), APR_EGENERAL,
                   "%s: X answered %d,%s \"%s\"", step, response->status,
                   code_text(pool, code), said);
        if (response->status >= 300 && response->status < 400) {
            err->advice = "X does not redirect calls: look at TwAuthProvider";
        }
    }
    err->retry_after = response->retry_after;
    return APR_EGENERAL;
}
