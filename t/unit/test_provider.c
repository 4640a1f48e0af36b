/* tw_provider: what X says when it says no; ids, handles and tokens. */

#include <locale.h>

#include "unit.h"

#include "tw_provider.h"

#define CALLBACK "https://www.example.com/twauth/callback"

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
    return tw_provider_refused(err, "request token", &response, CALLBACK,
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
#define OOB "Desktop applications only support the oauth_callback value 'oob'"
#define NOT_APPROVED "Callback URL not approved for this client application. " \
    "Approved callback URLs can be adjusted in your application settings"

static void test_refusals(void **state)
{
    static const struct {
        int status;
        const char *body;
        tw_err_kind_t kind;
        const char *advice;     /* a part of it; NULL: none */
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
                             : !err.advice,
              "row %d: advice %s", i, unit_text(err.advice));
        CHECK(strstr(err.why, rows[i].why), "row %d: %s", i, err.why);
        CHECK(!strncmp(err.why, "request token: ", 15), "row %d: %s", i,
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
    tw_err_t err;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        refused(&err, 401, JSON(135, "Timestamp out of bounds."),
                apr_time_now() + apr_time_from_sec(rows[i].seconds));
        CHECK(strstr(err.advice, rows[i].advice)
              && (strstr(err.advice, "3600") || strstr(err.advice, "3599")
                  || strstr(err.advice, "3601")), "row %d: %s", i,
              err.advice);
    }
    refused(&err, 401, JSON(135, "x"), 0);
    assert_string_equal(err.advice, "set the clock (NTP)");
}

/* ID-4 */
static void test_ids(void **state)
{
    static const struct {
        const char *id;
        int good;
    } rows[] = {
        { "1", 1 }, { "12", 1 }, { "6253282", 1 }, { "2147483648", 1 },
        { "9007199254740993", 1 }, { "9223372036854775807", 1 },
        { "18446744073709551615", 1 }, { "18446744073709551616", 1 },
        { "99999999999999999999", 1 }, { "100000000000000000000", 0 },
        { NULL, 0 }, { "", 0 }, { "0", 0 }, { "00", 0 }, { "01", 0 },
        { "-1", 0 }, { "+1", 0 }, { " 1", 0 }, { "1 ", 0 }, { "1\n", 0 },
        { "1.0", 0 }, { "1e3", 0 }, { "0x1", 0 }, { "1,000", 0 },
        { "1_000", 0 }, { "a", 0 }, { "1a", 0 }, { "\xd9\xa1", 0 },
        { "\xef\xbc\x91", 0 }, { "1'", 0 }, { "null", 0 }, { "NaN", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_provider_id_ok(rows[i].id) == rows[i].good, "%s",
              unit_text(rows[i].id));
    }
}

/* ID-5 */
static void test_handles(void **state)
{
    static const struct {
        const char *handle;
        int good;
    } rows[] = {
        { "jack", 1 }, { "J", 1 }, { "_", 1 }, { "0", 1 }, { "A_1", 1 },
        { "abcdefghijklmno", 1 }, { "abcdefghijklmnopqrst", 1 },
        { "abcdefghijklmnopqrstu", 0 }, { NULL, 0 }, { "", 0 },
        { "@jack", 0 }, { "ja ck", 0 }, { " jack", 0 }, { "jack ", 0 },
        { "jack\n", 0 }, { "jack.12", 0 }, { "ja-ck", 0 }, { "jack;", 0 },
        { "jack\"", 0 }, { "<b>", 0 }, { "jac\xe2\x84\xaa", 0 },
        { "jac\xc5\xbf", 0 }, { "j\xc4\xb1" "ck", 0 },
        { "j\xc3\xa4" "ck", 0 },
        { "\xd0\xb0" "bc", 0 }, { "jack\x80", 0 }, { "..", 0 }, { "a/b", 0 },
    };
    static const char *const locales[] = {
        "C", "C.UTF-8", "tr_TR.UTF-8", "tr_TR", "de_DE.ISO-8859-1",
    };
    int i, l;

    (void)state;
    for (l = 0; l < COUNT(locales); l++) {
        /* one that is not installed changes nothing */
        setlocale(LC_ALL, locales[l]);
        for (i = 0; i < COUNT(rows); i++) {
            CHECK(tw_provider_handle_ok(rows[i].handle) == rows[i].good,
                  "%s in %s", unit_text(rows[i].handle), locales[l]);
        }
    }
    setlocale(LC_ALL, "C");
}

/* Every byte, alone and after others. */
static void test_alphabets(void **state)
{
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        char one[2] = { (char)c, '\0' };
        char two[3] = { '1', (char)c, '\0' };
        int digit = c >= '0' && c <= '9';
        int word = digit || c == '_' || (c >= 'A' && c <= 'Z')
                   || (c >= 'a' && c <= 'z');
        int visible = c > 0x20 && c < 0x7f;

        CHECK(tw_provider_id_ok(one) == (digit && c != '0'), "%d", c);
        CHECK(tw_provider_id_ok(two) == digit, "%d", c);
        CHECK(tw_provider_handle_ok(one) == word, "%d", c);
        CHECK(tw_provider_handle_ok(two) == word, "%d", c);
        CHECK(tw_provider_token_ok(one, 9) == visible, "%d", c);
        CHECK(tw_provider_token_ok(two, 9) == visible, "%d", c);
    }
}

static void test_token_lengths(void **state)
{
    static const struct {
        const char *token;
        apr_size_t max;
        int good;
    } rows[] = {
        { NULL, 9, 0 }, { "", 9, 0 }, { "", 0, 0 }, { "a", 0, 0 },
        { "a", 1, 1 }, { "ab", 1, 0 }, { "abc", 3, 1 }, { "abcd", 3, 0 },
        { "12-x", 256, 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_provider_token_ok(rows[i].token, rows[i].max)
              == rows[i].good, "row %d", i);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_refusals),
          cmocka_unit_test(test_foreign_text_is_quoted),
          cmocka_unit_test(test_secrets_are_not_repeated),
          cmocka_unit_test(test_clock_advice),
          cmocka_unit_test(test_ids),
          cmocka_unit_test(test_handles),
          cmocka_unit_test(test_alphabets),
          cmocka_unit_test(test_token_lengths))
