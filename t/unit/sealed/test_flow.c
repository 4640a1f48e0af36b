/* SPDX-License-Identifier: Apache-2.0 */
/* tw_flow: a sign-in in flight and its sealed text. */

#include "sealed.h"

#include "sealed/flow.h"
#include "x/protocol.h"
#include "sealed/session.h"
#include "base/target.h"

#define AUDIENCE "www.example.com|oauth1|https://api.x.com|https://a/cb"

static tw_ring_t *ring;

static void prepare(void)
{
    sealed_prepare();
    ring = ring_of(KEY1, KEY2, NULL);
}

static const tw_flow_t some = {
    APR_TIME_C(1790000000123000), { "request-token", "token-secret" },
    "/members/?a=b#c", 0, NULL, NULL
};

static apr_status_t open_text(tw_flow_t *flow, const char *text)
{
    return tw_flow_open(flow, SEALER(ring, TW_SEAL_FLOW, AUDIENCE), text,
                        strlen(text), pool);
}

/* A text of len bytes. */
static char *filled(apr_size_t len, char with)
{
    char *text = apr_palloc(pool, len + 1);

    memset(text, with, len);
    text[len] = '\0';
    return text;
}

static void test_round_trip(void **state)
{
    static const struct {
        apr_time_t started_at;
        const char *key, *secret, *next;
        int remembered;
        const char *person, *invite;
    } rows[] = {
        { 0, "k", "s", "/", 0, NULL, NULL },
        { APR_TIME_C(1790000000123000), "a-b_c.d~", "s/+=", "/a%20b?c=%00",
          0, NULL, NULL },
        { APR_TIME_C(253402300799999000), "k", "s", "/", 1, NULL, NULL },
        { 1000, "", "", "", 0, "18446744073709551615", NULL },
        { 1000, "%s%n%d", "%%", "/%c3%a9", 1, "%s", NULL },
        { 1000, "\x01\xff", "1", "/0", 0, NULL, NULL },
        { 1000, "k", "s", "/", 0, NULL, "AAAAAAAAAAAAAAAAAAAAAA" },
        { 1000, "k", "s", "/", 1, "12", "0123456789abcdef0123456789abcdef" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_flow_t in, out;

        in.started_at = rows[i].started_at;
        in.pending.key = rows[i].key;
        in.pending.secret = rows[i].secret;
        in.next = rows[i].next;
        in.remembered = rows[i].remembered;
        in.person = rows[i].person;
        in.invite = rows[i].invite;
        CHECK(open_text(&out, tw_flow_seal(&in, SEALER(ring, TW_SEAL_FLOW,
                                           AUDIENCE), pool))
              == APR_SUCCESS, "row %d", i);
        CHECK(out.started_at == in.started_at, "row %d", i);
        assert_string_equal(out.pending.key, in.pending.key);
        assert_string_equal(out.pending.secret, in.pending.secret);
        assert_string_equal(out.next, in.next);
        assert_int_equal(out.remembered, in.remembered);
        assert_true(unit_same(out.person, in.person));
        assert_true(unit_same(out.invite, in.invite));
    }
}

/* The largest flow there can be keeps within what its header promises. */
static void test_largest(void **state)
{
    tw_flow_t in, out;
    char *text;

    (void)state;
    in.started_at = APR_TIME_C(253402300799999000);
    in.pending.key = filled(TW_TOKEN_MAX, 'k');
    in.pending.secret = filled(TW_TOKEN_MAX, 's');
    in.next = filled(TW_TARGET_MAX, '/');
    in.remembered = 1;
    in.person = filled(20, '9');
    in.invite = filled(32, 'a');
    text = tw_flow_seal(&in, SEALER(ring, TW_SEAL_FLOW, AUDIENCE), pool);
    assert_in_range(strlen(text), 3000, 3520);
    assert_int_equal(open_text(&out, text), APR_SUCCESS);
    assert_string_equal(out.next, in.next);
    assert_string_equal(out.pending.key, in.pending.key);
}

static apr_status_t open_spoiled(const char *text, apr_size_t len,
                                 apr_pool_t *sub)
{
    tw_flow_t flow;
    apr_status_t rv = tw_flow_open(&flow, SEALER(ring, TW_SEAL_FLOW, AUDIENCE),
                                   text, len, sub);

    if (rv != APR_SUCCESS
        && (flow.started_at || flow.pending.key || flow.pending.secret
            || flow.next)) {
        return APR_SUCCESS;     /* something came out nevertheless */
    }
    return rv;
}

static void test_any_change_is_void(void **state)
{
    tw_flow_t other = some;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        other.next = &"/ab"[i];
        sealed_spoil(open_spoiled, tw_flow_seal(&some, SEALER(ring,
                                                TW_SEAL_FLOW, AUDIENCE), pool),
                     tw_flow_seal(&other, SEALER(ring, TW_SEAL_FLOW, AUDIENCE),
                                  pool));
    }
}

