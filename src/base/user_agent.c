/* SPDX-License-Identifier: Apache-2.0 */
#include "base/user_agent.h"

#include <string.h>

#include <apr.h>

/*
 * Beginnings of words.  The first row of which there is a word counts: who
 * says Edg/ says Chrome/ as well, who says Chrome/ says Safari/, and
 * applications say all of them before their own name.
 */
static const struct {
    const char *word;
    tw_family_t family;
} rows[] = {
    /* films, in their system's player, with the browser's cookies */
    { "AppleCoreMedia/", TW_FAMILY_ANY }, { "stagefright/", TW_FAMILY_ANY },
    { "wv)", TW_FAMILY_APP },           /* Android's WebView says so */
    { "FBAN/", TW_FAMILY_APP }, { "FBAV/", TW_FAMILY_APP },
    { "Instagram", TW_FAMILY_APP }, { "Twitter", TW_FAMILY_APP },
    { "Line/", TW_FAMILY_APP }, { "MicroMessenger/", TW_FAMILY_APP },
    { "Snapchat/", TW_FAMILY_APP }, { "Pinterest/", TW_FAMILY_APP },
    { "LinkedInApp", TW_FAMILY_APP }, { "BytedanceWebview", TW_FAMILY_APP },
    { "musical_ly", TW_FAMILY_APP },
    { "GSA/", TW_FAMILY_APP },          /* Google's, on iOS */
    { "Edg/", TW_FAMILY_EDGE }, { "EdgA/", TW_FAMILY_EDGE },
    { "EdgiOS/", TW_FAMILY_EDGE }, { "Edge/", TW_FAMILY_EDGE },
    { "OPR/", TW_FAMILY_OPERA }, { "OPT/", TW_FAMILY_OPERA },
    { "OPX/", TW_FAMILY_OPERA }, { "OPiOS/", TW_FAMILY_OPERA },
    { "Opera", TW_FAMILY_OPERA },
    { "SamsungBrowser/", TW_FAMILY_SAMSUNG },
    { "YaBrowser/", TW_FAMILY_YANDEX }, { "UCBrowser/", TW_FAMILY_UC },
    { "DuckDuckGo/", TW_FAMILY_DUCKDUCKGO },
    { "Ddg/", TW_FAMILY_DUCKDUCKGO },
    { "Trident/", TW_FAMILY_EXPLORER }, { "MSIE ", TW_FAMILY_EXPLORER },
    { "Firefox/", TW_FAMILY_FIREFOX }, { "FxiOS/", TW_FAMILY_FIREFOX },
    { "CriOS/", TW_FAMILY_CHROME }, { "Chrome/", TW_FAMILY_CHROME },
    { "Chromium/", TW_FAMILY_CHROME }, { "HeadlessChrome/", TW_FAMILY_CHROME },
    { "Safari/", TW_FAMILY_SAFARI },
    /* WebKit without Safari's name: a WebView of Apple's */
    { "AppleWebKit/", TW_FAMILY_APP },
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

/* The letters that the rows begin with: most words are told by their first
 * one to be none of them. */
#define LETTER(c) (1ULL << ((c) - 64))
static const apr_uint64_t letters =
    LETTER('A') | LETTER('B') | LETTER('C') | LETTER('D') | LETTER('E')
    | LETTER('F') | LETTER('G') | LETTER('H') | LETTER('I') | LETTER('L')
    | LETTER('M') | LETTER('O') | LETTER('P') | LETTER('S') | LETTER('T')
    | LETTER('U') | LETTER('Y') | LETTER('m') | LETTER('s') | LETTER('w');

static int begins_row(unsigned char c)
{
    return c >= 64 && c < 128 && (letters >> (c - 64) & 1);
}

/* In ASCII, whatever the locale is. */
static int is_in_word(unsigned char c)
{
    return (c | 0x20U) - 'a' < 26U || c - 48U < 10U || c == '_';
}

/* The first row, of those before limit, that begins as the text does. */
static int row_at(const char *text, int limit)
{
    int i;

    for (i = 0; i < limit; i++) {
        if (*text == *rows[i].word
            && !strncmp(text, rows[i].word, strlen(rows[i].word))) {
            return i;
        }
    }
    return limit;
}

tw_family_t tw_user_agent_family(const char *text)
{
    int row = ROWS, inside = 0;

    if (!text || !*text) {
        return TW_FAMILY_NONE;
    }
    for (; *text; text++) {
        int goes_on = is_in_word((unsigned char)*text);

        if (goes_on && !inside && begins_row((unsigned char)*text)) {
            row = row_at(text, row);
        }
        inside = goes_on;
    }
    return row < ROWS ? rows[row].family : TW_FAMILY_OTHER;
}
