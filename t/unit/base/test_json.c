/* SPDX-License-Identifier: Apache-2.0 */
/* tw_json: X's errors in, an object for page scripts out. */

#include "unit.h"

#include "base/json.h"

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
        { "{\"errors\":\"x\"}", 0, "x" },
        { "{\"errors\":[\"x\",\"y\"]}", 0, "x" },
        { "{\"errors\":[\"\"]}", 0, NULL },
        { "{\"errors\":null}", 0, NULL },
        { "{\"title\":\"Unauthorized\",\"detail\":\"Unauthorized\","
          "\"type\":\"about:blank\",\"status\":401}", 0,
          "Unauthorized: Unauthorized" },
        { "{\"title\":\"t\",\"detail\":\"d\"}", 0, "t: d" },
        { "{\"title\":\"t\",\"detail\":\"d\",\"reason\":\"r\"}", 0,
          "t: r: d" },
        { "{\"title\":\"t\"}", 0, "t" },
        { "{\"error\":\"e\",\"error_description\":\"d\"}", 0, "e: d" },
        { "{\"error\":\"e\"}", 0, "e" },
        { "{\"error\":{},\"error_description\":\"d\"}", 0, "d" },
        { "{\"title\":1,\"detail\":[]}", 0, NULL },
        { "{\"errors\":[{\"parameters\":{},\"message\":\"m\"}],"
          "\"title\":\"Invalid Request\"}", 0, "m" },
        { "{\"errors\":[{\"code\":32}],\"title\":\"t\"}", 32, "t" },
        { "{\"errors\":[{\"message\":\"\\u00e9\\\"\\n\"}]}", 0,
          "\xc3\xa9\"\n" },
        { "{\"error\":{\"code\":63,\"message\":\"m\"}}", 63, "m" },
        { "{\"code\":63,\"message\":\"m\"}", 63, "m" },
        { "{\"type\":\"/\"}", 0, NULL },
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
        tw_json_error_t error;
        apr_status_t rv;

        memset(&error, 0xaa, sizeof(error));
        memcpy(body, rows[i].body, len);
        rv = tw_json_error(&error, body, len, pool);
        free(body);
        CHECK(error.code == rows[i].code
              && unit_same(error.message, rows[i].message),
              "row %d: %d, %s", i, error.code, unit_text(error.message));
        CHECK(rv == (error.code || error.message ? APR_SUCCESS : APR_EINVAL),
              "row %d", i);
    }
}

/* X5: problems, alone and as one of a list; of their URI counts the end. */
static void test_error_types(void **state)
{
    static const struct {
        const char *body, *message, *type;
    } rows[] = {
        { "{\"title\":\"t\",\"type\":\"https://api.twitter.com/2/problems/"
          "user-suspended\"}", "t", "user-suspended" },
        { "{\"type\":\"https://api.x.com/2/problems/Usage-Capped/\"}",
          "usage-capped", "usage-capped" },
        { "{\"errors\":[{\"title\":\"t\",\"detail\":\"d\",\"type\":\"a/b\"}],"
          "\"type\":\"c\"}", "t: d", "b" },
        { "{\"errors\":[{\"message\":\"m\"}],\"type\":\"c\"}", "m", "c" },
        { "{\"title\":\"t\",\"type\":\"about:blank\"}", "t", NULL },
        { "{\"title\":\"t\",\"type\":7}", "t", NULL },
        { "{\"title\":\"t\",\"type\":\"//\"}", "t", NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_json_error_t error;

        assert_int_equal(tw_json_error(&error, rows[i].body,
                                       strlen(rows[i].body), pool),
                         APR_SUCCESS);
        CHECK(unit_same(error.message, rows[i].message)
              && unit_same(error.type, rows[i].type) && !error.members,
              "row %d: %s, %s", i, unit_text(error.message),
              unit_text(error.type));
    }
}

/* A document that is no error is told by its members' names. */
static void test_error_members(void **state)
{
    static const char body[] = "{\"access_token\":\"canary\",\"b\":{}}";
    tw_json_error_t error;

    (void)state;
    assert_int_equal(tw_json_error(&error, body, strlen(body), pool),
                     APR_EINVAL);
    assert_string_equal(error.members, "access_token, b");
    assert_int_equal(tw_json_error(&error, "[1]", 3, pool), APR_EINVAL);
    assert_null(error.members);
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
        tw_json_error_t error;

        for (j = 0; j < DEPTH; j++) {
            memcpy(body + (apr_size_t)j * unit, openers[i], unit);
        }
        CHECK(tw_json_error(&error, body, DEPTH * unit, pool)
              == APR_EINVAL, "%s", openers[i]);
        free(body);
    }
}