/* RFC 9700 section 4.4: not of another protocol, provider, callback, realm. */
static void test_bound_to_audience(void **state)
{
    static const char *const rows[] = {
        "", "www.example.com", "www.example.com|oauth1|https://api.x.com",
        "www.example.com|oauth2|https://api.x.com|https://a/cb",
        "www.example.com|oauth1|https://api.x.org|https://a/cb",
        "www.example.com|oauth1|https://api.x.com|https://a/cb2",
        "example.com|oauth1|https://api.x.com|https://a/cb",
    };
    tw_flow_t out;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(open_text(&out, tw_flow_seal(&some, SEALER(ring, TW_SEAL_FLOW,
                                           rows[i]), pool))
              == APR_EINVAL, "%s", rows[i]);
    }
}

/* A session is no flow and a flow is no session, though all else is equal. */
static void test_is_no_session(void **state)
{
    tw_session_t session = { .account = 1, .twitter_id = "1",
                             .username = "a", .screen_name = "a" };
    char *text = tw_session_seal(&session, SEALER(ring, TW_SEAL_SESSION,
                                 AUDIENCE), pool);
    tw_flow_t flow;

    (void)state;
    assert_int_equal(open_text(&flow, text), APR_EINVAL);
    text = tw_flow_seal(&some, SEALER(ring, TW_SEAL_FLOW, AUDIENCE), pool);
    assert_int_equal(tw_session_open(&session, NULL, SEALER(ring,
                                     TW_SEAL_SESSION, AUDIENCE), text,
                                     strlen(text), pool), APR_EINVAL);
}

static void test_keys(void **state)
{
    tw_flow_t out;

    (void)state;
    assert_int_equal(open_text(&out, tw_flow_seal(&some, SEALER(ring_of(KEY2,
                                                  NULL, NULL), TW_SEAL_FLOW,
                                                  AUDIENCE), pool)),
                     APR_SUCCESS);
    assert_int_equal(open_text(&out, tw_flow_seal(&some, SEALER(ring_of(KEY3,
                                                  NULL, NULL), TW_SEAL_FLOW,
                                                  AUDIENCE), pool)),
                     APR_ENOENT);
}

