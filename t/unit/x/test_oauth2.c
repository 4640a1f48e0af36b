/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_oauth2: PKCE, the answer to the browser, and the two calls.  These go to
 * a stand-in for tw_http_send() in this file, which the linker takes before
 * the library's.
 */

#include "response.h"

#include "base/codec.h"
#include "x/oauth2.h"
#include "sealed/seal.h"

#define CALLBACK "https://www.example.com/twauth/callback"
#define TOKEN "{\"token_type\":\"bearer\",\"access_token\":\"at\"}"
#define USER "{\"data\":{\"id\":\"12\",\"username\":\"jack\"}}"

/* ---- the stand-in -------------------------------------------------------- */

static tw_http_response_t answers[2];
static tw_http_response_t refused_user = {
    401, "{\"title\":\"Unauthorized\",\"type\":\"about:blank\"}", 45, 0, 0, NULL
};
static apr_status_t failure;            /* of the first call */
static int too_new;                     /* so many 401 about the user */
static tw_http_request_t asked[4];
static apr_interval_time_t left[4];     /* that each call was given */
static int calls;

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *p,
                          tw_err_t *err)
{
    apr_status_t rv = failure;

    (void)http;
    failure = APR_SUCCESS;
    assert_true(calls < 4);
    left[calls] = conf->timeout;
    apr_sleep(1000);
    asked[calls] = *request;    /* with copies of what is wiped afterwards */
    asked[calls].body = apr_pstrdup(pool, request->body);
    asked[calls++].authorization = apr_pstrdup(pool, request->authorization);
    if (rv != APR_SUCCESS) {
        *response = NULL;
        return tw_err_set(err, p, TW_ERR_TIMEOUT, rv, "too slow");
    }
    *response = &answers[strstr(request->url, "/2/users/me") != NULL];
    if (*response == &answers[1] && too_new > 0 && too_new--) {
        *response = &refused_user;
    }
    return APR_SUCCESS;
}

static void answer_with(int which, int status, const char *body)
{
    memset(&answers[which], 0, sizeof(answers[which]));
    answers[which].status = status;
    answers[which].body = body;
    answers[which].body_len = strlen(body);
    failure = APR_SUCCESS;
    calls = 0;
}

static const tw_client_t client = {
    "https://api.x.com", "https://x.com", CALLBACK, "id", "client-secret",
    "tweet.read users.read", "authenticate", 0, "read", NULL,
    { NULL, NULL, 5000000 }, NULL,
    NULL, NULL, NULL
};

static void prepare(void)
{
    tw_err_t err;

    if (tw_seal_init() != APR_SUCCESS
        || tw_oauth2.child_init(pool, &err) != APR_SUCCESS) {
        exit(2);
    }
}

/* ---- begin --------------------------------------------------------------- */

