/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile asked of X, by either protocol: what is sent, and that nobody is
 * kept out by what comes or does not.  Calls go to a stand-in for
 * tw_http_send() in this file, which the linker takes before the library's.
 */

#include "unit.h"

#include "sealed/seal.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

#define FIELDS "profile_image_url,verified,confirmed_email"
#define ME "https://api.x.com/2/users/me"
#define ASKED ME "?user.fields=profile_image_url%2Cverified%2Cconfirmed_email"
#define WHO "\"id\":\"12\",\"username\":\"jack\""
#define PLAIN "{\"data\":{" WHO ",\"name\":\"Jack\"}}"
#define FULL "{\"data\":{" WHO ",\"name\":\"J\\u202eack\",\"verified\":true," \
    "\"profile_image_url\":\"https://pbs.twimg.com/a.jpg\","                 \
    "\"confirmed_email\":\"jack@example.com\"}}"
#define INVALID "{\"errors\":[{\"parameters\":{\"user.fields\":[\"x\"]}," \
    "\"message\":\"invalid\"}],\"title\":\"Invalid Request\"}"

/* ---- the stand-in: the first answer is the tokens, the others in turn ---- */

typedef struct {
    int status;                 /* 0: too slow; -1: no such call */
    const char *body;
} answer_t;

static const answer_t *answers;
static tw_http_request_t asked[4];
static int calls;

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *p,
                          tw_err_t *err)
{
    tw_http_response_t *answer = apr_pcalloc(pool, sizeof(*answer));

    (void)http;
    (void)conf;
    assert_true(calls < 4 && answers[calls].status >= 0);
    asked[calls] = *request;
    asked[calls].authorization = apr_pstrdup(pool, request->authorization);
    *response = NULL;
    if (!answers[calls].status) {
        calls++;
        return tw_err_set(err, p, TW_ERR_TIMEOUT, APR_TIMEUP, "too slow");
    }
    answer->status = answers[calls].status;
    answer->body = answers[calls].body;
    answer->body_len = strlen(answer->body);
    *response = answer;
    calls++;
    return APR_SUCCESS;
}

static const tw_client_t client = {
    "https://api.x.com", "https://x.com", "https://www.example.com/back",
    "id", "client-secret", "tweet.read users.read users.email",
    "authenticate", 0, "read", FIELDS, { NULL, NULL, 5000000 }, NULL,
    NULL, NULL, NULL
};

static void prepare(void)
{
    tw_err_t err;

    if (tw_seal_init() != APR_SUCCESS
        || tw_oauth1.child_init(pool, &err) != APR_SUCCESS) {
        exit(2);
    }
}

static const tw_protocol_t *const protocols[] = { &tw_oauth1, &tw_oauth2 };
static const answer_t tokens[] = {
    { 200, "oauth_token=12-a&oauth_token_secret=s&user_id=12"
           "&screen_name=jack" },
    { 200, "{\"token_type\":\"bearer\",\"access_token\":\"at-long-enough\"}" },
};

/* One sign-in with these answers to /2/users/me. */
static apr_status_t finish(tw_identity_t *identity, int protocol,
                           const answer_t *me, const tw_client_t *of,
                           tw_err_t *err)
{
    static answer_t all[4];
    tw_pending_t pending = { "key", apr_pstrdup(pool, "the-verifier") };

    all[0] = tokens[protocol];
    memcpy(&all[1], me, 3 * sizeof(*me));
    answers = all;
    calls = 0;
    memset(err, 0, sizeof(*err));
    return protocols[protocol]->finish(identity, of, NULL, &pending, "grant",
                                       pool, err);
}

/* ---- tests --------------------------------------------------------------- */

static void test_profile(void **state)
{
    static const answer_t me[3] = { { 200, FULL }, { -1, NULL }, { -1, NULL } };
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        tw_identity_t identity;
        tw_err_t err;

        assert_int_equal(finish(&identity, i, me, &client, &err),
                         APR_SUCCESS);
        assert_int_equal(calls, 2);
        assert_string_equal(asked[1].method, "GET");
        assert_string_equal(asked[1].url, ASKED);
        assert_non_null(strstr(asked[1].authorization,
                               i ? "Bearer at-" : "oauth_token=\"12-a\""));
        assert_string_equal(identity.id, "12");
        assert_true(identity.profile.known);
        assert_string_equal(identity.profile.name, "Jack");
        assert_string_equal(identity.profile.avatar,
                            "https://pbs.twimg.com/a.jpg");
        assert_string_equal(identity.profile.email, "jack@example.com");
        assert_int_equal(identity.profile.verified, 1);
        assert_null(identity.no_profile);
    }
}

/* Who does not ask for one makes the calls of before. */
static void test_not_asked(void **state)
{
    static const answer_t me[3] = { { 200, FULL }, { -1, NULL }, { -1, NULL } };
    tw_client_t without = client;
    int i;

    (void)state;
    without.fields = NULL;
    for (i = 0; i < 2; i++) {
        tw_identity_t identity;
        tw_err_t err;

        assert_int_equal(finish(&identity, i, me, &without, &err),
                         APR_SUCCESS);
        assert_int_equal(calls, 1 + i);
        assert_true(!i || unit_same(asked[1].url, ME));
        assert_true(!identity.profile.known && !identity.no_profile);
    }
}

