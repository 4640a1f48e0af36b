/* SPDX-License-Identifier: Apache-2.0 */
/* tw_profile: what people write of themselves, made fit to be shown. */

#include "unit.h"

#include "base/json.h"
#include "base/profile.h"

static void test_names(void **state)
{
    static const struct {
        const char *given, *clean;
    } rows[] = {
        { "", "" }, { "Jack", "Jack" }, { NULL, "" },
        { "Alice \xc3\x85ngstr\xc3\xb6m", "Alice \xc3\x85ngstr\xc3\xb6m" },
        { "\xd8\xaf\xdb\x8c\xd9\x88", "\xd8\xaf\xdb\x8c\xd9\x88" },
        /* a family in one sign, by zero width joiners; a flag by tags */
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
          "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7" },
        { "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf",
          "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf" },
        { "a\tb\rc", "a b c" },
        { "  a \t\r\n b  ", "a b" }, { " ", "" }, { "\n", "" },
        { "\xc2\xa0" "a\xe3\x80\x80\xe2\x80\x83" "b\xe2\x80\xa8" "c",
          "a b c" },
        { "a\x01\x1b[31m\x7f" "b", "a[31mb" },
        { "a\xc2\x80\xc2\x9f\xc2\x85" "b", "ab" },
        { "\xe2\x80\xae" "gnp.exe", "gnp.exe" },
        { "a\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c\xe2\x80\x8b" "b",
          "ab" },
        { "\xef\xbb\xbf" "a\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90"
          "\xf0\x9f\xbf\xbf\xf4\x8f\xbf\xbf" "b", "ab" },
        /* no UTF-8: too long, half of a pair, beyond the end, cut off */
        { "a\xff\xfe\x80" "b", "ab" }, { "a\xc0\xaf\xe0\x80\xaf" "b", "ab" },
        { "a\xed\xa0\x80" "b", "ab" }, { "a\xed\xbf\xbf" "b", "ab" },
        { "a\xee\x80\x80" "b", "a\xee\x80\x80" "b" },
        { "a\xf0\x8f\xbf\xbf" "b", "ab" }, { "a\xf4\x90\x80\x80" "b", "ab" },
        { "a\xf0\x9f\x98", "a" }, { "\xc3", "" }, { "a\xe2\x82" "bc", "abc" },
    };
    apr_pool_t *used = unit_subpool();
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_profile_t profile = { 1, rows[i].given, NULL, NULL, 7 };

        /* in memory that had something else in it */
        memset(apr_palloc(used, 4096), 'x', 4096);
        apr_pool_clear(used);
        tw_profile_clean(&profile, used);
        CHECK(unit_same(profile.name, rows[i].clean), "row %d: %s", i,
              profile.name);
        CHECK(!*profile.avatar && !*profile.email && profile.verified == 1,
              "row %d", i);
    }
}

/* It ends between two characters, and within what there is room for. */
static void test_long_names(void **state)
{
    static const char *const pieces[] = {
        "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "a ",
    };
    int i, before;

    (void)state;
    for (i = 0; i < COUNT(pieces); i++) {
        for (before = 0; before < 8; before++) {
            char text[2000];
            tw_profile_t profile = { 1, text, NULL, NULL, 0 };
            apr_size_t len = strlen(pieces[i]), got;
            char *end = text;

            while (end < text + before) {
                *end++ = 'x';
            }
            while (end + len < text + sizeof(text)) {
                end = apr_cpystrn(end, pieces[i], 8);
            }
            tw_profile_clean(&profile, pool);
            got = strlen(profile.name);
            CHECK(got <= TW_PROFILE_NAME_MAX && got + len
                  > TW_PROFILE_NAME_MAX, "%d, %d: %d", i, before, (int)got);
            CHECK(!strncmp(profile.name, text, got)
                  && (len < 2 || len == 2 || (got - (apr_size_t)before) % len
                      == 0), "%d, %d", i, before);
        }
    }
}

