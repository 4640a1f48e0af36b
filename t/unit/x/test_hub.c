/* SPDX-License-Identifier: Apache-2.0 */
/* tw_hub: what a host asks of its hub, and what it takes of the answer. */

#include "response.h"
#include "sealed.h"

#include "x/hub.h"

#define HUB "https://login.example.org"
#define CALLBACK "https://a.example/twauth/callback"
#define SEC(n) apr_time_from_sec(n)

static tw_hub_seals_t seals;
static tw_client_t client = {
    "https://api.x.com", HUB "/twauth/hub", CALLBACK, "key", NULL, NULL, NULL,
    0, "read", NULL, { NULL, NULL, 5000000 }, NULL, NULL, NULL, &seals
};

static void prepare(void)
{
    sealed_prepare();
    seals = tw_hub_seals(ring_of(KEY1, NULL, NULL), HUB, pool);
    seals.max = SEC(3600);
}

/* The time of the question is the present, by which the hub judges it. */
static void test_begin(void **state)
{
    static const struct {
        int force_login;
        const char *screen_name;
        tw_hub_how_t how;
    } rows[] = {
        { 0, NULL, TW_HUB_ANYBODY }, { 0, "jack", TW_HUB_ANYBODY },
        { 1, "jack", TW_HUB_FRESH }, { 1, NULL, TW_HUB_SWITCH },
    };
    static const char head[] = HUB "/twauth/hub?ask=";
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_client_t with = client;
        tw_pending_t pending;
        const char *location;
        tw_hub_ask_t ask;
        tw_err_t err;
        apr_time_t before = apr_time_now();

        with.force_login = rows[i].force_login;
        with.screen_name = rows[i].screen_name;
        assert_int_equal(tw_hub.begin(&pending, &location, &with, NULL, pool,
                                      &err), APR_SUCCESS);
        assert_memory_equal(location, head, strlen(head));
        assert_int_equal(tw_hub_ask_open(&ask, &seals, location + strlen(head),
                                         pool), APR_SUCCESS);
        /* in milliseconds */
        CHECK(ask.at >= before - 1000 && ask.at <= apr_time_now(), "row %d",
              i);
        CHECK(ask.how == rows[i].how, "row %d: %d", i, ask.how);
        CHECK(ask.since == ask.at - (rows[i].force_login ? 0 : seals.max),
              "row %d", i);
        assert_string_equal(ask.state, pending.key);
        assert_string_equal(ask.challenge,
                            tw_seal_challenge(pending.secret, pool));
        assert_string_equal(ask.callback, CALLBACK);
        assert_string_not_equal(pending.key, pending.secret);
    }
}

static void test_answer(void **state)
{
    static const struct {
        const char *query;
        tw_authz_response_kind_t kind;
        const char *key, *grant;
    } rows[] = {
        { "state=s&ticket=t", TW_AUTHZ_GRANT, "s", "t" },
        { "state=s", TW_AUTHZ_INVALID, "s", NULL },
        { "state=s&ticket", TW_AUTHZ_INVALID, "s", NULL },
        { "state=s&ticket=", TW_AUTHZ_INVALID, "s", NULL },
        { "state=s&ticket=t&ticket=u", TW_AUTHZ_INVALID, "s", NULL },
        { "ticket=t", TW_AUTHZ_INVALID, NULL, NULL },
        { "state=&ticket=t", TW_AUTHZ_INVALID, NULL, NULL },
        { "state=s&state=s&ticket=t", TW_AUTHZ_INVALID, NULL, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_authz_response_t answer = response_to(&tw_hub, &client,
                                                 rows[i].query);

        CHECK(answer.kind == rows[i].kind && unit_same(answer.key, rows[i].key)
              && unit_same(answer.grant, rows[i].grant), "%s: %d",
              rows[i].query, answer.kind);
    }
}

/* Of this sign-in, and of now: what the machine's pauses could change is
 * a quarter of a minute away from the limits. */
static void test_finish(void **state)
{
    static const struct {
        const char *state, *verifier;
        int seconds;            /* the hub's clock against this one */
        const char *why;        /* a part of it; NULL: it is good */
    } rows[] = {
        { "s", "v", 0, NULL },
        { "s", "v", 4, NULL },
        { "s", "v", -15, NULL },
        { "s", "v", 65, "out of time" },
        { "s", "v", -31, "out of time" },
        { "s", "v", -3600, "out of time" },
        { "x", "v", 0, "another sign-in's" },
        { "s", "x", 0, "another sign-in's" },
    };
    static const tw_pending_t pending = { "s", "v" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_hub_ticket_t ticket = {
            apr_time_now() + SEC(rows[i].seconds), rows[i].state,
            tw_seal_challenge(rows[i].verifier, pool), { { 1 } }, 42, "12", 0
        };
        tw_identity_t identity = { 0 };
        tw_err_t err = { 0 };
        apr_status_t rv = tw_hub.finish(
            &identity, &client, NULL, &pending,
            tw_hub_ticket_seal(&ticket, &seals, CALLBACK, pool), pool, &err);

        if (!rows[i].why) {
            CHECK(rv == APR_SUCCESS && unit_same(identity.id, "12")
                  && identity.ticket && identity.ticket->account == 42,
                  "row %d: %s", i, unit_text(err.why));
        }
        else {
            CHECK(rv != APR_SUCCESS && !identity.id
                  && err.kind == TW_ERR_REFUSED
                  && strstr(err.why, rows[i].why), "row %d: %s", i,
                  unit_text(err.why));
        }
    }
}

/* By another key, and for another host. */
static void test_foreign_tickets(void **state)
{
    static const tw_pending_t pending = { "s", "v" };
    tw_hub_seals_t others = tw_hub_seals(ring_of(KEY2, NULL, NULL), HUB, pool);
    tw_hub_ticket_t ticket = {
        apr_time_now(), "s", tw_seal_challenge("v", pool), { { 1 } }, 42,
        "12", 0
    };
    tw_identity_t identity = { 0 };
    tw_err_t err = { 0 };

    (void)state;
    assert_int_not_equal(tw_hub.finish(
        &identity, &client, NULL, &pending,
        tw_hub_ticket_seal(&ticket, &others, CALLBACK, pool), pool, &err),
        APR_SUCCESS);
    assert_non_null(strstr(err.why, "the same TwAuthKey"));
    assert_int_not_equal(tw_hub.finish(
        &identity, &client, NULL, &pending,
        tw_hub_ticket_seal(&ticket, &seals, CALLBACK "x", pool), pool, &err),
        APR_SUCCESS);
    assert_non_null(strstr(err.why, "no ticket of the hub's"));
    assert_null(identity.id);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_begin),
          cmocka_unit_test(test_answer),
          cmocka_unit_test(test_finish),
          cmocka_unit_test(test_foreign_tickets))