#define TOKEN "\"token_type\":\"bearer\",\"access_token\":\"a\""

/* An answer of the token endpoint: what is taken, and what is none. */
static void test_token(void **state)
{
    static const struct {
        const char *body;
        const char *refresh;
        apr_int64_t expires_in;     /* -1: no answer */
    } rows[] = {
        { "{" TOKEN "}", NULL, 7200 },
        { " { " TOKEN " } \n", NULL, 7200 },
        { "{" TOKEN ",\"expires_in\":1}", NULL, 1 },
        { "{" TOKEN ",\"expires_in\":0}", NULL, 0 },
        { "{" TOKEN ",\"expires_in\":31622400}", NULL, 31622400 },
        { "{" TOKEN ",\"refresh_token\":\"r\"}", "r", 7200 },
        { "{" TOKEN ",\"x\":{\"y\":[1,null,1.5]}}", NULL, 7200 },
        { "{\"access\\u005ftoken\":\"\\u0061\",\"token_type\":\"bearer\"}",
          NULL, 7200 },
        /* X22: the time is a hint, in any writing ... */
        { "{" TOKEN ",\"expires_in\":3600.0}", NULL, 3600 },
        { "{" TOKEN ",\"expires_in\":3600.9}", NULL, 3600 },
        { "{" TOKEN ",\"expires_in\":\"3600\"}", NULL, 3600 },
        { "{" TOKEN ",\"expires_in\":\"31622400\"}", NULL, 31622400 },
        { "{" TOKEN ",\"expires_in\":null}", NULL, 7200 },
        /* ... but a time */
        { "{" TOKEN ",\"expires_in\":31622401}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":-1}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":9223372036854775807}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":1e300}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":-0.5}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":\"-1\"}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":\"1h\"}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":\"\"}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":\"000000001\"}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":\"99999999999999999999\"}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":[]}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":true}", NULL, -1 },
        /* no JSON */
        { "{" TOKEN ",\"expires_in\":9223372036854775808}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":99999999999999999999}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":1e9999}", NULL, -1 },
        { "{" TOKEN ",\"expires_in\":NaN}", NULL, -1 },
        /* odd types */
        { "{" TOKEN ",\"refresh_token\":null}", NULL, 7200 },
        { "{" TOKEN ",\"refresh_token\":1}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":1}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":null}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":[\"a\"]}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":{}}", NULL, -1 },
        { "{\"token_type\":[\"bearer\"],\"access_token\":\"a\"}", NULL, -1 },
        { "{\"token_type\":\"bearer\"}", NULL, -1 },
        { "{\"access_token\":\"a\"}", NULL, -1 },
        { "{\"TOKEN_TYPE\":\"bearer\",\"access_token\":\"a\"}", NULL, -1 },
        /* success and failure at once */
        { "{" TOKEN ",\"error\":\"invalid_grant\"}", NULL, -1 },
        { "{" TOKEN ",\"error\":null}", NULL, -1 },
        /* twice, NUL, no UTF-8 */
        { "{" TOKEN ",\"access_token\":\"a\"}", NULL, -1 },
        { "{" TOKEN ",\"x\":{\"y\":1,\"y\":1}}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":\"a\\u0000\"}", NULL,
          -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":\"\xff\"}", NULL, -1 },
        { "{\"token_type\":\"bearer\",\"access_token\":\"\\ud800\"}", NULL,
          -1 },
        /* no object, or more than one */
        { "[{" TOKEN "}]", NULL, -1 },
        { "{\"data\":{" TOKEN "}}", NULL, -1 },
        { "{" TOKEN "}{" TOKEN "}", NULL, -1 },
        { "{" TOKEN "}x", NULL, -1 },
        { "{" TOKEN, NULL, -1 },
        { "{" TOKEN ",}", NULL, -1 },
        { "", NULL, -1 },
        { "null", NULL, -1 },
        { "\"\\", NULL, -1 },
        { "access_token=a&token_type=bearer", NULL, -1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t len = strlen(rows[i].body);
        char *body = malloc(len + !len);
        tw_json_token_t token;
        apr_status_t rv;

        memcpy(body, rows[i].body, len);
        memset(&token, 0xaa, sizeof(token));
        rv = tw_json_token(&token, body, len, pool);
        free(body);
        if (rows[i].expires_in < 0) {
            CHECK(rv == APR_EINVAL && !token.access_token && !token.token_type
                  && !token.refresh_token && !token.expires_in, "row %d", i);
        }
        else {
            CHECK(rv == APR_SUCCESS && unit_same(token.access_token, "a")
                  && unit_same(token.token_type, "bearer")
                  && unit_same(token.refresh_token, rows[i].refresh)
                  && token.expires_in == rows[i].expires_in, "row %d", i);
        }
    }
}

