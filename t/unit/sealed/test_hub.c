/* SPDX-License-Identifier: Apache-2.0 */
/* tw_hub: what hosts and their hub say to each other, sealed. */

#include "sealed.h"

#include "sealed/hub.h"
#include "sealed/texts.h"

#define HUB "https://login.example.org"
#define CALLBACK "https://a.example/twauth/callback"

static tw_hub_seals_t seals;

static void prepare(void)
{
    sealed_prepare();
    seals = tw_hub_seals(ring_of(KEY1, NULL, NULL), HUB, pool);
}

static const tw_hub_ticket_t some_ticket = {
    APR_TIME_C(1790000000123000), "state", "challenge", { { 1, 2, 3 } }, 42,
    "12", APR_TIME_C(1780000000456000)
};

static tw_hub_ask_t ask_of(tw_hub_how_t how)
{
    tw_hub_ask_t ask = { APR_TIME_C(1790000000123000), how,
                         APR_TIME_C(1780000000456000), "state", "challenge",
                         CALLBACK };

    return ask;
}

static apr_status_t open_ask(const char *text, apr_size_t len,
                             apr_pool_t *sub)
{
    tw_hub_ask_t ask;

    /* a query's value has no NUL in it */
    return memchr(text, '\0', len) ? APR_EINVAL : tw_hub_ask_open(
        &ask, &seals, apr_pstrmemdup(sub, text, len), sub);
}

static apr_status_t open_ticket(const char *text, apr_size_t len,
                                apr_pool_t *sub)
{
    tw_hub_ticket_t ticket;

    return memchr(text, '\0', len)
           ? APR_EINVAL : tw_hub_ticket_open(&ticket, &seals, CALLBACK,
                                             apr_pstrmemdup(sub, text, len),
                                             sub);
}

static void test_ask_comes_back(void **state)
{
    int how;

    (void)state;
    for (how = TW_HUB_ANYBODY; how <= TW_HUB_SWITCH; how++) {
        tw_hub_ask_t ask = ask_of((tw_hub_how_t)how), out;

        assert_int_equal(tw_hub_ask_open(&out, &seals, tw_hub_ask_seal(
            &ask, &seals, pool), pool), APR_SUCCESS);
        assert_true(out.at == ask.at);
        assert_int_equal(out.how, how);
        assert_true(out.since == ask.since);
        assert_string_equal(out.state, "state");
        assert_string_equal(out.challenge, "challenge");
        assert_string_equal(out.callback, CALLBACK);
    }
}

static void test_ticket_comes_back(void **state)
{
    tw_hub_ticket_t out;
    const char *text = tw_hub_ticket_seal(&some_ticket, &seals, CALLBACK,
                                          pool);

    (void)state;
    assert_int_equal(tw_hub_ticket_open(&out, &seals, CALLBACK, text, pool),
                     APR_SUCCESS);
    assert_true(out.at == some_ticket.at);
    assert_string_equal(out.state, "state");
    assert_string_equal(out.challenge, "challenge");
    assert_true(tw_id_equal(&out.session, &some_ticket.session));
    assert_true(out.account == 42);
    assert_string_equal(out.twitter_id, "12");
    assert_true(out.signed_in_at == some_ticket.signed_in_at);
}

/* For one callback of one hub, and neither for the other. */
static void test_bound(void **state)
{
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    tw_hub_seals_t elsewhere = tw_hub_seals(ring, HUB ":8443", pool);
    tw_hub_seals_t other_key = tw_hub_seals(ring_of(KEY2, NULL, NULL), HUB,
                                            pool);
    tw_hub_seals_t both_keys = tw_hub_seals(ring_of(KEY2, KEY1, NULL), HUB,
                                            pool);
    tw_hub_ask_t ask = ask_of(TW_HUB_FRESH), out;
    tw_hub_ticket_t none;
    const char *asked = tw_hub_ask_seal(&ask, &seals, pool);
    const char *told = tw_hub_ticket_seal(&some_ticket, &seals, CALLBACK,
                                          pool);

    (void)state;
    assert_int_equal(tw_hub_ask_open(&out, &elsewhere, asked, pool),
                     APR_EINVAL);
    assert_int_equal(tw_hub_ask_open(&out, &other_key, asked, pool),
                     APR_ENOENT);
    assert_int_equal(tw_hub_ask_open(&out, &both_keys, asked, pool),
                     APR_SUCCESS);
    assert_int_equal(tw_hub_ticket_open(&none, &seals, CALLBACK "x", told,
                                        pool), APR_EINVAL);
    assert_null(none.twitter_id);
    assert_int_equal(tw_hub_ticket_open(&none, &elsewhere, CALLBACK, told,
                                        pool), APR_EINVAL);
    assert_int_equal(tw_hub_ask_open(&out, &seals, told, pool), APR_EINVAL);
    assert_null(out.callback);
    assert_int_equal(tw_hub_ticket_open(&none, &seals, CALLBACK, asked, pool),
                     APR_EINVAL);
}

static void test_any_change_is_void(void **state)
{
    tw_hub_ask_t ask = ask_of(TW_HUB_ANYBODY), other = ask_of(TW_HUB_SWITCH);
    tw_hub_ticket_t another = some_ticket;

    (void)state;
    sealed_spoil(open_ask, tw_hub_ask_seal(&ask, &seals, pool),
                 tw_hub_ask_seal(&other, &seals, pool));
    another.account = 43;
    sealed_spoil(open_ticket, tw_hub_ticket_seal(&some_ticket, &seals,
                                                 CALLBACK, pool),
                 tw_hub_ticket_seal(&another, &seals, CALLBACK, pool));
}

/* Of whoever has the key, and says what he likes. */
static void test_times_that_no_clock_shows(void **state)
{
    static const struct {
        const char *time;
        apr_status_t opened;
    } rows[] = {
        { "1790000000123", APR_SUCCESS }, { "0", APR_SUCCESS },
        { "4611686018427387", APR_SUCCESS }, { "4611686018427388", APR_EINVAL },
        { "99999999999999999999", APR_EINVAL }, { "-1", APR_EINVAL },
        { "-9223372036854775808", APR_EINVAL },
    };
    tw_sealer_t ticket = tw_seal_bind(&seals.ticket, CALLBACK, pool);
    const char *asked[] = { "5", "a", "state", "challenge", CALLBACK, "5" };
    const char *told[] = { "5", "state", "challenge",
                           tw_id_text(&some_ticket.session, pool), "42", "12",
                           "5" };
    int i, last;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        for (last = 0; last < 2; last++) {
            const char *text;

            asked[last ? 0 : 5] = told[last ? 0 : 6] = "5";
            asked[last ? 5 : 0] = told[last ? 6 : 0] = rows[i].time;
            text = tw_texts_seal(1, asked, COUNT(asked), &seals.ask, pool);
            CHECK(open_ask(text, strlen(text), pool) == rows[i].opened,
                  "%s", rows[i].time);
            text = tw_texts_seal(1, told, COUNT(told), &ticket, pool);
            CHECK(open_ticket(text, strlen(text), pool) == rows[i].opened,
                  "%s", rows[i].time);
        }
    }
}

/* RFC 7636, by the digest of nothing (FIPS 180-4). */
static void test_challenge(void **state)
{
    (void)state;
    assert_string_equal(tw_seal_challenge("", pool),
                        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    assert_string_not_equal(tw_seal_challenge("a", pool),
                            tw_seal_challenge("b", pool));
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_ask_comes_back),
          cmocka_unit_test(test_ticket_comes_back),
          cmocka_unit_test(test_bound),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_times_that_no_clock_shows),
          cmocka_unit_test(test_challenge))
