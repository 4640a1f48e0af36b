/* SPDX-License-Identifier: Apache-2.0 */
/* tw_refusal: what X says when it says no. */

#include "unit.h"

#include "x/refusal.h"

#define CALLBACK "https://www.example.com/twauth/callback"

static const char *content_type;

static apr_status_t refused(tw_err_t *err, int status, const char *body,
                            apr_time_t date)
{
    tw_http_response_t response = { 0 };

    memset(err, 0, sizeof(*err));
    response.status = status;
    response.body = body;
    response.body_len = strlen(body);
    response.retry_after = 7;
    response.date = date;
    response.content_type = content_type;
    return tw_refusal(err, "request token", &response, CALLBACK,
                               pool);
}

#define JSON(code, text)                                                   \
    "{\"errors\":[{\"code\":" #code ",\"message\":\"" text "\"}]}"
#define XML(code, text)                                                    \
    "<?xml version='1.0' encoding='UTF-8'?><errors><error code=\"" #code   \
    "\">" text "</error></errors>"
#define HASH(text)                                                         \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hash>\n  <error>" text   \
    "</error>\n  <request>/oauth/request_token</request>\n</hash>"
#define PROBLEM(title, type, detail)                                       \
    "{\"title\":\"" title "\",\"type\":\"https://api.twitter.com/2/"         \
    "problems/" type "\",\"detail\":\"" detail "\"}"
#define OOB "Desktop applications only support the oauth_callback value 'oob'"
#define NOT_APPROVED "Callback URL not approved for this client application. " \
    "Approved callback URLs can be adjusted in your application settings"