/* Well sealed, but not what this version writes. */
static void test_formats(void **state)
{
    static const struct {
        const char *plain;
        apr_size_t len;
        int good;
    } rows[] = {
        { "\1" "5\0k\0s\0/", 9, 1 },
        { "\1" "5\0k\0s\0/", 8, 0 },
        { "\1" "5\0k\0s\0/\0", 10, 0 },
        { "\1" "5\0k\0s\0/\0x", 11, 0 },
        { "\1" "5\0k\0s", 7, 0 },
        { "\1" "5\0k", 5, 0 },
        { "\1" "5", 3, 0 },
        { "\1", 2, 0 },
        { "\1", 1, 0 },
        { "", 0, 0 },
        { "\0" "5\0k\0s\0/", 9, 0 },
        { "\2" "5\0k\0s\0/", 9, 0 },
        { "5\0k\0s\0/", 8, 0 },
        { "\2" "5\0k\0s\0/\0r\0" "12", 14, 1 },
        { "\2" "5\0k\0s\0/\0\0", 11, 1 },
        { "\2" "5\0k\0s\0/\0r", 11, 0 },
        { "\2" "5\0k\0s\0/\0r\0" "12\0", 15, 0 },
        { "\1" "5\0k\0s\0/\0r\0" "12", 14, 0 },
        { "\3" "5\0k\0s\0/\0\0\0" "i", 13, 1 },
        { "\3" "5\0k\0s\0/\0\0\0" "i", 12, 0 },
        { "\3" "5\0k\0s\0/\0r\0" "12", 14, 0 },
        { "\4" "5\0k\0s\0/\0\0\0" "i", 13, 0 },
        /* times that no clock shows */
        { "\1" "4611686018427387\0k\0s\0/", 24, 1 },
        { "\1" "4611686018427388\0k\0s\0/", 24, 0 },
        { "\1" "99999999999999999999\0k\0s\0/", 28, 0 },
        { "\1" "-1\0k\0s\0/", 10, 0 },
    };
    tw_flow_t out;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        char *text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE),
                             rows[i].plain, rows[i].len, pool);

        CHECK(open_text(&out, text)
              == (rows[i].good ? APR_SUCCESS : APR_EINVAL), "row %d", i);
        if (!rows[i].good) {
            sealed_void(open_spoiled, text, strlen(text), "row", i);
        }
    }
}

/* The name of its cookie: short, the same each time, and telling nothing. */
static void test_names(void **state)
{
    static const char *const keys[] = {
        "", "a", "b", "A", "request-token", "request-token2", "\xff",
    };
    char name[COUNT(keys)][TW_FLOW_NAME_LEN + 1];
    char again[TW_FLOW_NAME_LEN + 1];
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(keys); i++) {
        tw_flow_name(name[i], keys[i]);
        tw_flow_name(again, keys[i]);
        assert_string_equal(name[i], again);
        assert_int_equal(strlen(name[i]), TW_FLOW_NAME_LEN);
        assert_int_equal(strspn(name[i], "0123456789abcdef"),
                         TW_FLOW_NAME_LEN);
        for (j = 0; j < i; j++) {
            assert_string_not_equal(name[i], name[j]);
        }
    }
}

/* What is used is the pending key, wherever the flow wants to go. */
static void test_ids(void **state)
{
    tw_id_t a, b;
    tw_flow_t other = some;

    (void)state;
    tw_flow_id(&a, &some);
    other.next = "/other";
    other.started_at = 1;
    other.pending.secret = "other";
    tw_flow_id(&b, &other);
    assert_true(tw_id_equal(&a, &b));
    other.pending.key = "other";
    tw_flow_id(&b, &other);
    assert_false(tw_id_equal(&a, &b));
}

/* N8: sealed by an earlier build: begun on a server that is not upgraded yet,
 * a sign-in may end on one that is. */
static void test_of_the_version_before(void **state)
{
    static const char text[] =
        "AXFC9w-ff6_zRl90xYP2uSjQ0FvGjR3TGGXfm266a7yUgibEQia_rGz6dGld5AoG"
        "SWJKzgMRpbHXPNMqxdh5lbwvxpc7d_vnYl-VczkIZvrwT2sK57tJeWNRr0xYxNim"
        "qke7dyXN";
    tw_flow_t out;

    (void)state;
    assert_int_equal(open_text(&out, text), APR_SUCCESS);
    assert_true(out.started_at == some.started_at);
    assert_string_equal(out.pending.key, "request-token");
    assert_string_equal(out.pending.secret, "token-secret");
    assert_string_equal(out.next, "/members/?a=b#c");
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_of_the_version_before),
          cmocka_unit_test(test_round_trip),
          cmocka_unit_test(test_largest),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_bound_to_audience),
          cmocka_unit_test(test_is_no_session),
          cmocka_unit_test(test_keys),
          cmocka_unit_test(test_formats),
          cmocka_unit_test(test_names),
          cmocka_unit_test(test_ids))
