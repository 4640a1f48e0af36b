/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_language: tags, the direction of writing, and what a reader is given.
 */
#include "unit.h"

#include <apr_tables.h>

#include "base/language.h"

static void test_tags(void **state)
{
    static const struct {
        const char *text;
        int is;
    } rows[] = {
        { "de", 1 }, { "DE", 1 }, { "ckb", 1 }, { "pt-BR", 1 },
        { "zh-Hant-TW", 1 }, { "es-419", 1 }, { "de-1996", 1 },
        { "de-x-y", 1 }, { "sl-abcdefgh", 1 },
        { "az-AZ", 1 }, { "zz-ZZ", 1 }, { "Az-LATN", 1 },
        { "", 0 }, { "d", 0 }, { "abcd", 0 }, { "d1", 0 }, { "1d", 0 },
        { "de-", 0 }, { "-de", 0 }, { "de--AT", 0 }, { "de_AT", 0 },
        { "de-AT ", 0 }, { "sl-abcdefghi", 0 }, { "d@", 0 }, { "d[", 0 },
        { "d`", 0 }, { "d{", 0 }, { "../en", 0 }, { "d\xc3\xa9", 0 },
        { "german", 0 }, { "de AT", 0 }, { "de-/", 0 }, { "de-:", 0 },
        /* 35 and 36 characters */
        { "de-abcdefgh-abcdefgh-abcdefgh-abcde", 1 },
        { "de-abcdefgh-abcdefgh-abcdefgh-abcdef", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_language_ok(rows[i].text) == rows[i].is, "%s", rows[i].text);
    }
}

static void test_direction(void **state)
{
    static const struct {
        const char *tag, *direction;
    } rows[] = {
        { "en", "ltr" }, { "ar", "rtl" }, { "AR-eg", "rtl" }, { "he", "rtl" },
        { "iw", "rtl" }, { "ckb", "rtl" }, { "ckb-IQ", "rtl" },
        { "fa", "rtl" }, { "ur", "rtl" }, { "ps", "rtl" }, { "yi", "rtl" },
        { "a", "ltr" }, { "arn", "ltr" }, { "c", "ltr" }, { "de-AR", "ltr" },
        /* the script counts more than the language */
        { "ar-Latn", "ltr" }, { "az-Arab", "rtl" }, { "az-arab-IR", "rtl" },
        { "uz-Rohg", "rtl" }, { "en-Thaana", "ltr" }, { "az-Ara", "ltr" },
        { "ar-1234", "ltr" }, { "fa-IR", "rtl" }, { "pa-Arab-PK", "rtl" },
        { "ja", "ltr" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(!strcmp(tw_language_direction(rows[i].tag), rows[i].direction),
              "%s", rows[i].tag);
    }
}

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

static int choose(const char *accept)
{
    return tw_language_choose(tags_of("en de pt"), accept);
}

/* To the thousandth; what is malformed is none. */
static void test_weights(void **state)
{
    static const struct {
        const char *accept;
        int chosen;
    } rows[] = {
        { ",", 0 }, { "de,\tpt", 1 }, { "de , pt", 1 }, { "fr, de", 1 },
        { "pt;q=0.4, de;q=0.5", 1 }, { "pt;q=0.001, de;q=0.01", 1 },
        { "pt;q=0.19, de;q=0.2", 1 }, { "pt;q=0.199, de;q=0.2", 1 },
        { "de;q=1, pt", 1 }, { "de;q=1.000, pt", 1 }, { "de;q=1.5, pt", 1 },
        { "pt;q=0.999, de;q=1", 1 }, { "de; q=0.1, pt;\tq=0.2", 2 },
        { "de;q=0.000", 0 }, { "de;q=2", 0 }, { "de;q=/", 0 },
        { "de;q=-1", 0 }, { "de;q=0;x, pt;q=0.1", 2 },
        { "de;q=0.x9, pt;q=0.1", 2 }, { "de;q=0.1x9, pt;q=0.11", 2 },
        { "de;q=0:9, pt;q=0.1", 2 }, { "de;", 1 }, { "de;q", 1 },
        { "de;qx, pt", 1 }, { "de;q=0.5, *;q=0.4", 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int chosen = choose(rows[i].accept);

        CHECK(chosen == rows[i].chosen, "%s: %d", rows[i].accept, chosen);
    }
}

/* Nobody reads thirty languages, and none has a name of forty letters. */
static void test_much(void **state)
{
    char accept[] = "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
                    "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,";

    (void)state;
    assert_int_equal(strlen(accept), 29 * 3);
    assert_int_equal(choose(apr_pstrcat(pool, accept, "de", NULL)), 1);
    assert_int_equal(choose(apr_pstrcat(pool, accept, "fr,de", NULL)), 0);
    assert_int_equal(choose("de-abcdefgh-abcdefgh-abcdefgh-abcde"), 1);
    assert_int_equal(choose("de-abcdefgh-abcdefgh-abcdefgh-abcdef"), 0);
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_tags),
          cmocka_unit_test(test_direction),
          cmocka_unit_test(test_choice),
          cmocka_unit_test(test_weights),
          cmocka_unit_test(test_much))
