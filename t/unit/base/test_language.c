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
        { "az-AZ", 1 }, { "zz-ZZ", 1 },
        { "", 0 }, { "d", 0 }, { "abcd", 0 }, { "d1", 0 }, { "1d", 0 },
        { "de-", 0 }, { "-de", 0 }, { "de--AT", 0 }, { "de_AT", 0 },
        { "de-AT ", 0 }, { "sl-abcdefghi", 0 }, { "d@", 0 }, { "d[", 0 },
        { "d`", 0 }, { "d{", 0 }, { "de-/", 0 }, { "de-:", 0 },
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
        { "ar-1234", "ltr" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(!strcmp(tw_language_direction(rows[i].tag), rows[i].direction),
              "%s", rows[i].tag);
    }
}

static int choose(const char *accept)
{
    static const char *const known[] = {
        "en", "de", "de-CH", "pt-BR", "pt-PT", "zh-Hant"
    };
    apr_array_header_t *tags = apr_array_make(pool, COUNT(known),
                                              sizeof(const char *));
    int i;

    for (i = 0; i < COUNT(known); i++) {
        APR_ARRAY_PUSH(tags, const char *) = known[i];
    }
    return tw_language_choose(tags, accept);
}

static void test_choice(void **state)
{
    static const struct {
        const char *accept;
        int chosen;
    } rows[] = {
        { NULL, 0 }, { "", 0 }, { ",", 0 }, { "fr", 0 }, { "*", 0 },
        { "de", 1 }, { "DE", 1 }, { "de-AT", 1 }, { "de-CH", 2 },
        { "de-CH-1996", 2 }, { "de-CHX", 1 }, { "d", 0 }, { "den", 0 },
        { "pt", 3 }, { "pt-PT", 4 }, { "pt-AO", 0 }, { "zh", 5 },
        { "zh-TW", 0 }, { "zh-Hant-TW", 5 },
        /* the first of those that are wanted as much */
        { "de, en", 1 }, { "en, de", 0 }, { "fr, de", 1 }, { "fr,\tde", 1 },
        { "de;q=0.5, pt", 3 }, { "pt;q=0.5, de;q=0.4", 3 },
        { "pt;q=0.4, de;q=0.5", 1 }, { "pt;q=0.001, de;q=0.01", 1 },
        { "pt;q=0.19, de;q=0.2", 1 }, { "pt;q=0.199, de;q=0.2", 1 },
        { "de;q=1, pt", 1 }, { "de;q=1.000, pt", 1 }, { "de;q=1.5, pt", 1 },
        { "pt;q=0.999, de;q=1", 1 }, { "de , pt", 1 },
        { "de; q=0.1, pt;\tq=0.2", 3 }, { "de;Q=0.1, pt;q=0.2", 3 },
        /* not at all, and what is none */
        { "de;q=0", 0 }, { "de;q=0.000", 0 }, { "de;q=", 0 },
        { "de;q=2", 0 }, { "de;q=x", 0 }, { "de;q=/", 0 }, { "de;q=-1", 0 },
        { "de;q=0;x, pt;q=0.1", 3 }, { "de;q=0.x9, pt;q=0.1", 3 },
        { "de;q=0.1x9, pt;q=0.11", 3 }, { "de;q=0:9, pt;q=0.1", 3 },
        /* another parameter is no weight */
        { "de;x=0.1, pt;q=0.9", 1 }, { "de;", 1 }, { "de;q", 1 },
        { "de;qx, pt", 1 },
        /* "*" is the first, if nothing else is wanted more */
        { "*;q=0.5, de;q=0.4", 0 }, { "de;q=0.5, *;q=0.4", 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int chosen = choose(rows[i].accept);

        CHECK(chosen == rows[i].chosen, "%s: %d", unit_text(rows[i].accept),
              chosen);
    }
}

/* Nobody reads thirty languages, and none has a name of forty letters. */
static void test_much(void **state)
{
    char accept[200] = "";
    int i;

    (void)state;
    for (i = 0; i < 29; i++) {
        strcat(accept, "fr,");
    }
    assert_int_equal(choose(apr_pstrcat(pool, accept, "de", NULL)), 1);
    assert_int_equal(choose(apr_pstrcat(pool, accept, "fr,de", NULL)), 0);
    assert_int_equal(choose("de-abcdefgh-abcdefgh-abcdefgh-abcde"), 1);
    assert_int_equal(choose("de-abcdefgh-abcdefgh-abcdefgh-abcdef"), 0);
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_tags),
          cmocka_unit_test(test_direction),
          cmocka_unit_test(test_choice),
          cmocka_unit_test(test_much))
