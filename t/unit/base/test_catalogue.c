/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_catalogue: the sentences of another language.
 */

#include "unit.h"

#include "base/catalogue.h"

static apr_status_t read_text(tw_catalogue_t *catalogue, int *line,
                              const char *text, tw_err_t *err)
{
    memset(err, 0, sizeof(*err));
    return tw_catalogue_read(catalogue, line, text, strlen(text), pool, err);
}

static void test_good_text(void **state)
{
    tw_catalogue_t *c = tw_catalogue_make("de", pool);
    tw_err_t err;
    int line;

    (void)state;
    assert_int_equal(read_text(
        c, &line, "\xef\xbb\xbf# a remark\r\n\r\n  who={handle} <ist> da  \r\n"
        "\tsign-in.title =  \"Anmelden\" & \xc3\xa4 = {site}\n#", &err),
                     APR_SUCCESS);
    assert_string_equal(tw_catalogue_say(c, TW_SAY_WHO),
                        "{handle} &lt;ist&gt; da");
    assert_string_equal(tw_catalogue_say(c, TW_SAY_SIGN_IN_TITLE),
                        "&quot;Anmelden&quot; &amp; \xc3\xa4 = {site}");
    assert_string_equal(tw_catalogue_say(c, TW_SAY_SIGN_IN_TEXT),
                        "This page is for people who are signed in.");
    assert_non_null(strstr(tw_catalogue_missing(c, pool), "sign-in.text, "));
    assert_null(strstr(tw_catalogue_missing(c, pool), "sign-in.title"));
    /* nothing but the mark of UTF-8 is an empty file */
    assert_int_equal(read_text(c, &line, "\xef\xbb\xbf", &err),
                     APR_SUCCESS);
    /* read once more, it replaces */
    assert_int_equal(read_text(c, &line, "who = {handle}", &err),
                     APR_SUCCESS);
    assert_string_equal(tw_catalogue_say(c, TW_SAY_WHO), "{handle}");
}

/* Each fault names its line, and says what would be right. */
static void test_faults(void **state)
{
    static const struct { const char *text; int line; const char *says; }
    rows[] = {
        { "x", 1, "must be \"key = sentence\"" },
        { "\n\n= x", 3, "must be \"key = sentence\"" },
        { "# a\nsign-in.titel = x", 2, "did you mean sign-in.title?" },
        { "Sign-in.title = x", 1, "there is no such key" },
        { "who = {handle}\nwho = {handle}", 2, "stands here twice" },
        { "sign-in.title =", 1, "a sentence of 1 to 500 bytes" },
        { "who = x", 1, "must have {handle}" },
        { "who = {handle} {name}", 1, "nothing else" },
        { "sign-in.title = {handle}", 1, "nothing else" },
        { "sign-in.title = {}", 1, "nothing else" },
        { "who = {handle} }", 1, "braces around placeholders only" },
        { "who = {handle} {", 1, "braces around placeholders only" },
        { "who = {{handle}}", 1, "must have {handle}" },
        { "who = {handle} \xff", 1, "UTF-8" },
        { "who = {handle}\n\xc3", 2, "UTF-8" },
        { "who = {handle} \xc0\xaf", 1, "UTF-8" },
        { "who = {handle} \xed\xa0\x80", 1, "UTF-8" },
        { "who = {handle} \xf4\x90\x80\x80", 1, "UTF-8" },
        { "who = {handle} \xf0\x8f\xbf\xbf", 1, "UTF-8" },
        { "who = {hangle}", 1, "must have {handle}" },
        { "who = {handle} \xe2\x82", 1, "UTF-8" },
        { "who = {handle} \x1b", 1, "control" },
        { "who = {handle} \x7f", 1, "control" },
        { "who = {handle} \xc2\x85", 1, "control" },
        { "who = {handle}\rwho.unnamed = x", 1, "control" },
    };
    tw_err_t err;
    int i, line;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_status_t rv = read_text(tw_catalogue_make("de", pool), &line,
                                    rows[i].text, &err);

        CHECK(rv != APR_SUCCESS, "row %d: accepted", i);
        CHECK(line == rows[i].line, "row %d: line %d", i, line);
        CHECK(strstr(err.why, rows[i].says), "row %d: %s", i, err.why);
    }
}

