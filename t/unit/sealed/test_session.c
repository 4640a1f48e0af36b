/* SPDX-License-Identifier: Apache-2.0 */
/* tw_session: a session and its sealed copy. */

#include <stdio.h>

#include "sealed.h"

#include "sealed/session.h"

#define REALM "www.example.com"

static tw_ring_t *ring;

static void prepare(void)
{
    sealed_prepare();
    ring = ring_of(KEY1, KEY2, NULL);
}

static const tw_session_t jack = {
    { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 } }, 12,
    "6253282", "jack", "Jack_1",
    APR_TIME_C(1790000000000000), APR_TIME_C(1790604800000000),
    APR_TIME_C(1790000000123000), 0, APR_TIME_C(1790000060999000), 0, 0, 0,
    { { 0 } }
};

static apr_status_t open_text(tw_session_t *session, const char *text)
{
    return tw_session_open(session, NULL, SEALER(ring, TW_SEAL_SESSION, REALM),
                           text, strlen(text), pool);
}

static void check_same(const tw_session_t *a, const tw_session_t *b)
{
    assert_true(tw_id_equal(&a->id, &b->id));
    assert_true(a->account == b->account);
    assert_string_equal(a->twitter_id, b->twitter_id);
    assert_string_equal(a->username, b->username);
    assert_string_equal(a->screen_name, b->screen_name);
    assert_true(a->signed_in_at == b->signed_in_at);
    assert_true(a->expires_at == b->expires_at);
    assert_true(a->checked_at == b->checked_at);
    assert_true(a->last_seen == b->last_seen);
}

static void test_round_trip(void **state)
{
    static const char sixty_four[] =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij._";
    static const struct {
        apr_int64_t account;
        const char *twitter_id, *username, *screen_name;
    } rows[] = {
        { 1, "1", "a", "a" },
        { 12, "6253282", "jack", "" },
        { APR_INT64_MAX, "18446744073709551615", "jack.6253282", "Jack" },
        { 0, "", "", "" },
        { -1, "1", "\xc3\xa9", "a b" },
        { 1, sixty_four, sixty_four, sixty_four },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_session_t in = jack, out;
        char *text;

        in.account = rows[i].account;
        in.twitter_id = rows[i].twitter_id;
        in.username = rows[i].username;
        in.screen_name = rows[i].screen_name;
        text = tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM),
                               pool);
        CHECK(strlen(text) <= TW_SESSION_TEXT_MAX, "row %d: %d characters",
              i, (int)strlen(text));
        CHECK(open_text(&out, text) == APR_SUCCESS, "row %d", i);
        check_same(&out, &in);
    }
}

/* Kept to the millisecond, cut and not rounded. */
static void test_times(void **state)
{
    static const struct {
        apr_time_t in, out;
    } rows[] = {
        { 0, 0 }, { 999, 0 }, { 1000, 1000 }, { 1999, 1000 },
        { APR_TIME_C(1790000000123456), APR_TIME_C(1790000000123000) },
        { APR_TIME_C(4294967296000000), APR_TIME_C(4294967296000000) },
        { APR_TIME_C(253402300799999999), APR_TIME_C(253402300799999000) },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_session_t in = jack, out;

        in.signed_in_at = rows[i].in;
        in.expires_at = rows[COUNT(rows) - 1 - i].in;
        in.checked_at = rows[i].in;
        in.last_seen = 0;
        open_text(&out, tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION,
                                        REALM), pool));
        assert_true(out.signed_in_at == rows[i].out);
        assert_true(out.expires_at == rows[COUNT(rows) - 1 - i].out);
        assert_true(out.checked_at == rows[i].out);
        assert_true(out.last_seen == 0);
    }
}

static void test_names_too_long(void **state)
{
    char name[TW_USERNAME_MAX + 2];
    int i;

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (i = 0; i < 3; i++) {
        tw_session_t in = jack;

        *(i == 0 ? &in.twitter_id : i == 1 ? &in.username
          : &in.screen_name) = name;
        assert_null(tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM),
                                    pool));
    }
}

