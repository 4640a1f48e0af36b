/* SPDX-License-Identifier: Apache-2.0 */
/* tw_event: the line of an event, and how it is written. */

#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <jansson.h>

#include "base/event.h"

#define NOW ((apr_time_t)1795698309042999)      /* 2026-11-26T13:05:09.042Z */

static const tw_event_log_t whole = { "site.test", NULL, 1 };
static const tw_event_log_t without = { "site.test", NULL, 0 };

#define BEGIN "{\"time\":\"2026-11-26T13:05:09.042Z\",\"event\":"

/* LG-2 */
static void test_line(void **state)
{
    static const struct {
        tw_event_t event;
        const tw_event_log_t *log;
        const char *line;
    } rows[] = {
        { { .kind = TW_EVENT_SIGNED_IN }, &whole,
          BEGIN "\"signed-in\",\"host\":\"site.test\"}" },
        { { .kind = TW_EVENT_REFUSED_INACTIVE, .account = 12, .id = "7",
            .username = "jack", .screen_name = "Jack", .address = "::1",
            .browser = "curl/8", .reference = "1a2b3c4d", .unique_id = "Zx@",
            .why = "not active" }, &whole,
          BEGIN "\"refused\",\"reason\":\"inactive\",\"host\":\"site.test\","
          "\"account\":12,\"id\":\"7\",\"username\":\"jack\","
          "\"screen_name\":\"Jack\",\"address\":\"::1\","
          "\"browser\":\"curl/8\",\"reference\":\"1a2b3c4d\","
          "\"unique_id\":\"Zx@\",\"why\":\"not active\"}" },
        { { .kind = TW_EVENT_CANCELLED, .address = "::1",
            .browser = "curl/8", .username = "" }, &without,
          BEGIN "\"cancelled\",\"host\":\"site.test\"}" },
        { { .kind = TW_EVENT_CANCELLED, .traceparent = "00-1-2-3" }, &whole,
          BEGIN "\"cancelled\",\"host\":\"site.test\","
          "\"traceparent\":\"00-1-2-3\"}" },
        { { .kind = TW_EVENT_CANCELLED, .unique_id = "u",
            .traceparent = "00-1-2-3" }, &whole,
          BEGIN "\"cancelled\",\"host\":\"site.test\","
          "\"unique_id\":\"u\"}" },
        /* what is foreign cannot end the text, the line, or be no UTF-8 */
        { { .kind = TW_EVENT_CANCELLED,
            .browser = "\"},\n{\"event\":\"\\\xff\xc3\xa9\x01" }, &whole,
          BEGIN "\"cancelled\",\"host\":\"site.test\",\"browser\":"
          "\"\\\"},\\\\x0a{\\\"event\\\":\\\"\\\\x5c\\\\xff\\\\xc3\\\\xa9"
          "\\\\x01\"}" },
        { { .kind = TW_EVENT_ADMIN_RESTARTED }, &whole,
          BEGIN "\"admin\",\"reason\":\"restarted\",\"host\":\"site.test\"}" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *got = tw_event_line(&rows[i].event, rows[i].log, NOW,
                                        pool);

        CHECK(unit_same(got, rows[i].line), "row %d: %s", i, unit_text(got));
    }
}

/* However long and odd all texts are: a line that a pipe takes whole. */
static void test_longest_line(void **state)
{
    const char *bytes[] = { "\x01", "\"", "\\", "\xff", "a" };
    int b, i;

    (void)state;
    for (b = 0; b < COUNT(bytes); b++) {
        char *text = apr_palloc(pool, 5001);

        memset(text, *bytes[b], 5000);
        text[5000] = '\0';
        for (i = 0; i < TW_EVENT_KINDS; i++) {
            tw_event_t event = { (tw_event_kind_t)i, APR_INT64_MIN, text, text,
                                 text, text, text, text, text, text, text };
            tw_event_log_t log = { text, NULL, 1 };
            const char *line = tw_event_line(&event, &log, NOW, pool);
            json_t *read = line ? json_loads(line, JSON_REJECT_DUPLICATES,
                                             NULL) : NULL;

            CHECK(line && strlen(line) + 1 <= TW_EVENT_MAX && read
                  && !strchr(line, '\n'), "%d %d: %s", b, i, unit_text(line));
            json_decref(read);
        }
    }
}

static void test_write(void **state)
{
    tw_event_log_t log = { "site.test", NULL, 1 };
    tw_event_t event = { .kind = TW_EVENT_SIGNED_IN };
    char line[TW_EVENT_MAX] = "";
    int ends[2], flags;
    ssize_t n;

    (void)state;
    assert_int_equal(tw_event_write(&event, NULL, pool), APR_SUCCESS);
    assert_int_equal(tw_event_write(&event, &log, pool), APR_SUCCESS);
    assert_int_equal(pipe(ends), 0);
    apr_os_pipe_put(&log.file, &ends[1], pool);
    assert_int_equal(tw_event_write(&event, &log, pool), APR_SUCCESS);
    n = read(ends[0], line, sizeof(line) - 1);
    assert_true(n > 0);
    line[n] = '\0';
    assert_true(strlen(line) == (size_t)n && line[n - 1] == '\n');
    assert_non_null(strstr(line, "\"event\":\"signed-in\""));
    /* a reader that is gone, or does not read, is a failure that is told */
    flags = fcntl(ends[1], F_GETFL);
    fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    while (write(ends[1], line, sizeof(line)) > 0) {
    }
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    assert_int_not_equal(tw_event_write(&event, &log, pool), APR_SUCCESS);
    close(ends[1]);
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_line),
          cmocka_unit_test(test_longest_line),
          cmocka_unit_test(test_write))