static void test_nul_and_length(void **state)
{
    tw_catalogue_t *c = tw_catalogue_make("de", pool);
    char *text = apr_palloc(pool, 600);
    tw_err_t err = { 0 };
    int line;

    (void)state;
    assert_int_not_equal(tw_catalogue_read(c, &line, "who = {handle}\0", 15,
                                           pool, &err), APR_SUCCESS);
    memset(text, 'x', 600);
    memcpy(text, "csrf.text = ", 12);
    text[512] = '\0';
    assert_int_equal(read_text(c, &line, text, &err), APR_SUCCESS);
    text[512] = 'x';
    text[513] = '\0';
    assert_int_not_equal(read_text(c, &line, text, &err), APR_SUCCESS);
}

/* No row is forgotten, and English needs no HTML written for it. */
static void test_table(void **state)
{
    int say;

    (void)state;
    for (say = TW_SAY_NOTHING + 1; say < TW_SENTENCES; say++) {
        const tw_sentence_t *s = tw_sentence((tw_say_t)say);

        CHECK(s->key && s->english, "row %d", say);
        CHECK(!strpbrk(s->english, "<>&\""), "%s", s->key);
        assert_int_equal(tw_sentence_of(s->key, strlen(s->key)), say);
    }
    assert_int_equal(tw_sentence_of("", 0), TW_SAY_NOTHING);
    assert_int_equal(tw_sentence_of("who.", 4), TW_SAY_NOTHING);
}

/* The first and the last of each length, and what stands next to them. */
static void test_text(void **state)
{
    static const struct {
        const char *text;
        int is;
    } rows[] = {
        { "", 1 }, { " ~", 1 }, { "\t", 1 }, { "\x1f", 0 }, { "\x7f", 0 },
        { "\n", 0 }, { "\x80", 0 }, { "\xc1\xbf", 0 },
        { "\xc2\x9f", 0 }, { "\xc2\xa0", 1 }, { "\xc3\x80", 1 },
        { "\xdf\xbf", 1 }, { "\xd0\x80", 1 }, { "\xc3", 0 }, { "\xc3" "a", 0 },
        { "\xc3\xc0", 0 }, { "\xe0\x9f\xbf", 0 }, { "\xe0\xa0\x80", 1 },
        { "\xe1\x80\x80", 1 }, { "\xec\x95\x9c", 1 }, { "\xed\x95\x9c", 1 },
        { "\xed\x9f\xbf", 1 }, { "\xed\xa0\x80", 0 }, { "\xee\x80\x80", 1 },
        { "\xef\xbf\xbd", 1 }, { "\xe2\x82", 0 }, { "\xe2\x82" "a", 0 },
        { "\xe2" "a\x82", 0 }, { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf0\x90\x80\x80", 1 }, { "\xf0\x9f\x98\x80", 1 },
        { "\xf1\x80\x80\x80", 1 }, { "\xf4\x8f\xbf\xbf", 1 },
        { "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
        { "\xf0\x9f\x98", 0 }, { "\xf0\x9f\x98" "a", 0 }, { "\xff", 0 },
        { "a\xc3\xa9" "b\xe2\x82\xac" "c\xf0\x9f\x98\x80" "d", 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_catalogue_is_text(rows[i].text, strlen(rows[i].text))
              == rows[i].is, "row %d", i);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_text),
          cmocka_unit_test(test_good_text),
          cmocka_unit_test(test_faults),
          cmocka_unit_test(test_nul_and_length),
          cmocka_unit_test(test_table))