static void test_refusals(void **state)
{
    static const struct {
        int status;
        const char *body;
        tw_err_kind_t kind;
        const char *advice;     /* a part of it; NULL: none, but where the
                                   application is refused there is some */
        const char *why;        /* a part of it */
    } rows[] = {
        /* the table of codes, as X sends it today */
        { 403, JSON(415, NOT_APPROVED), TW_ERR_REFUSED, CALLBACK,
          "code 415" },
        { 401, JSON(32, "Could not authenticate you."), TW_ERR_REFUSED,
          "TwAuthConsumerSecret", "code 32" },
        { 401, JSON(135, "Timestamp out of bounds."), TW_ERR_REFUSED,
          "clock", "code 135" },
        { 401, JSON(417, OOB), TW_ERR_REFUSED, CALLBACK, "code 417" },
        { 401, JSON(416, "Invalid / suspended application"),
          TW_ERR_REFUSED, "developer console", "code 416" },
        { 400, JSON(215, "Bad Authentication data."), TW_ERR_REFUSED,
          "Authorization header", "code 215" },
        { 401, JSON(89, "Invalid or expired token."), TW_ERR_STALE, NULL,
          "code 89" },
        { 403, JSON(89, "Invalid or expired token."), TW_ERR_STALE, NULL,
          "code 89" },
        { 403, JSON(453, "You currently have access to a subset of X API V2"
                         " endpoints"), TW_ERR_REFUSED, "plan", "code 453" },
        { 403, JSON(64, "Your account is suspended"), TW_ERR_USER, NULL,
          "code 64" },
        { 403, JSON(326, "this account is temporarily locked"), TW_ERR_USER,
          NULL, "unlock" },
        { 403, JSON(87, "Client is not permitted to perform this action"),
          TW_ERR_REFUSED, "permissions", "code 87" },
        { 429, JSON(88, "Rate limit exceeded"), TW_ERR_LIMITED, NULL,
          "code 88" },
        { 403, JSON(99, "Unable to verify your credentials"),
          TW_ERR_REFUSED, "key and secret", "code 99" },
        { 404, JSON(34, "Sorry, that page does not exist"), TW_ERR_REFUSED,
          "TwAuthProvider", "code 34" },
        { 403, JSON(220, "Your credentials do not allow access to this "
                         "resource"), TW_ERR_REFUSED, "TwAuthConsumerKey",
          "code 220" },
        { 403, JSON(261, "Application cannot perform write actions"),
          TW_ERR_REFUSED, NULL, "code 261" },
        { 401, JSON(99998, "news"), TW_ERR_REFUSED, NULL, "\"news\"" },
        /* the same in XML */
        { 403, XML(415, NOT_APPROVED), TW_ERR_REFUSED, CALLBACK,
          "code 415 \"Callback URL not approved" },
        { 401, XML(32, "Could not authenticate you."), TW_ERR_REFUSED,
          "TwAuthConsumerSecret", "code 32 \"Could" },
        { 401, XML(89, "x"), TW_ERR_STALE, NULL, "code 89 \"x\"" },
        { 401, XML(0, "Timestamp out of bounds."), TW_ERR_REFUSED, "clock",
          "code 135" },
        { 401, "<errors><error code='135'>no</error></errors>",
          TW_ERR_REFUSED, NULL, "\"no\"" },
        { 401, HASH("Could not authenticate you."), TW_ERR_REFUSED,
          "TwAuthConsumerSecret", "code 32 \"Could" },
        { 401, HASH("Invalid / expired Token"), TW_ERR_STALE, NULL,
          "code 89" },
        { 401, HASH(OOB), TW_ERR_REFUSED, CALLBACK, "code 417" },
        /* plain text */
        { 401, "Failed to validate oauth signature and token",
          TW_ERR_REFUSED, "TwAuthConsumerSecret", "code 32" },
        { 401, "Error processing your OAuth request: Invalid oauth_verifier "
          "parameter", TW_ERR_STALE, NULL, "code 89" },
        { 401, "Reverse auth credentials are invalid", TW_ERR_STALE, NULL,
          "code 89" },
        { 401, "This feature is temporarily unavailable", TW_ERR_STALE, NULL,
          "code 89" },
        { 401, "Invalid / expired Token", TW_ERR_STALE, NULL, "code 89" },
        { 401, "Timestamp out of bounds", TW_ERR_REFUSED, "clock",
          "code 135" },
        { 403, OOB, TW_ERR_REFUSED, CALLBACK, "code 417" },
        { 403, NOT_APPROVED, TW_ERR_REFUSED, CALLBACK, "code 415" },
        { 401, "", TW_ERR_REFUSED, NULL, "answered 401" },
        { 400, "who knows", TW_ERR_REFUSED, NULL, "\"who knows\"" },
        /* v2's */
        { 401, "{\"title\":\"Unauthorized\",\"type\":\"about:blank\","
          "\"status\":401,\"detail\":\"Unauthorized\"}", TW_ERR_REFUSED,
          NULL, "\"Unauthorized: Unauthorized\"" },
        { 429, "{\"title\":\"Too Many Requests\"}", TW_ERR_LIMITED, NULL,
          "Too Many" },
        { 403, "{\"reason\":\"client-not-enrolled\",\"detail\":\"d\"}",
          TW_ERR_REFUSED, "project", "client-not-enrolled" },
        /* X5: a visitor is refused, in every wording */
        { 403, PROBLEM("Forbidden", "user-suspended", "d"), TW_ERR_USER, NULL,
          "code 64 \"Forbidden: d\"" },
        { 401, PROBLEM("Forbidden", "user-suspended", ""), TW_ERR_USER, NULL,
          "code 64" },
        { 403, "{\"type\":\"https://api.x.com/2/problems/user-suspended\"}",
          TW_ERR_USER, NULL, "suspended" },
        { 200, "{\"errors\":[" PROBLEM("Forbidden", "resource-not-found",
          "User has been suspended: [1].") "]}", TW_ERR_USER, NULL, "64" },
        { 403, JSON(63, "User has been suspended."), TW_ERR_USER, NULL,
          "code 63" },
        { 403, XML(63, "x"), TW_ERR_USER, NULL, "code 63" },
        { 403, "{\"title\":\"Forbidden\",\"detail\":\"The user used for "
          "authentication is suspended\"}", TW_ERR_USER, NULL, "code 64" },
        { 403, JSON(99998, "Your account is suspended."), TW_ERR_USER, NULL,
          "code 64" },
        { 403, HASH("User has been suspended."), TW_ERR_USER, NULL, "64" },
        { 403, "Your Account has been Suspended", TW_ERR_USER, NULL, "64" },
        { 403, PROBLEM("Forbidden", "user-locked", "d"), TW_ERR_USER, NULL,
          "code 326" },
        { 403, PROBLEM("Forbidden", "account-limited", "d"), TW_ERR_USER,
          NULL, "\"Forbidden: d\": X refuses this user" },
        { 404, PROBLEM("Not Found Error", "resource-not-found", "d"),
          TW_ERR_USER, NULL, "no such user" },
        { 403, PROBLEM("Authorization Error", "not-authorized-for-resource",
          "d"), TW_ERR_USER, NULL, "no such user" },
        { 404, JSON(50, "User not found."), TW_ERR_USER, NULL, "code 50" },
        /* ... or the application is */
        { 403, PROBLEM("Forbidden", "app-suspended", "d"), TW_ERR_REFUSED,
          "developer console", "code 416" },
        { 403, PROBLEM("Forbidden", "x", "Your application has been "
          "suspended by the user's choice."), TW_ERR_REFUSED, "console",
          "code 416" },
        { 403, "Your developer account is suspended", TW_ERR_REFUSED,
          "console", "code 416" },
        { 403, PROBLEM("Client Forbidden", "client-forbidden", "d"),
          TW_ERR_REFUSED, "project", "may not use this call" },
        { 403, PROBLEM("Unsupported Authentication",
          "unsupported-authentication", "Authenticating with OAuth 2.0 "
          "Application-Only is forbidden"), TW_ERR_REFUSED,
          "Authorization header", "kind of credentials" },
        { 429, PROBLEM("Too Many Requests", "rate-limit-exceeded", "d"),
          TW_ERR_LIMITED, NULL, "code 88" },
        { 403, PROBLEM("x", "rate-limit-exceeded", "d"), TW_ERR_LIMITED, NULL,
          "code 88" },
        { 400, PROBLEM("Invalid Request", "invalid-request", "d"),
          TW_ERR_REFUSED, "TwAuthScope", "as it is" },
        { 400, "{\"error\":\"unsupported_grant_type\"}", TW_ERR_REFUSED,
          "switch OAuth 2.0 on", "unsupported_grant_type" },
        { 402, "{}", TW_ERR_REFUSED, "credits", "402" },
        { 402, PROBLEM("CreditsDepleted", "credits", "d"), TW_ERR_REFUSED,
          "buy credits", "CreditsDepleted" },
        { 403, PROBLEM("SpendCapReached", "credits", "d"), TW_ERR_REFUSED,
          "raise the spend cap", "SpendCapReached" },
        /* X13: a cap is no limit that passes in a moment */
        { 429, PROBLEM("UsageCapExceeded", "usage-capped", "Usage cap "
          "exceeded: Monthly product cap"), TW_ERR_REFUSED, "buy credits",
          "UsageCapExceeded" },
        { 429, "{\"title\":\"UsageCapExceeded\"}", TW_ERR_REFUSED, "credits",
          "usage cap" },
        { 403, PROBLEM("x", "usage-capped", "d"), TW_ERR_REFUSED, "credits",
          "usage cap" },
        { 429, JSON(99997, "Monthly Usage Cap reached"), TW_ERR_REFUSED,
          "credits", "usage cap" },
        /* a page for people says nothing of the kind */
        { 403, "<!DOCTYPE html><title>Just a\n moment...</title>Your account "
          "is suspended", TW_ERR_REFUSED, "no answer of X's API",
          "an HTML page \"Just a moment...\"" },
        { 200, " <html><head><style>a{}</style></head><p>Sign in<br>here"
          "</html>", TW_ERR_GARBAGE, "no answer of X's API",
          "an HTML page \"Sign in here\"" },
        /* what is in no table is told, but for what could be a secret */
        { 418, "{\"access_token\":\"canary\",\"state\":\"x\"}",
          TW_ERR_REFUSED, NULL, "JSON with the members \"access_token, state"
          "\"" },
        { 418, "{\"access_token\":\"canary", TW_ERR_REFUSED, NULL,
          "broken JSON \"not repeated here\"" },
        { 200, "oauth_token=canary", TW_ERR_GARBAGE, NULL,
          "text \"not repeated here\"" },
        { 418, PROBLEM("I am a teapot", "teapot", "Short and stout"),
          TW_ERR_REFUSED, "status", "\"I am a teapot: Short and stout\"" },
        /* by the status alone */
        { 429, "", TW_ERR_LIMITED, NULL, "429" },
        { 429, "<html>", TW_ERR_LIMITED, NULL, "429" },
        { 404, "<html>not found</html>", TW_ERR_REFUSED, NULL, "404" },
        { 500, "", TW_ERR_GARBAGE, NULL, "500" },
        { 502, "<html>", TW_ERR_UNREACHABLE, NULL, "502" },
        { 503, "Over capacity", TW_ERR_UNREACHABLE, NULL, "Over capacity" },
        { 503, JSON(130, "Over capacity"), TW_ERR_UNREACHABLE, NULL, "130" },
        { 301, "", TW_ERR_GARBAGE, "TwAuthProvider", "301" },
        { 302, "", TW_ERR_GARBAGE, "TwAuthProvider", "302" },
        { 204, "", TW_ERR_GARBAGE, NULL, "204" },
        { 201, "oauth_token=x", TW_ERR_GARBAGE, NULL, "201" },
        /* an outage is an outage, whatever its body says */
        { 500, JSON(32, "Could not authenticate you."), TW_ERR_GARBAGE, NULL,
          "code 32" },
        { 503, JSON(89, "Invalid or expired token."), TW_ERR_UNREACHABLE, NULL,
          "code 89" },
        { 503, "Timestamp out of bounds", TW_ERR_UNREACHABLE, NULL, "503" },
        /* broken bodies */
        { 401, "{\"errors\":[{\"code\":32", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<error", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<errors", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<errors>", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<errors><error ", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<errors><error code=\"", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<errors><error code=\"32\">", TW_ERR_REFUSED, NULL, "401" },
        { 401, "<error code=\"x\">m</error>", TW_ERR_REFUSED, NULL, "\"m\"" },
        { 401, "<error>m</error><x code=\"415\">", TW_ERR_REFUSED, NULL,
          "\"m\"" },
        { 401, "<error code=\"99999999999999999999\">m</error>",
          TW_ERR_REFUSED, NULL, "\"m\"" },
        { 401, "<error code=\"99999\">m</error>", TW_ERR_REFUSED, NULL,
          "code 99999" },
        { 401, "<error code=\"100000\">m</error>", TW_ERR_REFUSED, NULL,
          "401, \"m\"" },
        /* what to do goes by the status, where X says no more */
        { 400, "{}", TW_ERR_REFUSED, "X's status", "400" },
        { 406, "{}", TW_ERR_REFUSED, "X's status", "406" },
        { 403, "{}", TW_ERR_REFUSED, "its project", "403" },
        { 404, "{}", TW_ERR_REFUSED, "TwAuthProvider", "404" },
        { 407, "{}", TW_ERR_REFUSED, "TwAuthProviderProxy", "407" },
        { 302, "{}", TW_ERR_GARBAGE, "does not redirect", "302" },
        { 399, "{}", TW_ERR_GARBAGE, "does not redirect", "399" },
        /* numbers that mean something here alone */
        { 401, "<error code=\"-40\">m</error>", TW_ERR_REFUSED, "clock",
          "\"m\"" },
        { 401, "<error code=\"4294967256\">m</error>", TW_ERR_REFUSED,
          "clock", "\"m\"" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_err_t err;

        assert_int_equal(refused(&err, rows[i].status, rows[i].body, 0),
                         APR_EGENERAL);
        CHECK(err.kind == rows[i].kind, "row %d: kind %d, %s", i, err.kind,
              err.why);
        CHECK(rows[i].advice ? err.advice
                               && strstr(err.advice, rows[i].advice)
                             : !err.advice == (rows[i].kind != TW_ERR_REFUSED),
              "row %d: advice %s", i, unit_text(err.advice));
        CHECK(strstr(err.why, rows[i].why), "row %d: %s", i, err.why);
        CHECK(unit_same(err.step, "request token")
              && err.status == rows[i].status
              && !strncmp(err.why, "X answered ", 11), "row %d: %s", i,
              err.why);
        assert_int_equal(err.retry_after, 7);
    }
}

/* What X sends goes into a log: one line, short, nothing unprintable. */
static void test_foreign_text_is_quoted(void **state)
{
    static const char *const rows[] = {
        "a\nb", "a\r\n[crit] b", "\x1b[31m", "\x7f\x80\xff", "\\x41",
        "<error>a\nb</error>", JSON(32, "a\\nb\\u001b"),
        "{\"title\":\"\xe2\x80\xae\"}", "%s%n%d",
    };
    char *large = apr_palloc(pool, 60001);
    tw_err_t err;
    const char *c;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        refused(&err, 401, rows[i], 0);
        for (c = err.why; *c; c++) {
            CHECK(*c >= 0x20 && *c < 0x7f, "row %d: %s", i, err.why);
        }
    }
    memset(large, '\n', 60000);
    large[60000] = '\0';
    refused(&err, 401, large, 0);
    assert_true(strlen(err.why) < 500);
    memset(large, 'x', 60000);
    for (i = 9; i < 60000; i += 10) {
        large[i] = ' ';
    }
    refused(&err, 401, large, 0);
    assert_true(strlen(err.why) < 300);
    assert_non_null(strstr(err.why, "..."));
}

