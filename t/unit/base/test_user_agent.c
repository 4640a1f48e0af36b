/* SPDX-License-Identifier: Apache-2.0 */
/* tw_user_agent: a family that is the same for as long as somebody uses the
 * browser. */
#include "unit.h"

#include "base/user_agent.h"

#define WINDOWS "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
#define MAC "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
#define IPHONE "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) "
#define ANDROID "Mozilla/5.0 (Linux; Android 10; K) "
#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "
#define APPLE "AppleWebKit/605.1.15 (KHTML, like Gecko) "

static void test_families(void **state)
{
    static const struct {
        const char *text;
        tw_family_t family;
    } rows[] = {
        { NULL, TW_FAMILY_NONE }, { "", TW_FAMILY_NONE },
        { WINDOWS WEBKIT "Chrome/124.0.0.0 Safari/537.36", TW_FAMILY_CHROME },
        { WINDOWS WEBKIT "Chrome/131.0.0.0 Safari/537.36", TW_FAMILY_CHROME },
        { ANDROID WEBKIT "Chrome/124.0.0.0 Mobile Safari/537.36",
          TW_FAMILY_CHROME },
        /* the same phone asks for the desktop's page */
        { "Mozilla/5.0 (X11; Linux x86_64) " WEBKIT
          "Chrome/124.0.0.0 Safari/537.36", TW_FAMILY_CHROME },
        { IPHONE APPLE "CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1",
          TW_FAMILY_CHROME },
        { WINDOWS WEBKIT "HeadlessChrome/124.0.0.0 Safari/537.36",
          TW_FAMILY_CHROME },
        { WINDOWS "Gecko/20100101 Firefox/125.0", TW_FAMILY_FIREFOX },
        { "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 "
          "Firefox/125.0", TW_FAMILY_FIREFOX },
        { IPHONE APPLE "FxiOS/125.0 Mobile/15E148 Safari/605.1.15",
          TW_FAMILY_FIREFOX },
        { MAC APPLE "Version/17.4 Safari/605.1.15", TW_FAMILY_SAFARI },
        { IPHONE APPLE "Version/17.4 Mobile/15E148 Safari/604.1",
          TW_FAMILY_SAFARI },
        { WINDOWS WEBKIT "Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0",
          TW_FAMILY_EDGE },
        { ANDROID WEBKIT "Chrome/124.0.0.0 Mobile Safari/537.36 "
          "EdgA/124.0.0.0", TW_FAMILY_EDGE },
        { IPHONE APPLE "Version/17.0 EdgiOS/124.0 Mobile/15E148 Safari/604.1",
          TW_FAMILY_EDGE },
        { WINDOWS WEBKIT "Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0",
          TW_FAMILY_OPERA },
        { ANDROID WEBKIT "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile "
          "Safari/537.36", TW_FAMILY_SAMSUNG },
        { WINDOWS WEBKIT "Chrome/122.0.0.0 YaBrowser/24.4 Safari/537.36",
          TW_FAMILY_YANDEX },
        { MAC APPLE "Version/17.4 Safari/605.1.15 Ddg/17.4",
          TW_FAMILY_DUCKDUCKGO },
        { "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko",
          TW_FAMILY_EXPLORER },
        /* pages inside of applications */
        { "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) " WEBKIT
          "Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36",
          TW_FAMILY_APP },
        { IPHONE APPLE "Mobile/15E148 Twitter for iPhone/10.38",
          TW_FAMILY_APP },
        { IPHONE APPLE "Mobile/15E148", TW_FAMILY_APP },
        { IPHONE APPLE "Mobile/15E148 [FBAN/FBIOS;FBAV/459.0.0.33.108;]",
          TW_FAMILY_APP },
        { IPHONE APPLE "Mobile/15E148 Safari Line/14.5.0", TW_FAMILY_APP },
        { IPHONE APPLE "GSA/313.0 Mobile/15E148 Safari/604.1",
          TW_FAMILY_APP },
        /* what plays films */
        { "AppleCoreMedia/1.0.0.21E219 (iPhone; U; CPU OS 17_4 like Mac OS X)",
          TW_FAMILY_ANY },
        { "stagefright/1.2 (Linux;Android 10)", TW_FAMILY_ANY },
        /* no browsers */
        { "curl/8.7.1", TW_FAMILY_OTHER }, { "python-requests/2.31.0",
          TW_FAMILY_OTHER }, { " ", TW_FAMILY_OTHER },
        { "\xff\xfe" "chrome/1", TW_FAMILY_OTHER },
        { "NotChrome/1 xFirefox/2", TW_FAMILY_OTHER },
        { "Chrome", TW_FAMILY_OTHER }, { "Edg", TW_FAMILY_OTHER },
        { "X-Chrome/1", TW_FAMILY_CHROME },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_family_t family = tw_user_agent_family(rows[i].text);

        CHECK(family == rows[i].family, "row %d: %d", i, (int)family);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_families))