/* Whatever X says of the fields, the sign-in goes on; of the person, not. */
static void test_refused(void **state)
{
#define SUSPENDED "{\"title\":\"Forbidden\",\"detail\":\"d\",\"type\":" \
    "\"https://api.twitter.com/2/problems/user-suspended\"}"
    static const struct {
        int protocol, calls;        /* 0: no sign-in, in the second column */
        tw_err_kind_t kind;
        answer_t me[3];
    } rows[] = {
        { 1, 3, TW_ERR_NONE, { { 400, INVALID }, { 200, PLAIN }, { -1, 0 } } },
        { 1, 3, TW_ERR_NONE, { { 403, "{\"title\":\"Forbidden\"}" },
                               { 200, PLAIN }, { -1, 0 } } },
        { 1, 3, TW_ERR_NONE, { { 403, "no JSON" }, { 200, FULL },
                               { -1, 0 } } },
        /* what is known to be about the application: not asked again */
        { 1, 2, TW_ERR_REFUSED, { { 403, "{\"errors\":[{\"code\":453,"
                                         "\"message\":\"m\"}]}" },
                                  { -1, 0 }, { -1, 0 } } },
        { 1, 3, TW_ERR_REFUSED, { { 400, INVALID }, { 403, INVALID },
                                  { -1, 0 } } },
        { 1, 3, TW_ERR_TIMEOUT, { { 400, INVALID }, { 0, 0 }, { -1, 0 } } },
        { 1, 2, TW_ERR_USER, { { 403, SUSPENDED }, { -1, 0 }, { -1, 0 } } },
        { 1, 2, TW_ERR_USER_LIMITED, { { 429, "{\"title\":\"t\"}" },
                                       { -1, 0 }, { -1, 0 } } },
        { 1, 2, TW_ERR_TIMEOUT, { { 0, 0 }, { -1, 0 }, { -1, 0 } } },
        /* nothing of it keeps anybody out where it is a call of its own */
        { 0, 2, TW_ERR_NONE, { { 400, INVALID }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 401, "{\"title\":\"t\"}" }, { -1, 0 },
                               { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 402, "{}" }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 403, SUSPENDED }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 429, "" }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 503, "" }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 0, 0 }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 200, "<html>" }, { -1, 0 }, { -1, 0 } } },
        { 0, 2, TW_ERR_NONE, { { 200, "{\"data\":{\"id\":\"13\",\"username\":"
                                      "\"x\",\"name\":\"X\"}}" },
                               { -1, 0 }, { -1, 0 } } },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_identity_t identity;
        tw_err_t err;
        apr_status_t rv = finish(&identity, rows[i].protocol, rows[i].me,
                                 &client, &err);

        CHECK(calls == rows[i].calls, "row %d: %d calls", i, calls);
        CHECK(err.kind == rows[i].kind
              && (rv == APR_SUCCESS) == (err.kind == TW_ERR_NONE),
              "row %d: %d, %s", i, err.kind, unit_text(err.why));
        CHECK(!identity.profile.known, "row %d", i);
        if (rv == APR_SUCCESS) {
            CHECK(identity.no_profile && *identity.no_profile
                  && !strstr(identity.no_profile, "at-long-enough"),
                  "row %d: %s", i, unit_text(identity.no_profile));
            CHECK(unit_same(identity.id, "12"), "row %d", i);
            CHECK(!rows[i].protocol || unit_same(asked[2].url, ME), "row %d",
                  i);
        }
    }
}

/* A success may hold no profile, or one that is of no use: then there is
 * none, or what there is of it. */
static void test_odd(void **state)
{
    static const struct {
        const char *body, *name, *avatar;
        int known;
    } rows[] = {
        { PLAIN, "Jack", "", 1 },
        { "{\"data\":{" WHO ",\"profile_image_url\":\"https://evil/a\"}}", "",
          "", 1 },
        { "{\"data\":{" WHO ",\"profile_image_url\":\"https://x.com/a\"}}",
          "", "https://x.com/a", 1 },
        { "{\"data\":{" WHO ",\"name\":\"\xff\"}}", NULL, NULL, 0 },
    };
    int i, protocol;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        for (protocol = 0; protocol < 2; protocol++) {
            const answer_t me[3] = { { 200, rows[i].body }, { -1, NULL },
                                     { -1, NULL } };
            tw_identity_t identity;
            tw_err_t err;

            CHECK(finish(&identity, protocol, me, &client, &err)
                  == APR_SUCCESS, "row %d: %s", i, unit_text(err.why));
            CHECK(identity.profile.known == rows[i].known
                  && (!rows[i].known
                      || (unit_same(identity.profile.name, rows[i].name)
                          && unit_same(identity.profile.avatar,
                                       rows[i].avatar))), "row %d", i);
            CHECK(rows[i].known == !identity.no_profile, "row %d", i);
        }
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_profile),
          cmocka_unit_test(test_not_asked),
          cmocka_unit_test(test_refused),
          cmocka_unit_test(test_odd))