/* LG-1: an answer that repeats what it was asked, as proxies' pages do. */
static void test_secrets_are_not_repeated(void **state)
{
    static const struct {
        const char *body;
        const char *said;
    } rows[] = {
        { "Invalid oauth_verifier parameter", "Invalid oauth_verifier "
          "parameter" },
        { "no such verifier: DKgb6MqRCHsUo7bWz0HeKnWMfJOEZ0cE", "no such "
          "verifier: [...]" },
        { "oauth_token=1001-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb&x",
          "[...]&x" },
        { "signature \"tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D\".",
          "signature \"[...]\"." },
        { "Basic Y2xpZW50LWlkOnNlY3JldA==, again", "Basic [...], again" },
        { "abcdefghijklmno1 abcdefghijklmn1", "[...] abcdefghijklmn1" },
        { "client-not-enrolled, unauthorized_client", "client-not-enrolled, "
          "unauthorized_client" },
        { "see https://developer.x.com/en/portal/projects-and-apps", "see "
          "https://developer.x.com/en/portal/projects-and-apps" },
        { "abcdefghijklmnopqrstuvwxyzabcdef", "[...]" },
        { JSON(89, "no token Yo4qkkfGIhQVyDlxVNvKtpqeFvJtwNTfhcT7ARKvrQ"),
          "no token [...]" },
    };
    tw_err_t err;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        refused(&err, 401, rows[i].body, 0);
        CHECK(strstr(err.why, apr_psprintf(pool, " \"%s\"", rows[i].said)),
              "row %d: %s", i, err.why);
    }
}