static apr_status_t open_spoiled(const char *text, apr_size_t len,
                                 apr_pool_t *sub)
{
    static const tw_session_t zero;
    tw_session_t session;
    apr_status_t rv = tw_session_open(&session, NULL, SEALER(ring,
                                      TW_SEAL_SESSION, REALM), text, len, sub);

    if (rv != APR_SUCCESS && memcmp(&session, &zero, sizeof(zero))) {
        return APR_SUCCESS;     /* something came out nevertheless */
    }
    return rv;
}

static void test_any_change_is_void(void **state)
{
    tw_session_t other = jack;
    int i;

    (void)state;
    other.username = "jill";
    /* names of three lengths, for the three ends that base64 has */
    for (i = 0; i < 3; i++) {
        other.screen_name = &"xyz"[i];
        sealed_spoil(open_spoiled,
                     tw_session_seal(&other, SEALER(ring, TW_SEAL_SESSION,
                                     REALM), pool),
                     tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION,
                                     REALM), pool));
    }
}

static void test_too_long_is_void(void **state)
{
    char text[TW_SESSION_TEXT_MAX + 100];
    int len;

    (void)state;
    memset(text, 'A', sizeof(text));
    for (len = TW_SESSION_TEXT_MAX - 2; len < (int)sizeof(text); len++) {
        sealed_void(open_spoiled, text, (apr_size_t)len, "length", len);
    }
}

static void test_bound_to_realm_and_purpose(void **state)
{
    static const char *const realms[] = {
        "", "example.com", "www.example.com:443", "WWW.EXAMPLE.COM",
        "www.example.co", "www.example.comm",
    };
    tw_session_t out;
    char *text;
    int i;

    (void)state;
    for (i = 0; i < COUNT(realms); i++) {
        text = tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION, realms[i]),
                               pool);
        CHECK(open_text(&out, text) == APR_EINVAL, "%s", realms[i]);
    }
    text = tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION, REALM), pool);
    for (i = 1; i <= TW_SEAL_PURPOSES; i++) {
        unsigned char *plain;
        apr_size_t len;

        assert_int_equal(unseal_with(&plain, &len, NULL, SEALER(ring,
                                     TW_SEAL_SESSION, REALM), text,
                                     strlen(text), pool), APR_SUCCESS);
        text = tw_seal(SEALER(ring, (tw_seal_purpose_t)i, REALM), plain, len,
                       pool);
        CHECK(open_text(&out, text)
              == (i == TW_SEAL_SESSION ? APR_SUCCESS : APR_EINVAL),
              "purpose %d", i);
        text = tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION, REALM),
                               pool);
    }
}

static void test_keys(void **state)
{
    tw_session_t out;
    char *text = tw_session_seal(&jack, SEALER(ring_of(KEY2, NULL, NULL),
                                 TW_SEAL_SESSION, REALM), pool);

    (void)state;
    assert_int_equal(tw_session_open(&out, NULL, SEALER(ring, TW_SEAL_SESSION,
                                     REALM), text, strlen(text), pool),
                              APR_SUCCESS);
    assert_int_equal(out.stale, 1);
    text = tw_session_seal(&jack, SEALER(ring_of(KEY3, NULL, NULL),
                           TW_SEAL_SESSION, REALM), pool);
    assert_int_equal(tw_session_open(&out, NULL, SEALER(ring, TW_SEAL_SESSION,
                                     REALM), text, strlen(text), pool),
                              APR_ENOENT);
    text = tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION, REALM), pool);
    assert_int_equal(tw_session_open(&out, NULL, SEALER(ring, TW_SEAL_SESSION,
                                     REALM), text, strlen(text), pool),
                              APR_SUCCESS);
    assert_int_equal(out.stale, 0);
}

/* AC-11.  1 format, 16 id, 4 times of 6 */
#define FIXED 41