/* RFC 7636 appendix B, and two that a second program computed. */
static void test_challenge(void **state)
{
    static const char *const rows[][2] = {
        { "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
          "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" },
        { "", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" },
        { "abc", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_string_equal(tw_seal_challenge(rows[i][0], pool),
                            rows[i][1]);
    }
}

static void test_begin(void **state)
{
    static const char head[] =
        "https://x.com/i/oauth2/authorize?response_type=code&client_id=id"
        "&redirect_uri=https%3A%2F%2Fwww.example.com%2Ftwauth%2Fcallback"
        "&scope=tweet.read%20users.read&state=";
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    tw_pending_t before = { "", "" };
    int i;

    (void)state;
    calls = 0;
    for (i = 0; i < 20; i++) {
        tw_pending_t pending;
        const char *location;
        tw_err_t err;

        assert_int_equal(tw_oauth2.begin(&pending, &location, &client, NULL,
                                         pool, &err), APR_SUCCESS);
        assert_int_equal(strlen(pending.key), 43);
        assert_int_equal(strlen(pending.secret), 43);
        assert_int_equal(strspn(pending.key, alphabet), 43);
        assert_int_equal(strspn(pending.secret, alphabet), 43);
        assert_string_not_equal(pending.key, before.key);
        assert_string_not_equal(pending.secret, before.secret);
        assert_string_equal(location, apr_pstrcat(
            pool, head, pending.key, "&code_challenge=",
            tw_seal_challenge(pending.secret, pool),
            "&code_challenge_method=S256", NULL));
        assert_null(strstr(location, pending.secret));
        before = pending;
    }
    assert_int_equal(calls, 0);
    assert_int_equal(tw_oauth2.begin_calls, 0);
}

/* ---- answer -------------------------------------------------------------- */

static void test_answer(void **state)
{
    static const struct {
        const char *query;
        tw_authz_response_kind_t kind;
        const char *key, *grant, *error;
    } rows[] = {
        { "code=c&state=s", TW_AUTHZ_GRANT, "s", "c", NULL },
        { "x=1&state=s&y&code=%2B", TW_AUTHZ_GRANT, "s", "+", NULL },
        { "code=c&state=s&iss=https%3A%2F%2Fapi.x.com", TW_AUTHZ_GRANT, "s",
          "c", NULL },
        { "error=access_denied&state=s", TW_AUTHZ_CANCELLED, "s", NULL,
          "access_denied" },
        /* an error wins */
        { "error=access_denied&state=s&code=c", TW_AUTHZ_CANCELLED, "s",
          NULL, "access_denied" },
        { "error=server_error&state=s&code=c", TW_AUTHZ_INVALID, "s", NULL,
          "server_error" },
        { "error=&state=s&code=c", TW_AUTHZ_INVALID, "s", NULL, "" },
        { "error&state=s&code=c", TW_AUTHZ_INVALID, "s", NULL, "" },
        { "error=ACCESS_DENIED&state=s", TW_AUTHZ_INVALID, "s", NULL,
          "ACCESS_DENIED" },
        { "error=a&error=a&state=s", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        /* the state */
        { "", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=s&state=s", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=s&state=", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=%", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=s%00", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&State=s", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "error=access_denied", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        /* the code */
        { "state=s", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=%00", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=a%20b", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=%0A", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=%C3%A9", TW_AUTHZ_INVALID, "s", NULL, NULL },
        { "state=s&code=c&code=c", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "state=s&code=c&code=", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        /* another protocol's, or of both */
        { "oauth_token=t&oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL,
          NULL },
        { "denied=t", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        { "code=c&state=s&oauth_token=t", TW_AUTHZ_INVALID, NULL, NULL,
          NULL },
        { "code=c&state=s&oauth_verifier", TW_AUTHZ_INVALID, NULL, NULL,
          NULL },
        { "code=c&state=s&denied=", TW_AUTHZ_INVALID, NULL, NULL, NULL },
        /* twice an issuer */
        { "code=c&state=s&iss=https%3A%2F%2Fapi.x.com"
          "&iss=https%3A%2F%2Fapi.x.com", TW_AUTHZ_INVALID, NULL, NULL,
          NULL },
    };
    static const char *const issuers[] = {
        "", "https://api.x.com/", "https://API.x.com", "http://api.x.com",
        "https://x.com", "https://evil.example", "%", "https://api.x.com%00"
    };
    static const char *const with[] = { "code=c", "error=access_denied" };
    tw_authz_response_t answer;
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        answer = response_to(&tw_oauth2, &client, rows[i].query);
        CHECK(answer.kind == rows[i].kind && unit_same(answer.key, rows[i].key)
              && unit_same(answer.grant, rows[i].grant)
              && unit_same(answer.error, rows[i].error),
              "%s: %d, %s, %s, %s", rows[i].query, answer.kind,
              unit_text(answer.key), unit_text(answer.grant),
              unit_text(answer.error));
    }
    for (i = 0; i < COUNT(issuers); i++) {
        for (j = 0; j < COUNT(with); j++) {
            const char *text = apr_pstrcat(pool, with[j], "&state=s&iss=",
                                           issuers[i], NULL);

            answer = response_to(&tw_oauth2, &client, text);
            CHECK(answer.kind == TW_AUTHZ_INVALID && !answer.grant, "%s",
                  text);
        }
    }
}

/* ---- finish -------------------------------------------------------------- */

static const tw_pending_t pending = { "state", "the-verifier" };

static void test_finish(void **state)
{
    static const struct {
        int token_status;
        const char *token;
        int user_status;
        const char *user;
        tw_err_kind_t kind;         /* TW_ERR_NONE: there is an identity */
        int calls;
    } rows[] = {
        { 200, TOKEN, 200, USER, TW_ERR_NONE, 2 },
        { 200, "{\"token_type\":\"Bearer\",\"access_token\":\"at\"}", 200,
          USER, TW_ERR_NONE, 2 },
        { 200, "{\"token_type\":\"mac\",\"access_token\":\"at\"}", 200, USER,
          TW_ERR_GARBAGE, 1 },
        { 200, "{\"access_token\":\"at\"}", 200, USER, TW_ERR_GARBAGE, 1 },
        { 200, "{\"token_type\":\"bearer\",\"access_token\":\"\"}", 200, USER,
          TW_ERR_GARBAGE, 1 },
        { 200, "{\"token_type\":\"bearer\",\"access_token\":\"a\\r\\nb\"}",
          200, USER, TW_ERR_GARBAGE, 1 },
        { 200, "{\"token_type\":\"bearer\",\"access_token\":\"at\","
          "\"refresh_token\":\"a b\"}", 200, USER, TW_ERR_GARBAGE, 1 },
        { 200, "{\"error\":\"invalid_grant\"}", 200, USER, TW_ERR_GARBAGE,
          1 },
        { 200, "{}", 200, USER, TW_ERR_GARBAGE, 1 },
        { 200, "", 200, USER, TW_ERR_GARBAGE, 1 },
        { 201, TOKEN, 200, USER, TW_ERR_GARBAGE, 1 },
        { 302, TOKEN, 200, USER, TW_ERR_GARBAGE, 1 },
        { 503, TOKEN, 200, USER, TW_ERR_UNREACHABLE, 1 },
        { 429, "", 200, USER, TW_ERR_LIMITED, 1 },
        { 400, "{\"error\":\"invalid_request\",\"error_description\":"
          "\"Value passed for the authorization code was invalid.\"}", 200,
          USER, TW_ERR_STALE, 1 },
        { 401, "{\"error\":\"unauthorized_client\",\"error_description\":"
          "\"Missing valid authorization header\"}", 200, USER,
          TW_ERR_REFUSED, 1 },
        { 200, TOKEN, 402, "{\"title\":\"CreditsDepleted\"}", TW_ERR_REFUSED,
          2 },
        { 200, TOKEN, 403, "{\"reason\":\"client-not-enrolled\"}",
          TW_ERR_REFUSED, 2 },
        { 200, TOKEN, 429, "", TW_ERR_USER_LIMITED, 2 },
        { 200, TOKEN, 429, "{\"title\":\"UsageCapExceeded\"}", TW_ERR_REFUSED,
          2 },
        { 200, TOKEN, 200, "{\"errors\":[{\"title\":\"Forbidden\",\"detail\":"
          "\"User has been suspended: [12].\"}]}", TW_ERR_USER, 2 },
        { 200, TOKEN, 500, USER, TW_ERR_GARBAGE, 2 },
        { 200, TOKEN, 200, "{}", TW_ERR_GARBAGE, 2 },
        { 200, TOKEN, 200, "{\"errors\":[{\"message\":\"m\"}]}",
          TW_ERR_GARBAGE, 2 },
        { 200, TOKEN, 200, "{\"data\":{\"id\":\"012\",\"username\":\"a\"}}",
          TW_ERR_GARBAGE, 2 },
        { 200, TOKEN, 200, "{\"data\":{\"id\":\"12\",\"username\":\"@a\"}}",
          TW_ERR_GARBAGE, 2 },
        { 200, TOKEN, 200, "{\"data\":{\"id\":12,\"username\":\"a\"}}",
          TW_ERR_GARBAGE, 2 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_identity_t identity;
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(0, rows[i].token_status, rows[i].token);
        answer_with(1, rows[i].user_status, rows[i].user);
        rv = tw_oauth2.finish(&identity, &client, NULL, &pending, "code-1",
                              pool, &err);
        CHECK(calls == rows[i].calls, "row %d: %d calls", i, calls);
        CHECK((rv == APR_SUCCESS) == (rows[i].kind == TW_ERR_NONE)
              && err.kind == rows[i].kind, "row %d: %d, %s", i, err.kind,
              unit_text(err.why));
        if (rv == APR_SUCCESS) {
            CHECK(unit_same(identity.id, "12")
                  && unit_same(identity.screen_name, "jack")
                  && identity.tokens.kind == TW_TOKEN_OAUTH2
                  && unit_same(identity.tokens.token, "at")
                  && !identity.tokens.secret
                  && identity.tokens.expires_at > 1000000000, "row %d", i);
        }
        else {
            CHECK(unit_same(err.step, calls == 1 ? "code" : "user")
                  && !strstr(err.why, "the-verifier")
                  && !strstr(err.why, "client-secret"), "row %d: %s", i,
                  err.why);
        }
    }
}

/* What is sent, by a client with a secret and by one without. */
static void test_finish_asks(void **state)
{
    static const char form[] =
        "grant_type=authorization_code&code=c%2F%26x&redirect_uri="
        "https%3A%2F%2Fwww.example.com%2Ftwauth%2Fcallback"
        "&code_verifier=the-verifier";
    tw_client_t with = client;
    tw_identity_t identity;
    tw_err_t err;
    int public;

    (void)state;
    with.key = "i:d";
    for (public = 0; public < 2; public++) {
        with.secret = public ? NULL : "s e";
        answer_with(0, 200, TOKEN);
        answer_with(1, 200, USER);
        assert_int_equal(tw_oauth2.finish(&identity, &with, NULL, &pending,
                                          "c/&x", pool, &err), APR_SUCCESS);
        assert_string_equal(asked[0].method, "POST");
        assert_string_equal(asked[0].url, "https://api.x.com/2/oauth2/token");
        if (public) {
            assert_null(asked[0].authorization);
            assert_string_equal(asked[0].body, apr_pstrcat(
                pool, form, "&client_id=i%3Ad", NULL));
        }
        else {
            /* "i%3Ad:s%20e" */
            assert_string_equal(asked[0].authorization,
                                "Basic aSUzQWQ6cyUyMGU=");
            assert_string_equal(asked[0].body, form);
        }
        assert_string_equal(asked[1].method, "GET");
        assert_string_equal(asked[1].url, "https://api.x.com/2/users/me");
        assert_string_equal(asked[1].authorization, "Bearer at");
        assert_null(asked[1].body);
        /* all calls of a sign-in have one time together */
        assert_true(left[0] <= client.http.timeout);
        assert_true(left[1] <= left[0] - 1000);
    }
}

/* A kept connection that was closed: once more.  Nothing else is repeated. */
static void test_failed_calls(void **state)
{
    static const struct {
        apr_status_t status;
        int calls;
    } rows[] = {
        { APR_ECONNRESET, 3 }, { APR_TIMEUP, 1 }, { APR_EGENERAL, 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_identity_t identity;
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(0, 200, TOKEN);
        answer_with(1, 200, USER);
        failure = rows[i].status;
        rv = tw_oauth2.finish(&identity, &client, NULL, &pending, "code-1",
                              pool, &err);
        CHECK(calls == rows[i].calls, "row %d: %d calls", i, calls);
        CHECK((rv == APR_SUCCESS) == (calls == 3)
              && (rv == APR_SUCCESS
                  || !strcmp(tw_err_text(pool, &err), "code: too slow")),
              "row %d: %s", i, unit_text(err.why));
    }
}

/* X22: X refuses the token that it has just given: once more, not oftener,
 * and only in time. */
static void test_token_too_new(void **state)
{
    static const struct {
        int too_new;
        apr_interval_time_t timeout;
        int calls;
        tw_err_kind_t kind;
    } rows[] = {
        { 1, 5000000, 3, TW_ERR_NONE }, { 2, 5000000, 3, TW_ERR_GARBAGE },
        { 1, 500000, 2, TW_ERR_GARBAGE },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_client_t in_time = client;
        tw_identity_t identity;
        tw_err_t err = { 0 };

        answer_with(0, 200, TOKEN);
        answer_with(1, 200, USER);
        in_time.http.timeout = rows[i].timeout;
        too_new = rows[i].too_new;
        tw_oauth2.finish(&identity, &in_time, NULL, &pending, "code-1", pool,
                         &err);
        too_new = 0;
        CHECK(calls == rows[i].calls && err.kind == rows[i].kind,
              "row %d: %d calls, %s", i, calls, unit_text(err.why));
        CHECK(err.kind == TW_ERR_NONE || strstr(err.advice, "mostly"),
              "row %d", i);
    }
}

/* ---- refresh ------------------------------------------------------------- */

static void test_refresh(void **state)
{
    static const struct {
        const char *body, *refresh;
    } rows[] = {
        { "{\"token_type\":\"bearer\",\"access_token\":\"at\","
          "\"refresh_token\":\"new\"}", "new" },
        { TOKEN, "o/ld" },              /* RFC 6749 section 6 */
        { "{}", NULL },
        { "{\"error\":\"invalid_request\"}", NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_tokens_t tokens;
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(0, 200, rows[i].body);
        rv = tw_oauth2.refresh(&tokens, "o/ld", &client, NULL, pool, &err);
        assert_int_equal(calls, 1);
        assert_string_equal(asked[0].body,
                            "grant_type=refresh_token&refresh_token=o%2Fld");
        CHECK((rv == APR_SUCCESS) == (rows[i].refresh != NULL), "row %d", i);
        CHECK(rv != APR_SUCCESS
              || (unit_same(tokens.secret, rows[i].refresh)
                  && unit_same(tokens.token, "at")), "row %d", i);
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_challenge),
          cmocka_unit_test(test_begin),
          cmocka_unit_test(test_answer),
          cmocka_unit_test(test_finish),
          cmocka_unit_test(test_finish_asks),
          cmocka_unit_test(test_failed_calls),
          cmocka_unit_test(test_token_too_new),
          cmocka_unit_test(test_refresh))