/* The clock's advice says by how much, where X said its time. */
static void test_clock_advice(void **state)
{
    static const struct {
        int seconds;            /* X's clock against this one */
        const char *advice;
    } rows[] = {
        { 3600, "seconds behind X's" }, { -3600, "seconds ahead of X's" },
    };
    const char *digits;
    tw_err_t err;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        refused(&err, 401, JSON(135, "Timestamp out of bounds."),
                apr_time_now() + apr_time_from_sec(rows[i].seconds));
        digits = strpbrk(err.advice, "0123456789");
        CHECK(strstr(err.advice, rows[i].advice) && digits, "row %d: %s", i,
              err.advice);
        /* a machine that stands still for a while makes it another one */
        assert_in_range(strtol(digits, NULL, 10), 3540, 3660);
    }
    refused(&err, 401, JSON(135, "x"), 0);
    assert_string_equal(err.advice, "set the clock (NTP)");
}

/* What is in no table says what it is labelled; what is known need not. */
static void test_labels(void **state)
{
    static const struct {
        int status;
        const char *type, *body, *why;
    } rows[] = {
        { 403, "text/html; charset=UTF-8", "<html><title>No</title>",
          "X answered 403 (text/html; charset=UTF-8), an HTML page \"No\"" },
        { 418, "text/plain", "a b", "X answered 418 (text/plain), \"a b\"" },
        { 418, "text/plain\n", "", "X answered 418 (text/plain ), \"\"" },
        { 403, "application/json", JSON(64, "m"),
          "X answered 403, code 64 \"m\": " },
        { 204, "a/b", "", "X answered 204 (a/b), nothing \"\"" },
    };
    tw_err_t err;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        content_type = rows[i].type;
        refused(&err, rows[i].status, rows[i].body, 0);
        CHECK(strstr(err.why, rows[i].why), "row %d: %s", i, err.why);
        CHECK((err.code != 0) == (i == 3), "row %d: %d", i, err.code);
    }
    content_type = NULL;
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_refusals),
          cmocka_unit_test(test_foreign_text_is_quoted),
          cmocka_unit_test(test_secrets_are_not_repeated),
          cmocka_unit_test(test_clock_advice),
          cmocka_unit_test(test_labels))
