/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_oauth1: the dance.  Calls go to a stand-in for tw_http_send() in this
 * file, which the linker takes before the library's: it keeps the request
 * and gives the answer of the row.
 */

#include "response.h"

#include "base/codec.h"
#include "x/oauth1.h"
#include "sealed/seal.h"

#define CALLBACK "https://www.example.com/twauth/callback"

/* ---- the stand-in -------------------------------------------------------- */

static tw_http_response_t next_answer;
static apr_status_t next_status;
static tw_http_request_t asked;
static int calls;

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *p,
                          tw_err_t *err)
{
    (void)http;
    (void)conf;
    calls++;
    asked = *request;
    *response = next_status == APR_SUCCESS ? &next_answer : NULL;
    return next_status == APR_SUCCESS
           ? APR_SUCCESS
           : tw_err_set(err, p, TW_ERR_TIMEOUT, next_status, "too slow");
}

static void answer_with(int status, const char *body)
{
    memset(&next_answer, 0, sizeof(next_answer));
    next_answer.status = status;
    next_answer.body = body;
    next_answer.body_len = strlen(body);
    next_status = APR_SUCCESS;
    calls = 0;
}

static tw_client_t client = {
    "https://api.x.com", "https://x.com", CALLBACK, "key", "consumer-secret",
    NULL, "authenticate", 0, "read", NULL, { NULL, NULL, 5000000 },
    NULL, NULL, NULL, NULL
};

static void prepare(void)
{
    tw_err_t err;

    if (tw_seal_init() != APR_SUCCESS
        || tw_oauth1.child_init(pool, &err) != APR_SUCCESS) {
        exit(2);
    }
}

/* ---- begin --------------------------------------------------------------- */

