/* SPDX-License-Identifier: Apache-2.0 */
/* x/user_call: what stands in Authorization, and when a token is over. */

#include "unit.h"

#include "x/oauth1.h"
#include "x/oauth2.h"
#include "x/user_call.h"

#define V2_401 "{\"title\":\"Unauthorized\",\"type\":\"about:blank\","         \
               "\"status\":401,\"detail\":\"Unauthorized\"}"
#define CODE(n) "{\"errors\":[{\"code\":" #n ",\"message\":\"x\"}]}"

/* Only what really says so, for either kind of token. */
static void test_revoked(void **state)
{
    static const struct {
        int status;
        const char *body;
        int oauth1, oauth2;
    } rows[] = {
        { 401, CODE(89), 1, 1 }, { 403, CODE(89), 1, 1 },
        { 200, CODE(89), 0, 0 }, { 429, CODE(89), 0, 0 },
        { 500, CODE(89), 0, 0 }, { 400, CODE(89), 0, 0 },
        { 401, CODE(32), 0, 0 }, { 401, CODE(135), 0, 0 },
        { 401, CODE(215), 0, 0 }, { 403, CODE(64), 0, 0 },
        { 401, CODE(890), 0, 0 }, { 401, "{\"code\":89}", 1, 1 },
        /* of a signature it can mean anything */
        { 401, V2_401, 0, 1 }, { 403, V2_401, 0, 0 }, { 500, V2_401, 0, 0 },
        { 401, "{\"error\":\"invalid_token\"}", 0, 1 },
        { 401, "{\"title\":\"Unauthorized\",\"type\":\"https://api.x.com/2/"
               "problems/client-forbidden\",\"detail\":\"Unauthorized\"}",
          0, 0 },
        { 401, "{\"title\":\"Unsupported Authentication\"}", 0, 0 },
        { 401, "", 0, 0 }, { 401, "Unauthorized", 0, 0 },
        { 401, "<html>Unauthorized</html>", 0, 0 }, { 401, "{", 0, 0 },
        { 401, "Invalid or expired token", 0, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_http_response_t answer = { 0 };

        answer.status = rows[i].status;
        answer.body = rows[i].body;
        answer.body_len = strlen(rows[i].body);
        CHECK(tw_user_call_revoked(&answer, TW_TOKEN_OAUTH1, pool)
                  == rows[i].oauth1, "row %d, OAuth 1.0a", i);
        CHECK(tw_user_call_revoked(&answer, TW_TOKEN_OAUTH2, pool)
                  == rows[i].oauth2, "row %d, OAuth 2.0", i);
    }
}

static void test_authorize(void **state)
{
    tw_client_t client = { .key = "key", .secret = "secret" };
    tw_tokens_t one = { TW_TOKEN_OAUTH1, "1-t", "s", 0 };
    tw_tokens_t two = { TW_TOKEN_OAUTH2, "bearer", NULL, 0 };
    tw_base_string_t call = { "GET", "https://api.x.com/2/", NULL,
                              { "a=b", 3 }, { NULL, 0 } };
    const char *header, *again;
    tw_err_t err;

    (void)state;
    assert_int_equal(tw_user_call_authorize(&header, &call, &two, &client,
                                            pool, &err), APR_SUCCESS);
    assert_string_equal(header, "Bearer bearer");
    assert_int_equal(tw_user_call_authorize(&header, &call, &one, &client,
                                            pool, &err), APR_SUCCESS);
    assert_non_null(strstr(header, "oauth_token=\"1-t\""));
    assert_int_equal(tw_user_call_authorize(&again, &call, &one, &client,
                                            pool, &err), APR_SUCCESS);
    assert_string_not_equal(header, again);
    call.query.text = "a=%";
    assert_int_equal(tw_user_call_authorize(&header, &call, &one, &client,
                                            pool, &err), APR_EINVAL);
    assert_null(header);
}

static void test_can(void **state)
{
    tw_tokens_t one = { TW_TOKEN_OAUTH1, "1-t", "s", 0 };
    tw_tokens_t without = { TW_TOKEN_OAUTH1, "1-t", NULL, 0 };
    tw_tokens_t two = { TW_TOKEN_OAUTH2, "bearer", NULL, 0 };

    (void)state;
    assert_true(tw_user_call_can(&tw_oauth1, &one));
    assert_false(tw_user_call_can(&tw_oauth1, &without));
    assert_false(tw_user_call_can(&tw_oauth2, &one));
    assert_true(tw_user_call_can(&tw_oauth2, &two));
}

UNIT_MAIN(unit_nothing, cmocka_unit_test(test_revoked),
          cmocka_unit_test(test_authorize), cmocka_unit_test(test_can))