static void test_addresses(void **state)
{
    static const char long_[] =
        "https://pbs.twimg.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const struct {
        const char *avatar, *email;
        int avatar_good, email_good;
    } rows[] = {
        { "https://pbs.twimg.com/profile_images/1/a_normal.jpg",
          "jack@example.com", 1, 1 },
        { "http://127.0.0.1:8080/profile_images/a.svg", "a.b+c%d@e-f.g", 1,
          1 },
        { "javascript:alert(1)", "jack", 0, 0 },
        { "data:image/png;base64,AA", "@example.com", 0, 0 },
        { "//pbs.twimg.com/a", "jack@", 0, 0 },
        { "https://pbs.twimg.com/a b", "a b@example.com", 0, 0 },
        { "https://pbs.twimg.com/\"onerror=x", "\"a b\"@example.com", 0, 0 },
        { "https://pbs.twimg.com/a\nX: y", "a@example.com\nX: y", 0, 0 },
        { "https://pbs.twimg.com/<b>", "a@b@example.com", 0, 0 },
        { "https://pbs.twimg.com/\xc3\xa9", "\xc3\xa9@example.com", 0, 0 },
        { "https://user@pbs.twimg.com/a", "a@.example.com", 0, 0 },
        { "https://pbs.twimg.com/a'b", "a@example.com.", 0, 0 },
        { "https://pbs.twimg.com/a\\b", "a@ex_ample.com", 0, 0 },
        { long_, "a@[127.0.0.1]", 0, 0 },
        { "", "", 0, 0 },
    };
    tw_profile_t longest = { 1, "", apr_pstrmemdup(
        pool, long_, TW_PROFILE_AVATAR_MAX), "", 0 };
    int i;

    (void)state;
    assert_true(strlen(long_) > TW_PROFILE_AVATAR_MAX);
    tw_profile_clean(&longest, pool);
    assert_int_equal(strlen(longest.avatar), TW_PROFILE_AVATAR_MAX);
    for (i = 0; i < COUNT(rows); i++) {
        tw_profile_t profile = { 1, "", rows[i].avatar, rows[i].email, 0 };

        tw_profile_clean(&profile, pool);
        CHECK(!strcmp(profile.avatar, rows[i].avatar_good ? rows[i].avatar
                                                          : ""), "row %d", i);
        CHECK(!strcmp(profile.email, rows[i].email_good ? rows[i].email : ""),
              "row %d", i);
    }
}

static void test_images(void **state)
{
    static const struct {
        const char *url;
        int good;
    } rows[] = {
        { "https://pbs.twimg.com/a.jpg", 1 }, { "https://twimg.com/a", 1 },
        { "https://abs.twimg.com/sticky/default_normal.png", 1 },
        { "https://a.b.twimg.com/a", 1 },
        { "http://pbs.twimg.com/a.jpg", 0 }, { "https://pbs.twimg.com", 0 },
        { "https://pbs.twimg.com:444/a", 0 },
        { "https://eviltwimg.com/a", 0 }, { "https://.twimg.com.evil/a", 0 },
        { "https://pbs.twimg.com.evil.example/a", 0 },
        { "https://evil.example/pbs.twimg.com/a", 0 },
        { "https://pbs.twimg.com@evil.example/a", 0 },
        { "https://pbs.twimg.com?/a", 0 }, { "https:///a", 0 },
        { "http://127.0.0.1:8080/a.svg", 1 }, { "http://127.0.0.1:8080", 0 },
        { "http://127.0.0.1:80801/a.svg", 0 }, { "", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_profile_is_image(rows[i].url, "http://127.0.0.1:8080")
              == rows[i].good, "row %d", i);
    }
}

static void test_json(void **state)
{
    static const struct {
        const char *body;
        tw_profile_t profile;
    } rows[] = {
        { "{\"data\":{\"id\":\"1\",\"name\":\"J\\u00e9\",\"verified\":true,"
          "\"profile_image_url\":\"https://i/\",\"confirmed_email\":\"a@b\"}}",
          { 1, "J\xc3\xa9", "https://i/", "a@b", 1 } },
        { "{\"data\":{}}", { 1, NULL, NULL, NULL, 0 } },
        { "{\"data\":{\"name\":7,\"verified\":\"true\","
          "\"profile_image_url\":null,\"confirmed_email\":[]}}",
          { 1, NULL, NULL, NULL, 0 } },
        { "{\"data\":[]}", { 0, NULL, NULL, NULL, 0 } },
        { "{\"data\":{\"name\":\"\xff\"}}", { 0, NULL, NULL, NULL, 0 } },
        { "{\"data\":{\"name\":\"\\u0000\"}}", { 0, NULL, NULL, NULL, 0 } },
        { "", { 0, NULL, NULL, NULL, 0 } },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const tw_profile_t *want = &rows[i].profile;
        tw_profile_t got;

        tw_json_profile(&got, rows[i].body, strlen(rows[i].body), pool);
        CHECK(got.known == want->known && got.verified == want->verified
              && unit_same(got.name, want->name)
              && unit_same(got.avatar, want->avatar)
              && unit_same(got.email, want->email), "row %d: %d %s", i,
              got.known, unit_text(got.name));
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_names),
          cmocka_unit_test(test_long_names),
          cmocka_unit_test(test_addresses),
          cmocka_unit_test(test_images),
          cmocka_unit_test(test_json))