/* Well sealed, but not what this version writes: no session. */
static void test_formats(void **state)
{
    static const struct {
        int format;
        const char *rest;       /* the account and the texts */
        apr_size_t len;
        int good;
    } rows[] = {
        { 2, "\1\7\1a\0\1b\0\1c", 11, 1 },
        { 2, "\1\7\1a\0\1b", 8, 1 },          /* the screen name is "b" */
        { 2, "\0\0\0\0\0\0\0", 7, 1 },
        { 2, "\0\0\0\0\0", 5, 1 },
        { 2, "\0\2ab\0\0\0\0", 9, 1 },
        { 2, "\1\0\1a\0\1b\0\1c", 11, 1 },     /* a number with a zero */
        { 2, "\10\377\1\1\1\1\1\1\1\1a\0\1b\0\1c", 18, 1 },
        { 0, "\1\7\1a\0\1b\0\1c", 11, 0 },
        { 1, "\1\7\1a\0\1b\0\1c", 11, 0 },
        { 3, "\1\7\1a\0\1b\0\1c", 11, 0 },
        { 255, "\1\7\1a\0\1b\0\1c", 11, 0 },
        { 3, "\1\1\7\1a\0\1b\0\1c", 12, 1 },
        { 3, "\0\1\7\1a\0\1b", 9, 1 },
        { 3, "\6\0\0\0\0\0", 6, 1 },         /* remembered, confirmed */
        { 3, "\0\0\0\0\0\0\1\1x", 10, 1 },  /* a field */
        { 3, "\0\0\0\0\0\0\376\1x\0\1\0", 13, 1 },  /* not known */
        { 3, "\1\1\7\1a\0\1b", 9, 0 },       /* no third text */
        { 3, "\0\1\7\1a\0\1b\0\1c", 12, 0 },   /* a third text */
        { 3, "", 0, 0 }, { 3, "\0", 1, 0 },
        { 3, "\0\0\0\0\0\0\1", 7, 0 },
        { 3, "\0\0\0\0\0\0\1\1", 8, 0 },
        { 3, "\0\0\0\0\0\0\1\1x", 9, 0 },
        { 3, "\0\0\0\0\0\0\1\377x\0", 10, 0 },
        { 3, "\0\0\0\0\0\0\1\1xy", 10, 0 },
        { 2, "", 0, 0 },
        { 2, "\0", 1, 0 },
        { 2, "\1", 1, 0 },                     /* an account that is cut */
        { 2, "\1\7", 2, 0 },
        { 2, "\10\1\1\1\1\1\1\1", 8, 0 },
        { 2, "\11\1\1\1\1\1\1\1\1\1\1a\0\1b\0\1c", 19, 0 },
        { 2, "\377\1\1\1\1\1\1\1\1a\0\1b\0\1c", 17, 0 },
        { 2, "\0\0\0", 3, 0 },                /* one text alone */
        { 2, "\0\0\0\0", 4, 0 },
        { 2, "\0\0\0\0\0\0", 6, 0 },
        { 2, "\0\0\0\0\0\0\0\0", 8, 0 },    /* more than three texts */
        { 2, "\0\0\0\0\0\0\0\0\0", 9, 0 },
        { 2, "\0\1a\0\1b\0\1c", 9, 0 },      /* without the last NUL */
        { 2, "\0\1a\0\1b\0\1cd", 10, 0 },
        { 2, "\0\2a\0\0\1b\0\1c", 11, 0 },    /* a NUL inside */
        { 2, "\0\1a\0\1b\0\2c\0", 10, 0 },    /* longer than there is */
        { 2, "\0\377a\0\1b\0\1c", 10, 0 },
        { 2, "\0\1a\0\1b\0\377c", 10, 0 },
        { 2, "\0\0a\0\1b\0\1c", 10, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        unsigned char plain[FIXED + 24] = { 0 };
        tw_session_t out;
        char *text;

        plain[0] = (unsigned char)rows[i].format;
        memcpy(plain + FIXED, rows[i].rest, rows[i].len);
        text = tw_seal(SEALER(ring, TW_SEAL_SESSION, REALM), plain,
                       FIXED + rows[i].len, pool);
        CHECK(open_text(&out, text)
              == (rows[i].good ? APR_SUCCESS : APR_EINVAL), "row %d", i);
        if (!rows[i].good) {
            sealed_void(open_spoiled, text, strlen(text), "row", i);
        }
    }
}

/* Who has nothing more to say has the shorter format. */
static void test_format_2(void **state)
{
    tw_session_t in = jack;
    tw_plain_t plain;
    char *text;

    (void)state;
    text = tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM), pool);
    tw_unseal(&plain, SEALER(ring, TW_SEAL_SESSION, REALM), text,
              strlen(text), pool);
    assert_int_equal(plain.data[0], 2);
    in.confirmed = 1;
    text = tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM), pool);
    tw_unseal(&plain, SEALER(ring, TW_SEAL_SESSION, REALM), text,
              strlen(text), pool);
    assert_int_equal(plain.data[0], 3);
}

