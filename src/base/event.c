/* SPDX-License-Identifier: Apache-2.0 */
#include "base/event.h"

#include <limits.h>
#include <string.h>

#include <apr_strings.h>

#include "base/err.h"
#include "base/json.h"

/* The longest of a text, before what is not printable is written as \xHH and
 * that escaped for JSON: five bytes for one. */
#define NAME_LONGEST 64
#define HOST_LONGEST 255
#define BROWSER_LONGEST 200
#define WHY_LONGEST 250
#define FIELDS 13

_Static_assert(TW_EVENT_MAX <= PIPE_BUF, "one write is one line");

static const struct { const char *event, *reason; } names[] = {
#define NAMES(number, event, reason, when) { event, reason },
    TW_EVENTS(NAMES)
#undef NAMES
};

/* 2026-11-26T13:05:09.042Z */
static const char *time_text(apr_time_t now, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, now);
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                        t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec, t.tm_usec / 1000);
}

typedef struct {
    tw_json_member_t members[FIELDS];
    int n;
    apr_pool_t *pool;
} fields_t;

static void add(fields_t *fields, const char *name, const char *text,
                apr_size_t most)
{
    if (text && *text) {
        tw_json_member_t member = {
            name, tw_err_quote(fields->pool, text, strlen(text), most), 0, 0
        };

        fields->members[fields->n++] = member;
    }
}

static const char *line_of(const tw_event_t *event, const tw_event_log_t *log,
                           apr_time_t now, apr_pool_t *pool)
{
    fields_t fields = { .n = 0, .pool = pool };

    add(&fields, "time", time_text(now, pool), NAME_LONGEST);
    add(&fields, "event", names[event->kind].event, NAME_LONGEST);
    add(&fields, "reason", names[event->kind].reason, NAME_LONGEST);
    add(&fields, "host", log->host, HOST_LONGEST);
    if (event->account) {
        tw_json_member_t account = { "account", NULL, event->account, 0 };

        fields.members[fields.n++] = account;
    }
    add(&fields, "id", event->id, NAME_LONGEST);
    add(&fields, "username", event->username, NAME_LONGEST);
    add(&fields, "screen_name", event->screen_name, NAME_LONGEST);
    if (log->addresses) {
        add(&fields, "address", event->address, NAME_LONGEST);
        add(&fields, "browser", event->browser, BROWSER_LONGEST);
    }
    add(&fields, "reference", event->reference, NAME_LONGEST);
    add(&fields, event->unique_id ? "unique_id" : "traceparent",
        event->unique_id ? event->unique_id : event->traceparent,
        NAME_LONGEST);
    add(&fields, "why", event->why, WHY_LONGEST);
    return tw_json_object(fields.members, fields.n, pool);
}

const char *tw_event_line(const tw_event_t *event, const tw_event_log_t *log,
                          apr_time_t now, apr_pool_t *pool)
{
    tw_event_t cut = *event;
    const char *line = line_of(event, log, now, pool);

    /* where every byte of all texts is one that takes five */
    if (line && strlen(line) >= TW_EVENT_MAX) {
        cut.why = cut.browser = NULL;
        line = line_of(&cut, log, now, pool);
    }
    return line;
}

apr_status_t tw_event_write(const tw_event_t *event,
                            const tw_event_log_t *log, apr_pool_t *pool)
{
    const char *line;
    apr_size_t len, written;
    apr_status_t rv;

    if (!log || !log->file) {
        return APR_SUCCESS;
    }
    line = tw_event_line(event, log, apr_time_now(), pool);
    if (!line) {
        return APR_ENOMEM;
    }
    line = apr_pstrcat(pool, line, "\n", NULL);
    len = written = strlen(line);
    rv = apr_file_write(log->file, line, &written);
    return rv != APR_SUCCESS ? rv : written == len ? APR_SUCCESS
                                                   : APR_EGENERAL;
}