#define USER(name) "{\"data\":{\"id\":\"12\",\"username\":\"jack\",\"name\":" \
    name "}}"

static void test_user(void **state)
{
    static const struct {
        const char *body;
        const char *id, *username;
    } rows[] = {
        { "{\"data\":{\"id\":\"12\",\"username\":\"jack\"}}", "12", "jack" },
        { "{\"data\":{\"id\":\"12\",\"username\":\"jack\",\"name\":\"\","
          "\"x\":[]},\"includes\":{}}", "12", "jack" },
        { "\t\r\n{\"data\":\n\t{\"id\":\t\"12\",\r\n\t"
          "\"username\":\"jack\"}}\n",
          "12", "jack" },
        { "{\"data\":{\"id\":\"\",\"username\":\"\"}}", "", "" },
        { "{\"data\":{\"id\":\"\\u0031\",\"username\":\"\\u006a\"}}", "1",
          "j" },
        { "{\"data\":{\"id\":12,\"username\":\"jack\"}}", NULL, NULL },
        { "{\"data\":{\"id\":1e300,\"username\":\"jack\"}}", NULL, NULL },
        { "{\"data\":{\"id\":null,\"username\":\"jack\"}}", NULL, NULL },
        { "{\"data\":{\"id\":[\"12\"],\"username\":\"jack\"}}", NULL, NULL },
        { "{\"data\":{\"id\":\"12\",\"username\":7}}", NULL, NULL },
        { "{\"data\":{\"id\":\"12\"}}", NULL, NULL },
        { "{\"data\":{\"username\":\"jack\"}}", NULL, NULL },
        { "{\"id\":\"12\",\"username\":\"jack\"}", NULL, NULL },
        { "{\"data\":[{\"id\":\"12\",\"username\":\"jack\"}]}", NULL, NULL },
        { "[{\"data\":{\"id\":\"12\",\"username\":\"jack\"}}]", NULL, NULL },
        { "{\"data\":\"12\"}", NULL, NULL },
        { "{\"data\":null}", NULL, NULL },
        { "{\"errors\":[{\"message\":\"m\"}]}", NULL, NULL },
        { "{\"data\":{\"id\":\"12\",\"id\":\"13\",\"username\":\"jack\"}}",
          NULL, NULL },
        { "{\"data\":{\"id\":\"12\",\"username\":\"jack\"},\"data\":{}}",
          NULL, NULL },
        /* PR-8: a name that is no text; where it matters it is no such id */
        { USER("\"\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\""), "12", "jack" },
        { USER("\"\x01\x1f\n\t\""), "12", "jack" },
        { USER("\"a\\u0000b\""), "12", "jack" },
        { USER("\"\\ud800\""), "12", "jack" },
        { USER("\"\\uDFFF\\ud83d\\ude00\\\\ud800\""), "12", "jack" },
        { USER("\"\\ud800"), NULL, NULL },
        { USER("\"\\ud8\""), NULL, NULL },
        { USER("\"\\"), NULL, NULL },
        { USER("\"\\u"), NULL, NULL },
        { "{\"data\":{\"id\":\"12\\u0000\",\"username\":\"jack\"}}", "12?",
          "jack" },
        { "{\"data\":{\"id\":\"12\n\",\"username\":\"\xff\"}}", "12 ", "?" },
        { "{\"data\":{\"id\":\"\\ud831\",\"username\":\"\xc3\xa9\"}}", "?",
          "??" },
        { "\xef\xbb\xbf{\"data\":{\"id\":\"12\",\"username\":\"jack\"}}", NULL,
          NULL },
        { "{\"data\":{\"id\":\"12\",\"username\":\"jack\"}}\x01", NULL,
          NULL },
        { "{\"data\":{\"id\":\"12\",\"username\":\"jack\"}", NULL, NULL },
        { "", NULL, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *id = "unset", *username = "unset";
        apr_status_t rv = tw_json_user(&id, &username, rows[i].body,
                                       strlen(rows[i].body), pool);

        CHECK(unit_same(id, rows[i].id)
              && unit_same(username, rows[i].username)
              && rv == (rows[i].id ? APR_SUCCESS : APR_EINVAL),
              "row %d: %s, %s", i, unit_text(id), unit_text(username));
    }
}

/* So many levels around the members, in each kind of bracket. */
static void test_depth(void **state)
{
    static const struct {
        int levels;                 /* within the object */
        const char *open, *close, *inside;
        int good;
    } rows[] = {
        { TW_JSON_DEPTH - 1, "[", "]", "", 1 },
        { TW_JSON_DEPTH, "[", "]", "", 0 },
        { TW_JSON_DEPTH - 1, "{\"a\":", "}", "1", 1 },
        { TW_JSON_DEPTH, "{\"a\":", "}", "1", 0 },
        { 60000, "[", "]", "", 0 },
        { 60000, "[", "", "", 0 },
        /* brackets in strings are none */
        { 0, "", "", "\"[[[[[[[[[[[[[[[[[[[[[[[[[[\"", 1 },
        { 0, "", "", "\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\"", 1 },
        { 0, "", "", "\"\\\\\",\"y\":\"[[[[[[[[[[[[[[[[[[[[[\"", 1 },
        { TW_JSON_DEPTH, "[\"]\",", "]", "1", 0 },
        { TW_JSON_DEPTH, "[\"\\\"]\",", "]", "1", 0 },
        { TW_JSON_DEPTH, "[\"\\\\\",", "]", "1", 0 },
    };
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t size = (apr_size_t)rows[i].levels
                          * (strlen(rows[i].open) + strlen(rows[i].close));
        char *body = malloc(size + 200), *end;
        tw_json_token_t token;

        end = apr_cpystrn(body, "{" TOKEN ",\"x\":", 200);
        for (j = 0; j < rows[i].levels; j++) {
            end = apr_cpystrn(end, rows[i].open, 20);
        }
        end = apr_cpystrn(end, rows[i].inside, 60);
        for (j = 0; j < rows[i].levels; j++) {
            end = apr_cpystrn(end, rows[i].close, 20);
        }
        apr_cpystrn(end, "}", 2);
        CHECK(tw_json_token(&token, body, strlen(body), pool)
              == (rows[i].good ? APR_SUCCESS : APR_EINVAL), "row %d", i);
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
        { { "a", "", 0, 2 }, "{\"a\":[]}" },
        { { "a", "b", 0, 2 }, "{\"a\":[\"b\"]}" },
        { { "a", "b,c-d", 0, 2 }, "{\"a\":[\"b\",\"c-d\"]}" },
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
          cmocka_unit_test(test_error_types),
          cmocka_unit_test(test_error_members),
          cmocka_unit_test(test_error_is_not_deep),
          cmocka_unit_test(test_token),
          cmocka_unit_test(test_user),
          cmocka_unit_test(test_depth),
          cmocka_unit_test(test_object))