/* Well sealed, and of fields that are not known, but longer than any. */
static void test_many_fields(void **state)
{
    unsigned char plain[FIXED + 6 + 6 * 258] = { 3 };
    tw_session_t out;
    char *text;
    int fields;

    (void)state;
    for (fields = 0; fields < 6; fields++) {
        memcpy(plain + FIXED + 6 + fields * 258, "\310\377", 2);
    }
    for (fields = 0; fields <= 6; fields++) {
        text = tw_seal(SEALER(ring, TW_SEAL_SESSION, REALM), plain,
                       (apr_size_t)(FIXED + 6 + fields * 258), pool);
        CHECK((open_text(&out, text) == APR_SUCCESS)
              == (strlen(text) <= TW_SESSION_TEXT_MAX), "%d fields", fields);
    }
    assert_true(strlen(text) > TW_SESSION_TEXT_MAX);
}

/* What a copy has besides: sealed where it is set, and in format 3 alone. */
static void test_fields(void **state)
{
    static const struct {
        const char *screen_name, *text;
        apr_size_t len;
        int remembered, confirmed;
    } rows[] = {
        { "jack", NULL, 0, 0, 0 }, { "Jack", NULL, 0, 1, 0 },
        { "jack", NULL, 0, 0, 1 }, { "jack", "", 0, 0, 0 },
        { "Jack", "\3\0\1", 3, 1, 1 }, { "", "abcdef", 6, 0, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_field_text_t field = { rows[i].text, rows[i].len };
        tw_session_t in = jack, out;

        in.screen_name = rows[i].screen_name;
        in.remembered = rows[i].remembered;
        in.confirmed = rows[i].confirmed;
        in.field[TW_FIELD_SEEN_FROM] = field;
        CHECK(open_text(&out, tw_session_seal(&in, SEALER(ring,
                                              TW_SEAL_SESSION, REALM), pool))
              == APR_SUCCESS, "row %d", i);
        check_same(&out, &in);
        assert_int_equal(out.remembered, in.remembered);
        assert_int_equal(out.confirmed, in.confirmed);
        field = out.field[TW_FIELD_SEEN_FROM];
        assert_int_equal(field.len, rows[i].len);
        assert_int_equal(field.text != NULL, rows[i].text != NULL);
        if (rows[i].text) {
            assert_memory_equal(field.text, rows[i].text, rows[i].len);
            assert_int_equal(field.text[field.len], 0);
        }
    }
}

/* A profile goes into a copy and comes out of it; of one that is not known, and
 * of what it does not have, nothing is there. */
static void test_profile(void **state)
{
    static const tw_profile_t rows[] = {
        { 1, "Alice \xc3\x85", "https://pbs.twimg.com/a.jpg", "a@b.c", 1 },
        { 1, "", "", "", 0 }, { 1, "", "", "a@b.c", 1 },
        { 0, "not", "to be", "seen", 1 },
    };
    char longest[TW_PROFILE_EMAIL_MAX + 1];
    tw_profile_t most = { 1, longest, longest, longest, 1 };
    tw_session_t in = jack, out;
    tw_profile_t got;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const tw_profile_t *row = &rows[i];

        tw_session_set_profile(&in, row);
        assert_int_equal(open_text(&out, tw_session_seal(
            &in, SEALER(ring, TW_SEAL_SESSION, REALM), pool)), APR_SUCCESS);
        tw_session_profile(&got, &out);
        CHECK(got.known == row->known
              && !strcmp(got.name, row->known ? row->name : "")
              && !strcmp(got.avatar, row->known ? row->avatar : "")
              && !strcmp(got.email, row->known ? row->email : "")
              && got.verified == (row->known && row->verified), "row %d", i);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    tw_session_set_profile(&in, &most);
    assert_true(strlen(tw_session_seal(
        &in, SEALER(ring, TW_SEAL_SESSION, REALM), pool))
        <= TW_SESSION_TEXT_MAX);
}

static void test_field_too_long(void **state)
{
    char text[257];
    tw_session_t in = jack;

    (void)state;
    memset(text, 'a', sizeof(text));
    in.field[TW_FIELD_SEEN_FROM].text = text;
    in.field[TW_FIELD_SEEN_FROM].len = 255;
    assert_non_null(tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM),
                                    pool));
    in.field[TW_FIELD_SEEN_FROM].len = 256;
    assert_null(tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM),
                                pool));
}

