/* tw_json: X's errors in, an object for page scripts out. */

#include "unit.h"

#include "tw_json.h"

static void test_error(void **state)
{
    static const struct {
        const char *body;
        int code;
        const char *message;    /* NULL and code 0: not an error of X's */
    } rows[] = {
        { "{\"errors\":[{\"code\":32,\"message\":\"Could not\"}]}", 32,
          "Could not" },
        { " {\"errors\" : [ {\"message\":\"m\",\"code\":89} ] }\n", 89, "m" },
        { "{\"errors\":[{\"code\":1,\"message\":\"a\"},"
          "{\"code\":2,\"message\":\"b\"}]}", 1, "a" },
        { "{\"errors\":[{\"code\":32}]}", 32, NULL },
        { "{\"errors\":[{\"message\":\"m\"}]}", 0, "m" },
        { "{\"errors\":[{\"code\":99999}]}", 99999, NULL },
        { "{\"errors\":[{\"code\":100000}]}", 0, NULL },
        { "{\"errors\":[{\"code\":0}]}", 0, NULL },
        { "{\"errors\":[{\"code\":-32}]}", 0, NULL },
        { "{\"errors\":[{\"code\":32.0}]}", 0, NULL },
        { "{\"errors\":[{\"code\":\"32\"}]}", 0, NULL },
        { "{\"errors\":[{\"code\":4294967328}]}", 0, NULL },
        { "{\"errors\":[{\"code\":99999999999999999999999}]}", 0, NULL },
        { "{\"errors\":[{\"code\":null,\"message\":null}]}", 0, NULL },
        { "{\"errors\":[{\"code\":32,\"message\":7}]}", 32, NULL },
        { "{\"errors\":[]}", 0, NULL },
        { "{\"errors\":[[]]}", 0, NULL },
        { "{\"errors\":{}}", 0, NULL },
        { "{\"errors\":\"x\"}", 0, NULL },
        { "{\"errors\":null}", 0, NULL },
        { "{\"title\":\"Unauthorized\",\"detail\":\"Unauthorized\","
          "\"type\":\"about:blank\",\"status\":401}", 0, "Unauthorized" },
        { "{\"title\":\"t\",\"detail\":\"d\"}", 0, "d" },
        { "{\"title\":\"t\",\"detail\":\"d\",\"reason\":\"r\"}", 0, "r" },
        { "{\"title\":\"t\"}", 0, "t" },
        { "{\"title\":1,\"detail\":[]}", 0, NULL },
        { "{\"errors\":[{\"parameters\":{},\"message\":\"m\"}],"
          "\"title\":\"Invalid Request\"}", 0, "m" },
        { "{\"errors\":[{\"code\":32}],\"title\":\"t\"}", 32, "t" },
        { "{\"errors\":[{\"message\":\"\\u00e9\\\"\\n\"}]}", 0,
          "\xc3\xa9\"\n" },
        { "", 0, NULL },
        { " ", 0, NULL },
        { "{", 0, NULL },
        { "{}", 0, NULL },
        { "[]", 0, NULL },
        { "null", 0, NULL },
        { "true", 0, NULL },
        { "\"title\"", 0, NULL },
        { "Failed to validate oauth signature and token", 0, NULL },
        { "<errors><error code=\"32\">m</error></errors>", 0, NULL },
        { "{\"title\":\"t\"}x", 0, NULL },
        { "{\"title\":\"t\"", 0, NULL },
        { "{\"title\":\"t\",}", 0, NULL },
        { "{'title':'t'}", 0, NULL },
        { "{\"title\":\"a\",\"title\":\"b\"}", 0, NULL },   /* twice: neither */
        { "{\"title\":\"\xff\"}", 0, NULL },
        { "{\"title\":\"\xc3\"}", 0, NULL },
        { "{\"title\":\"\xed\xa0\x80\"}", 0, NULL },
        { "{\"title\":\"a\\u0000b\"}", 0, NULL },
        { "{\"title\":\"\\ud800\"}", 0, NULL },
        { "\xef\xbb\xbf{\"title\":\"t\"}", 0, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t len = strlen(rows[i].body);
        char *body = malloc(len + !len);    /* no NUL: the length counts */
        const char *message = "unset";
        int code = -1;
        apr_status_t rv;

        memcpy(body, rows[i].body, len);
        rv = tw_json_error(&code, &message, body, len, pool);
        free(body);
        CHECK(code == rows[i].code && unit_same(message, rows[i].message),
              "row %d: %d, %s", i, code, unit_text(message));
        CHECK(rv == (code || message ? APR_SUCCESS : APR_EINVAL), "row %d",
              i);
    }
}

/* Deeper than any stack should go. */
static void test_error_is_not_deep(void **state)
{
    enum { DEPTH = 60000 };
    static const char *const openers[] = { "[", "{\"errors\":" };
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(openers); i++) {
        apr_size_t unit = strlen(openers[i]);
        char *body = malloc(DEPTH * unit);
        const char *message;
        int code;

        for (j = 0; j < DEPTH; j++) {
            memcpy(body + (apr_size_t)j * unit, openers[i], unit);
        }
        CHECK(tw_json_error(&code, &message, body, DEPTH * unit, pool)
              == APR_EINVAL, "%s", openers[i]);
        free(body);
    }
}

static void test_object(void **state)
{
    static const tw_json_member_t session[] = {
        { "signed_in", NULL, 1, 1 },
        { "username", "jack", 0, 0 },
        { "account", NULL, 12, 0 },
    };
    static const struct {
        tw_json_member_t member;
        const char *text;
    } rows[] = {
        { { "a", NULL, 0, 1 }, "{\"a\":false}" },
        { { "a", NULL, 1, 1 }, "{\"a\":true}" },
        { { "a", NULL, 0, 0 }, "{\"a\":0}" },
        { { "a", NULL, -1, 0 }, "{\"a\":-1}" },
        { { "a", NULL, APR_INT64_MAX, 0 }, "{\"a\":9223372036854775807}" },
        { { "a", "", 0, 0 }, "{\"a\":\"\"}" },
        { { "a", "9007199254740993", 0, 0 }, "{\"a\":\"9007199254740993\"}" },
        { { "a", "x\"y\\z", 0, 0 }, "{\"a\":\"x\\\"y\\\\z\"}" },
        { { "a", "\n\t\x01", 0, 0 }, "{\"a\":\"\\n\\t\\u0001\"}" },
        { { "a", "\xc3\xa9", 0, 0 }, "{\"a\":\"\xc3\xa9\"}" },
        { { "a", "\xff", 0, 0 }, NULL },
        { { "a", "\xc3", 0, 0 }, NULL },
    };
    int i;

    (void)state;
    assert_string_equal(tw_json_object(session, COUNT(session), pool),
                        "{\"signed_in\":true,\"username\":\"jack\","
                        "\"account\":12}");
    assert_string_equal(tw_json_object(NULL, 0, pool), "{}");
    for (i = 0; i < COUNT(rows); i++) {
        const char *got = tw_json_object(&rows[i].member, 1, pool);

        CHECK(unit_same(got, rows[i].text), "row %d: %s", i, unit_text(got));
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_error),
          cmocka_unit_test(test_error_is_not_deep),
          cmocka_unit_test(test_object))
