/* SPDX-License-Identifier: Apache-2.0 */
/* tw_reply: an answer over HTTP, its limits, and when to ask again. */

#include "unit.h"

#include <apr_date.h>

#include "base/reply.h"

#define NOON "Date: Thu, 26 Nov 2026 12:00:00 GMT\r\n"
#define NOON_SECONDS 1795694400LL
#define AT(seconds) "x-rate-limit-reset: " seconds "\r\n"
#define AFTER(text) "Retry-After: " text "\r\n"

/* The answer with a head of these lines. */
static const tw_http_response_t *answered(int status, const char *head)
{
    tw_reply_t reply = { 0 };
    const char *line = head, *end;

    reply.pool = pool;
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        assert_true(tw_reply_header(&reply, line,
                                    (apr_size_t)(end + 1 - line)));
    }
    return tw_reply_done(&reply, status);
}

/* X12 */
static void test_retry_after(void **state)
{
    static const struct {
        int status;
        const char *head;
        int seconds;            /* 0: not said */
    } rows[] = {
        { 429, NOON, 0 },
        { 429, AFTER("7"), 7 },
        { 503, AFTER("7"), 7 },
        { 503, "retry-AFTER:7\r\n", 7 },
        { 429, AFTER("0"), 0 },
        { 429, AFTER("-7"), 0 },
        { 429, AFTER(""), 0 },
        { 429, AFTER("soon"), 0 },
        { 429, AFTER("7 apples"), 7 },
        { 429, AFTER("900"), 900 },
        { 429, AFTER("901"), 900 },
        { 429, AFTER("99999999999999999999999"), 900 },
        /* a date, by X's own clock */
        { 429, NOON AFTER("Thu, 26 Nov 2026 12:02:00 GMT"), 120 },
        { 429, AFTER("Thu, 26 Nov 2026 12:02:00 GMT") NOON, 120 },
        { 429, NOON AFTER("Thu, 26 Nov 2026 11:59:00 GMT"), 0 },
        { 429, NOON AFTER("Fri, 27 Nov 2026 12:00:00 GMT"), 900 },
        /* the end of X's window */
        { 429, NOON AT("1795695240"), 840 },
        { 429, NOON "X-Rate-Limit-Reset:1795695240\r\n", 840 },
        { 429, NOON AT("1795694400"), 0 },
        { 429, NOON AT("1795694399"), 0 },
        { 429, NOON AT("1895695240"), 900 },
        { 429, NOON AT("99999999999999999999999"), 900 },
        { 429, NOON AT("0"), 0 },
        { 429, NOON AT("-1"), 0 },
        { 429, NOON AT("never"), 0 },
        { 429, AFTER("7") NOON AT("1795695240"), 7 },
        { 429, NOON AT("1795695240") AFTER("0"), 0 },
        /* which every answer has */
        { 200, NOON AT("1795695240"), 0 },
        { 503, NOON AT("1795695240"), 0 },
        /* an interim answer, and a proxy's */
        { 429, "HTTP/1.1 200 Connection established\r\n" AFTER("7")
          "\r\nHTTP/1.1 429 Too Many\r\n", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int seconds = answered(rows[i].status, rows[i].head)->retry_after;

        CHECK(seconds == rows[i].seconds, "row %d: %d", i, seconds);
    }
}

static void test_headers(void **state)
{
    const tw_http_response_t *response = answered(
        200, NOON "content-TYPE: \t text/html; a=b\r\nContent-Type-Not: x\r\n"
        "Content-Typ: x\r\n");

    (void)state;
    assert_string_equal(response->content_type, "text/html; a=b");
    assert_true(response->date == apr_time_from_sec(NOON_SECONDS));
    assert_string_equal(response->body, "");
    assert_null(answered(200, "Content-Type\r\n")->content_type);
    assert_string_equal(answered(200, "Content-Type:\r\n")->content_type, "");
}

/* PR-2: a byte more than may be, in whatever pieces. */
static void test_limits(void **state)
{
    static const apr_size_t pieces[] = { 1, 7, 4096, 65535, 65536 };
    char *data = apr_pcalloc(pool, 65537);
    int i;

    (void)state;
    memset(data, 'x', 65537);
    for (i = 0; i < COUNT(pieces); i++) {
        tw_reply_t reply = { 0 };
        apr_size_t left = TW_HTTP_BODY_MAX;

        reply.pool = pool;
        while (left) {
            apr_size_t len = left < pieces[i] ? left : pieces[i];

            assert_true(tw_reply_body(&reply, data, len));
            left -= len;
        }
        assert_true(tw_reply_body(&reply, data, 0));
        assert_int_equal(tw_reply_done(&reply, 200)->body_len,
                         TW_HTTP_BODY_MAX);
        assert_false(reply.too_large);
        assert_false(tw_reply_body(&reply, data, 1));
        assert_true(reply.too_large);
        assert_false(tw_reply_body(&reply, data, ~(apr_size_t)0));
    }
    {
        tw_reply_t reply = { 0 };

        reply.pool = pool;
        assert_true(tw_reply_header(&reply, data, 65536));
        assert_false(tw_reply_header(&reply, data, 1));
        assert_true(reply.too_large);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_retry_after),
          cmocka_unit_test(test_headers),
          cmocka_unit_test(test_limits))