/* Most have the same name twice: it travels once. */
static void test_same_name_is_short(void **state)
{
    tw_session_t in = jack, out;
    apr_size_t different, same;

    (void)state;
    in.screen_name = "jacK";
    different = strlen(tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION,
                                       REALM), pool));
    in.screen_name = in.username;
    same = strlen(tw_session_seal(&in, SEALER(ring, TW_SEAL_SESSION, REALM),
                                  pool));
    assert_true(same + 7 <= different);
    assert_int_equal(open_text(&out, tw_session_seal(&in, SEALER(ring,
                                                     TW_SEAL_SESSION, REALM),
                                                     pool)),
                     APR_SUCCESS);
    check_same(&out, &in);
}

/* Well sealed, but cut before: at no length is it a session. */
static void test_every_cut_plain_is_void(void **state)
{
    char *text = tw_session_seal(&jack, SEALER(ring, TW_SEAL_SESSION, REALM),
                                 pool);
    unsigned char *plain;
    apr_size_t len, cut;

    (void)state;
    assert_int_equal(unseal_with(&plain, &len, NULL, SEALER(ring,
                                 TW_SEAL_SESSION, REALM), text, strlen(text),
                                 pool), APR_SUCCESS);
    for (cut = 0; cut < len; cut++) {
        text = tw_seal(SEALER(ring, TW_SEAL_SESSION, REALM), plain, cut, pool);
        if (cut == len - strlen(jack.screen_name) - 2) {
            continue;           /* a session whose names are the same */
        }
        sealed_void(open_spoiled, text, strlen(text), "cut", (int)cut);
    }
}

/* N8: sealed by an earlier build.  Servers of two versions stand beside each
 * other while one after the other is upgraded. */
static void test_of_the_version_before(void **state)
{
    static const char text[] =
        "AXFC9wwp48d3OCK-3VbkzeWaRhEZOuZnSzjGKuai5XXPQS5e_0aJAMcjP0z--NFG"
        "7L61vb2wPEnsQcYQZyneVfeO82jaOAy6j7ik234Av0bvamliURuoMgxtZ8ZnVst0"
        "h-YkCgjGCJmzNwYe2IY";
    tw_session_t out;

    (void)state;
    assert_int_equal(open_text(&out, text), APR_SUCCESS);
    assert_true(tw_id_equal(&out.id, &jack.id));
    assert_true(out.account == 12 && out.signed_in_at == jack.signed_in_at);
    assert_string_equal(out.twitter_id, "6253282");
    assert_string_equal(out.username, "jack");
    assert_string_equal(out.screen_name, "Jack_1");
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_of_the_version_before),
          cmocka_unit_test(test_round_trip),
          cmocka_unit_test(test_times),
          cmocka_unit_test(test_names_too_long),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_too_long_is_void),
          cmocka_unit_test(test_bound_to_realm_and_purpose),
          cmocka_unit_test(test_keys),
          cmocka_unit_test(test_formats),
          cmocka_unit_test(test_format_2),
          cmocka_unit_test(test_many_fields),
          cmocka_unit_test(test_fields),
          cmocka_unit_test(test_profile),
          cmocka_unit_test(test_field_too_long),
          cmocka_unit_test(test_same_name_is_short),
          cmocka_unit_test(test_every_cut_plain_is_void))
