/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_catalogue and tw_language: which sentences, and in which language.
 */

#include "unit.h"

#include "base/catalogue.h"
#include "base/language.h"

static apr_array_header_t *tags_of(const char *list)
{
    apr_array_header_t *tags = apr_array_make(pool, 8, sizeof(const char *));
    char *text = apr_pstrdup(pool, list), *last;
    char *tag = apr_strtok(text, " ", &last);

    for (; tag; tag = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(tags, const char *) = tag;
    }
    return tags;
}

/* RFC 9110 section 12.5.4, RFC 4647 section 3.4. */
static void test_choice(void **state)
{
    static const struct { const char *tags, *accept, *chosen; } rows[] = {
        { "en de", NULL, "en" },
        { "en de", "", "en" },
        { "en de", "de", "de" },
        { "en de", "DE", "de" },
        { "en de", "de-AT", "de" },
        { "en de", "de-Latn-AT-1996", "de" },
        { "en de", "den", "en" },
        { "en de", "d", "en" },
        { "en de", "nl", "en" },
        { "en de fr", "nl, fr;q=0.4, de;q=0.7", "de" },
        { "en de fr", "fr, de", "fr" },
        { "en de fr", "de;q=0.5,fr;q=0.5", "de" },
        { "en de fr", "de;q=0, fr;q=0.001", "fr" },
        { "en de fr", "de;q=0", "en" },
        { "en de fr", "de ; q=0.2 , fr ; q=0.3", "fr" },
        { "en de fr", "de;q=0.2;x=1, fr;q=0.25", "fr" },
        { "en de fr", "de;Q=0.2, fr;q=1.000", "fr" },
        { "en de fr", "de;q=zz, fr;q=0.1", "fr" },
        { "en de fr", "de;q=, fr;q=0.1", "fr" },
        { "en de fr", "de;level=1", "de" },
        { "en de fr", "de;x=0, fr;q=0.5", "de" },
        { "en de fr", "*", "en" },
        { "en de fr", "*;q=0.5, de;q=0.4", "en" },
        { "en de fr", "*;q=0.1, de;q=0.4", "de" },
        { "en de fr", ",,, ,de,,", "de" },
        { "en de fr", ";;;,de", "de" },
        { "en de fr", " \t de", "de" },
        { "en pt-BR", "pt", "pt-BR" },
        { "en pt-BR", "pt-PT", "en" },
        { "en pt-BR pt", "pt-br", "pt-BR" },
        { "en pt pt-BR", "pt-BR", "pt-BR" },
        { "en pt pt-BR", "pt-PT", "pt" },
        { "en zh-Hant zh", "zh-Hant-TW, zh;q=0.9", "zh-Hant" },
        { "en de", "\xff\xfe, de;q=0.9", "de" },
        { "en de", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, de",
          "de" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *tags = tags_of(rows[i].tags);
        int chosen = tw_language_choose(tags, rows[i].accept);

        CHECK(!strcmp(APR_ARRAY_IDX(tags, chosen, const char *),
                      rows[i].chosen), "row %d: %s", i,
              APR_ARRAY_IDX(tags, chosen, const char *));
    }
}

/* However long it is, thirty of its elements count. */
static void test_choice_is_bounded(void **state)
{
    char *accept = apr_pcalloc(pool, 200001);
    int i;

    (void)state;
    for (i = 0; i < 50000; i++) {
        memcpy(accept + 4 * i, "nl, ", 4);
    }
    memcpy(accept + 199996, "de", 3);
    assert_int_equal(tw_language_choose(tags_of("en de"), accept), 0);
}

static void test_tags(void **state)
{
    static const char *const good[] = {
        "de", "yue", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "sl-rozaj",
        "Az-LATN",
        "ZA"
    };
    static const char *const bad[] = {
        "", "d", "german", "d1", "de-", "-de", "de--AT", "de_AT", "de AT",
        "de-abcdefghi", "../en", "de/x", "d\xc3\xa9",
        "de-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"
    };
    static const char *const rtl[] = {
        "ar", "he", "fa-IR", "ur", "az-Arab", "pa-Arab-PK", "ckb"
    };
    static const char *const ltr[] = { "en", "de", "ja", "ar-Latn", "arn" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        CHECK(tw_language_ok(good[i]), "refused: %s", good[i]);
    }
    for (i = 0; i < COUNT(bad); i++) {
        CHECK(!tw_language_ok(bad[i]), "accepted: %s", bad[i]);
    }
    for (i = 0; i < COUNT(rtl); i++) {
        CHECK(!strcmp(tw_language_direction(rtl[i]), "rtl"), "%s", rtl[i]);
    }
    for (i = 0; i < COUNT(ltr); i++) {
        CHECK(!strcmp(tw_language_direction(ltr[i]), "ltr"), "%s", ltr[i]);
    }
}

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

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_choice),
          cmocka_unit_test(test_choice_is_bounded),
          cmocka_unit_test(test_tags),
          cmocka_unit_test(test_good_text),
          cmocka_unit_test(test_faults),
          cmocka_unit_test(test_nul_and_length),
          cmocka_unit_test(test_table))