static void test_begin(void **state)
{
    static const struct {
        int status;
        const char *body;
        tw_err_kind_t kind;     /* TW_ERR_NONE: it begins */
        const char *key, *secret;
    } rows[] = {
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_NONE, "t", "s" },
        /* OA-10: another order, escaped, with fields nobody knows */
        { 200, "oauth_callback_confirmed=true&oauth_token_secret=s&"
          "oauth_token=t", TW_ERR_NONE, "t", "s" },
        { 200, "x=1&oauth_token=t&&y&oauth_token_secret=s&x=2&"
          "oauth_callback_confirmed=true&", TW_ERR_NONE, "t", "s" },
        { 200, "oauth%5Ftoken=%74&oauth_token_secret=%2b%26%3D%25&"
          "oauth_callback_confirmed=%74rue", TW_ERR_NONE, "t", "+&=%" },
        { 200, "oauth_token=t=&oauth_token_secret=%2541&"
          "oauth_callback_confirmed=true", TW_ERR_NONE, "t=", "%41" },
        /* S7, OA-10: ended as a line; a line end within is none */
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true\n", TW_ERR_NONE, "t", "s" },
        { 200, "oauth_callback_confirmed=true&oauth_token=t&"
          "oauth_token_secret=s\r\n\r\n", TW_ERR_NONE, "t", "s" },
        { 200, "oauth_callback_confirmed=true&oauth_token=t\n&"
          "oauth_token_secret=s", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_callback_confirmed=true&oauth_token=t&"
          "oauth_token_secret=s%0A", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true ", TW_ERR_GARBAGE, 0, 0 },
        { 200, "\n\r\n", TW_ERR_GARBAGE, 0, 0 },
        /* OAuth 1.0 without its "a" */
        { 200, "oauth_token=t&oauth_token_secret=s", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=false", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=TRUE", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true&oauth_callback_confirmed=true",
          TW_ERR_GARBAGE, 0, 0 },
        /* a field that is missing, empty, repeated, unusable */
        { 200, "oauth_token_secret=s&oauth_callback_confirmed=true",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_callback_confirmed=true",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t&oauth_token_secret=s&oauth_token_secret=u&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a+b&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t%0D%0A&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=t%00&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=%C3%A9&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=%&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "OAUTH_TOKEN=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 200, "", TW_ERR_GARBAGE, 0, 0 },
        { 200, "{\"oauth_token\":\"t\"}", TW_ERR_GARBAGE, 0, 0 },
        { 200, "<html>captive portal</html>", TW_ERR_GARBAGE, 0, 0 },
        /* not 200 */
        { 201, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 302, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
        { 401, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_REFUSED, 0, 0 },
        { 429, "", TW_ERR_LIMITED, 0, 0 },
        { 500, "oauth_token=t&oauth_token_secret=s&"
          "oauth_callback_confirmed=true", TW_ERR_GARBAGE, 0, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_pending_t pending;
        const char *location = "unset";
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(rows[i].status, rows[i].body);
        rv = tw_oauth1.begin(&pending, &location, &client, NULL, pool, &err);
        CHECK(calls == 1, "row %d: %d calls", i, calls);
        if (rows[i].kind == TW_ERR_NONE) {
            CHECK(rv == APR_SUCCESS, "row %d: %s", i, unit_text(err.why));
            CHECK(unit_same(pending.key, rows[i].key)
                  && unit_same(pending.secret, rows[i].secret), "row %d", i);
        }
        else {
            CHECK(rv != APR_SUCCESS && !location, "row %d", i);
            CHECK(err.kind == rows[i].kind
                  && unit_same(err.step, "request token"),
                  "row %d: %d, %s", i, err.kind, err.why);
        }
    }
}

static void test_begin_asks(void **state)
{
    static const char secret[] = "canary";
    tw_client_t with = client;
    tw_pending_t pending;
    const char *location;
    tw_err_t err;

    (void)state;
    with.secret = secret;
    with.access = "write";
    answer_with(200, "oauth_token=t&oauth_token_secret=s&"
                     "oauth_callback_confirmed=true");
    assert_int_equal(tw_oauth1.begin(&pending, &location, &with, NULL, pool,
                                     &err), APR_SUCCESS);
    assert_string_equal(asked.method, "POST");
    assert_string_equal(asked.url, "https://api.x.com/oauth/request_token");
    assert_string_equal(asked.body, "x_auth_access_type=write");
    assert_non_null(strstr(asked.authorization, "oauth_callback=\"https%3A"
                           "%2F%2Fwww.example.com%2Ftwauth%2Fcallback\""));
    assert_non_null(strstr(asked.authorization, "oauth_consumer_key=\"key\""));
    assert_null(strstr(asked.authorization, "oauth_token"));
    assert_null(strstr(asked.authorization, "x_auth"));
    assert_null(strstr(asked.authorization, secret));
}

static void test_locations(void **state)
{
    static const struct {
        const char *token;      /* as X sends it */
        const char *sign_in_with;
        int force_login;
        const char *location;
        const char *screen_name;
    } rows[] = {
        { "t", "authenticate", 1,
          "https://x.com/oauth/authenticate?oauth_token=t&force_login=true"
          "&screen_name=Jack_1", "Jack_1" },
        { "t", "authenticate", 0,
          "https://x.com/oauth/authenticate?oauth_token=t", NULL },
        { "t", "authorize", 0,
          "https://x.com/oauth/authorize?oauth_token=t", NULL },
        { "t", "authenticate", 1,
          "https://x.com/oauth/authenticate?oauth_token=t&force_login=true",
          NULL },
        { "a-b_c.d~", "authenticate", 0,
          "https://x.com/oauth/authenticate?oauth_token=a-b_c.d~", NULL },
        { "a%26b%3Dc%23", "authenticate", 0,
          "https://x.com/oauth/authenticate?oauth_token=a%26b%3Dc%23",
          NULL },
        { "%22%3E%2B", "authenticate", 0,
          "https://x.com/oauth/authenticate?oauth_token=%22%3E%2B", NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_client_t with = client;
        tw_pending_t pending;
        const char *location;
        tw_err_t err;

        with.sign_in_with = rows[i].sign_in_with;
        with.force_login = rows[i].force_login;
        with.screen_name = rows[i].screen_name;
        answer_with(200, apr_pstrcat(pool, "oauth_token=", rows[i].token,
                                     "&oauth_token_secret=s&"
                                     "oauth_callback_confirmed=true", NULL));
        assert_int_equal(tw_oauth1.begin(&pending, &location, &with, NULL,
                                         pool, &err), APR_SUCCESS);
        assert_string_equal(location, rows[i].location);
    }
}

/* What a row's field may be at most; one more is refused. */
static void test_token_lengths(void **state)
{
    int over, field;

    (void)state;
    for (field = 0; field < 2; field++) {
        for (over = 0; over < 2; over++) {
            char *text = apr_palloc(pool, TW_TOKEN_MAX + 2);
            tw_pending_t pending;
            const char *location;
            tw_err_t err;

            memset(text, 't', TW_TOKEN_MAX + 1);
            text[TW_TOKEN_MAX + over] = '\0';
            answer_with(200, apr_pstrcat(
                pool, "oauth_callback_confirmed=true&oauth_token=",
                field ? "t" : text, "&oauth_token_secret=",
                field ? text : "s", NULL));
            CHECK((tw_oauth1.begin(&pending, &location, &client, NULL, pool,
                                   &err) == APR_SUCCESS) == !over,
                  "field %d, %d over", field, over);
        }
    }
}

static void test_too_many_fields(void **state)
{
    const char *body = "oauth_token=t&oauth_token_secret=s&"
                       "oauth_callback_confirmed=true";
    tw_pending_t pending;
    const char *location;
    tw_err_t err;
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        body = apr_pstrcat(pool, body, "&x", NULL);
    }
    answer_with(200, body);
    assert_int_not_equal(tw_oauth1.begin(&pending, &location, &client, NULL,
                                         pool, &err), APR_SUCCESS);
    assert_int_equal(err.kind, TW_ERR_GARBAGE);
}

static void test_no_answer(void **state)
{
    tw_pending_t pending = { "t", "s" };
    tw_identity_t identity;
    const char *location;
    tw_err_t err;

    (void)state;
    next_status = APR_TIMEUP;
    assert_int_equal(tw_oauth1.begin(&pending, &location, &client, NULL,
                                     pool, &err), APR_TIMEUP);
    assert_int_equal(err.kind, TW_ERR_TIMEOUT);
    assert_string_equal(tw_err_text(pool, &err), "request token: too slow");
    pending.key = "t";
    pending.secret = "s";
    assert_int_equal(tw_oauth1.finish(&identity, &client, NULL, &pending,
                                      "v", pool, &err), APR_TIMEUP);
    assert_string_equal(tw_err_text(pool, &err), "access token: too slow");
}

/* X says that the time is wrong, and what it is: once more, by X's clock. */
static void test_wrong_time(void **state)
{
    static const char body[] =
        "{\"errors\":[{\"code\":135,\"message\":\"Timestamp\"}]}";
    static const int seconds[] = { 3600, -1800 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(seconds); i++) {
        apr_time_t now = apr_time_now();
        tw_clock_t clock = { 0 };
        tw_client_t with = client;
        tw_pending_t pending;
        const char *location, *at;
        tw_err_t err = { 0 };

        with.clock = &clock;
        answer_with(401, body);
        tw_oauth1.begin(&pending, &location, &with, NULL, pool, &err);
        CHECK(calls == 1, "X's time is not known: %d calls", calls);
        next_answer.date = now + apr_time_from_sec(seconds[i]);
        calls = 0;
        tw_oauth1.begin(&pending, &location, &with, NULL, pool, &err);
        CHECK(calls == 2, "%d calls", calls);
        at = strstr(asked.authorization, "oauth_timestamp=\"");
        assert_non_null(at);
        at += strlen("oauth_timestamp=\"");
        assert_in_range(apr_atoi64(at) - apr_time_sec(now) + 3600,
                        3600 + seconds[i] - 2, 3600 + seconds[i] + 60);
    }
}

/* ---- answer -------------------------------------------------------------- */

static void test_answer(void **state)
{
    static const struct {
        const char *query;
        tw_authz_response_kind_t kind;
        const char *key, *grant;
    } rows[] = {
        { "oauth_token=t&oauth_verifier=v", TW_AUTHZ_GRANT, "t", "v" },
        { "oauth_verifier=v&oauth_token=t", TW_AUTHZ_GRANT, "t", "v" },
        { "x=1&oauth_token=t&y&oauth_verifier=v&x=2", TW_AUTHZ_GRANT, "t",
          "v" },
        { "oauth_token=%74&oauth_verifier=%2B", TW_AUTHZ_GRANT, "t", "+" },
        { "denied=t", TW_AUTHZ_CANCELLED, "t", NULL },
        { "denied=t&x=1", TW_AUTHZ_CANCELLED, "t", NULL },
        { "x&denied=%74", TW_AUTHZ_CANCELLED, "t", NULL },
        /* nothing */
        { "", TW_AUTHZ_INVALID, NULL, NULL },
        { "x=1", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=", TW_AUTHZ_INVALID, NULL, NULL },
        /* a half: the flow can be found, and no more */
        { "oauth_token=t", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=+", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=a%20b", TW_AUTHZ_INVALID, "t",
          NULL },
        { "oauth_token=t&oauth_verifier=%0A", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=%C3%A9", TW_AUTHZ_INVALID, "t",
          NULL },
        { "oauth_token=t&oauth_verifier=%00", TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=v%00", TW_AUTHZ_INVALID, "t",
          NULL },
        { "oauth_token=t&oauth_verifier=%", TW_AUTHZ_INVALID, "t", NULL },
        /* repeated */
        { "oauth_token=t&oauth_verifier=v&oauth_verifier=v",
          TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=v&oauth_verifier=w",
          TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=v&oauth_verifier",
          TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_verifier=v&oauth%5fverifier=",
          TW_AUTHZ_INVALID, "t", NULL },
        { "oauth_token=t&oauth_token=t&oauth_verifier=v",
          TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=t&oauth_token=u&oauth_verifier=v",
          TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=t&oauth_verifier=v&oauth_token=",
          TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=t&oauth_verifier=v&oauth_token=%",
          TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=t&denied=t", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=t&denied=u", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=t&denied", TW_AUTHZ_INVALID, NULL, NULL },
        /* a cancel and a success at once */
        { "denied=t&oauth_token=t&oauth_verifier=v", TW_AUTHZ_INVALID, NULL,
          NULL },
        { "oauth_token=t&oauth_verifier=v&denied", TW_AUTHZ_INVALID, NULL,
          NULL },
        { "oauth_token=t&oauth_verifier=v&denied=%", TW_AUTHZ_INVALID, NULL,
          NULL },
        { "denied=t&oauth_token=t", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=t&oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "denied=t&oauth_token", TW_AUTHZ_INVALID, NULL, NULL },
        /* malformed, and names that are nearly right */
        { "denied=%", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=%&oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=t%00&oauth_verifier=v", TW_AUTHZ_INVALID, NULL,
          NULL },
        { "OAUTH_TOKEN=t&oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token =t&oauth_verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "oauth_token=t;oauth_verifier=v", TW_AUTHZ_INVALID,
          "t;oauth_verifier=v", NULL },
        { "oauth-token=t&oauth-verifier=v", TW_AUTHZ_INVALID, NULL, NULL },
        { "Denied=t", TW_AUTHZ_INVALID, NULL, NULL },
        /* of OAuth 2.0 */
        { "code=c&state=s", TW_AUTHZ_INVALID, NULL, NULL },
        { "error=access_denied&state=s", TW_AUTHZ_INVALID, NULL, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_authz_response_t answer = response_to(&tw_oauth1, &client,
                                                 rows[i].query);

        CHECK(answer.kind == rows[i].kind && unit_same(answer.key, rows[i].key)
              && unit_same(answer.grant, rows[i].grant),
              "%s: %d, %s, %s", rows[i].query, answer.kind,
              unit_text(answer.key), unit_text(answer.grant));
    }
}

static void test_answer_lengths(void **state)
{
    int over;

    (void)state;
    for (over = 0; over < 2; over++) {
        apr_array_header_t *query = apr_array_make(pool, 2,
                                                   sizeof(tw_pair_t));
        char verifier[TW_TOKEN_MAX + 2];
        tw_pair_t *pair;
        tw_authz_response_t answer;

        memset(verifier, 'v', sizeof(verifier));
        verifier[TW_TOKEN_MAX + over] = '\0';
        pair = apr_array_push(query);
        pair->name = "oauth_token";
        pair->value = "t";
        pair = apr_array_push(query);
        pair->name = "oauth_verifier";
        pair->value = verifier;
        tw_oauth1.parse_response(&answer, &client, query);
        assert_int_equal(answer.kind,
                         over ? TW_AUTHZ_INVALID : TW_AUTHZ_GRANT);
    }
}

/* ---- finish -------------------------------------------------------------- */

static void test_finish(void **state)
{
    static const struct {
        int status;
        const char *body;
        tw_err_kind_t kind;     /* TW_ERR_NONE: there is an identity */
        const char *id, *screen_name;
    } rows[] = {
        { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_NONE, "12", "jack" },
        { 200, "screen_name=jack&user_id=12&x=y&oauth_token_secret=s&"
          "oauth_token=12-a", TW_ERR_NONE, "12", "jack" },
        { 200, "oauth_token=%31%32%2da&oauth_token_secret=%73&"
          "user%5fid=%312&screen_name=%6Aack", TW_ERR_NONE, "12", "jack" },
        { 200, "oauth_token=18446744073709551615-a&oauth_token_secret=s&"
          "user_id=18446744073709551615&screen_name=_", TW_ERR_NONE,
          "18446744073709551615", "_" },
        /* a token of another form says nothing about the user */
        { 200, "oauth_token=abc&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_NONE, "12", "jack" },
        { 200, "oauth_token=99abc&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_NONE, "12", "jack" },
        { 200, "oauth_token=-1&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_NONE, "12", "jack" },
        /* ID-3: two sources, two users */
        { 200, "oauth_token=13-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=1-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=123-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=012-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        /* no user, or two */
        { 200, "oauth_token=12-a&oauth_token_secret=s", TW_ERR_GARBAGE, 0,
          0 },
        { 200, "oauth_token=12-a&oauth_token_secret=s&screen_name=jack",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=12",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack&user_id=12", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack&screen_name=jill", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=012&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=0&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=1.2e1&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12%00&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12%0A&"
          "screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&"
          "user_id=100000000000000000000&screen_name=jack", TW_ERR_GARBAGE,
          0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12&"
          "screen_name=ja+ck", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12&"
          "screen_name=%40jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12&"
          "screen_name=jack.1", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12&"
          "screen_name=jac%E2%84%AA", TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=a&oauth_token_secret=s&user_id=12&"
          "screen_name=abcdefghijklmnopqrstu", TW_ERR_GARBAGE, 0, 0 },
        /* no token */
        { 200, "oauth_token_secret=s&user_id=12&screen_name=jack",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&user_id=12&screen_name=jack",
          TW_ERR_GARBAGE, 0, 0 },
        { 200, "oauth_token=12-a&oauth_token=12-b&oauth_token_secret=s&"
          "user_id=12&screen_name=jack", TW_ERR_GARBAGE, 0, 0 },
        { 200, "", TW_ERR_GARBAGE, 0, 0 },
        { 200, "{\"user_id\":\"12\"}", TW_ERR_GARBAGE, 0, 0 },
        /* X says no */
        { 401, "This feature is temporarily unavailable", TW_ERR_STALE, 0,
          0 },
        { 401, "Error processing your OAuth request: Invalid oauth_verifier"
          " parameter", TW_ERR_STALE, 0, 0 },
        { 403, "{\"errors\":[{\"code\":64,\"message\":\"suspended\"}]}",
          TW_ERR_USER, 0, 0 },
        { 503, "", TW_ERR_UNREACHABLE, 0, 0 },
    };
    static const tw_pending_t pending = { "request-token", "token-secret" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_identity_t identity;
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(rows[i].status, rows[i].body);
        rv = tw_oauth1.finish(&identity, &client, NULL, &pending, "v", pool,
                              &err);
        CHECK(calls == 1, "row %d: %d calls", i, calls);
        if (rows[i].kind == TW_ERR_NONE) {
            CHECK(rv == APR_SUCCESS, "row %d: %s", i, unit_text(err.why));
            CHECK(unit_same(identity.id, rows[i].id)
                  && unit_same(identity.screen_name, rows[i].screen_name)
                  && identity.tokens.kind == TW_TOKEN_OAUTH1
                  && identity.tokens.token && !identity.tokens.expires_at
                  && unit_same(identity.tokens.secret, "s"),
                  "row %d", i);
        }
        else {
            CHECK(rv != APR_SUCCESS && err.kind == rows[i].kind
                  && unit_same(err.step, "access token"),
                  "row %d: %d, %s", i, err.kind, unit_text(err.why));
        }
    }
}

static void test_finish_asks(void **state)
{
    static const tw_pending_t pending = { "request token&", "canary" };
    tw_identity_t identity;
    tw_err_t err;

    (void)state;
    answer_with(200, "oauth_token=12-a&oauth_token_secret=s&user_id=12&"
                     "screen_name=jack");
    assert_int_equal(tw_oauth1.finish(&identity, &client, NULL, &pending,
                                      "v/+", pool, &err), APR_SUCCESS);
    assert_string_equal(asked.method, "POST");
    assert_string_equal(asked.url, "https://api.x.com/oauth/access_token");
    assert_null(asked.body);
    assert_non_null(strstr(asked.authorization, "oauth_verifier=\"v%2F%2B\""));
    assert_non_null(strstr(asked.authorization,
                           "oauth_token=\"request%20token%26\""));
    assert_null(strstr(asked.authorization, "canary"));
    assert_null(strstr(asked.authorization, "consumer-secret"));
}

/* What X said about a token is no text for a log. */
static void test_no_secret_in_errors(void **state)
{
    static const char *const rows[] = {
        "oauth_token=canary&oauth_token_secret=canary&user_id=1",
        "oauth_token=canary&oauth_token_secret=canary&user_id=canary&"
        "screen_name=jack",
        "oauth_token=13-canary&oauth_token_secret=canary&user_id=12&"
        "screen_name=jack",
        "oauth_token=can+ary&oauth_token_secret=canary",
    };
    static const tw_pending_t pending = { "canary", "canary" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_identity_t identity;
        tw_err_t err;

        answer_with(200, rows[i]);
        assert_int_not_equal(tw_oauth1.finish(&identity, &client, NULL,
                                              &pending, "canary", pool,
                                              &err), APR_SUCCESS);
        CHECK(!strstr(err.why, "canary"), "%s", err.why);
    }
}

/* ---- revoke -------------------------------------------------------------- */

/* What X does not know any more is revoked; another refusal is none. */
static void test_revoke(void **state)
{
    static const struct {
        int status;             /* 0: there is no answer */
        const char *body;
        int revoked;
    } rows[] = {
        { 200, "{}", 1 },
        { 401, "{\"errors\":[{\"code\":89,\"message\":\"over\"}]}", 1 },
        { 401, "{\"errors\":[{\"code\":32,\"message\":\"no\"}]}", 0 },
        { 401, "{\"errors\":", 0 }, { 503, "", 0 }, { 0, "", 0 },
    };
    static const tw_tokens_t tokens = { TW_TOKEN_OAUTH1, "12-a", "s", 0 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_err_t err = { 0 };
        apr_status_t rv;

        answer_with(rows[i].status, rows[i].body);
        next_status = rows[i].status ? APR_SUCCESS : APR_TIMEUP;
        rv = tw_oauth1.revoke(&tokens, &client, NULL, pool, &err);
        CHECK((rv == APR_SUCCESS) == rows[i].revoked, "row %d: %s", i,
              unit_text(err.why));
        assert_string_equal(asked.url, "https://api.x.com/1.1/oauth/"
                            "invalidate_token.json");
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_begin),
          cmocka_unit_test(test_begin_asks),
          cmocka_unit_test(test_locations),
          cmocka_unit_test(test_token_lengths),
          cmocka_unit_test(test_too_many_fields),
          cmocka_unit_test(test_no_answer),
          cmocka_unit_test(test_wrong_time),
          cmocka_unit_test(test_answer),
          cmocka_unit_test(test_answer_lengths),
          cmocka_unit_test(test_finish),
          cmocka_unit_test(test_finish_asks),
          cmocka_unit_test(test_no_secret_in_errors),
          cmocka_unit_test(test_revoke))
