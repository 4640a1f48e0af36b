/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/user_agent: which family of browsers a User-Agent names.
 *
 * Coarse on purpose, so that it is the same for as long as somebody uses that
 * browser: no version, no system (a phone that asks for the desktop's page
 * names another one), no engine.  The pages inside of other applications
 * (WebViews) are one family, programs that are no browser another.
 *
 * Anybody can write any User-Agent: this tells a copied cookie that is used
 * without a thought, and no more.
 */
#ifndef TW_BASE_USER_AGENT_H
#define TW_BASE_USER_AGENT_H

/* Numbers are in cookies: never used again for something else. */
typedef enum tw_family_t {
    TW_FAMILY_ANY = 0,          /* part of some browser, which it does not
                                   name: the players of films */
    TW_FAMILY_NONE = 1,         /* no User-Agent */
    TW_FAMILY_OTHER = 2,        /* none of these: programs, robots */
    TW_FAMILY_CHROME = 3,       /* and all that call themselves so */
    TW_FAMILY_FIREFOX = 4,
    TW_FAMILY_SAFARI = 5,
    TW_FAMILY_EDGE = 6,
    TW_FAMILY_OPERA = 7,
    TW_FAMILY_SAMSUNG = 8,
    TW_FAMILY_APP = 9,          /* a WebView */
    TW_FAMILY_YANDEX = 10,
    TW_FAMILY_UC = 11,
    TW_FAMILY_DUCKDUCKGO = 12,
    TW_FAMILY_EXPLORER = 13
} tw_family_t;

/* The family; text may be NULL, and any bytes. */
tw_family_t tw_user_agent_family(const char *text);

#endif
