/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reply.h"

#include <string.h>

#include <apr_date.h>
#include <apr_strings.h>

#define HEADERS_MAX (64 * 1024)

int tw_reply_body(tw_reply_t *reply, const char *data, apr_size_t len)
{
    if (len > TW_HTTP_BODY_MAX - reply->len) {
        reply->too_large = 1;
        return 0;
    }
    if (reply->len + len > reply->size) {
        apr_size_t bigger = reply->len + len > 2 * reply->size
                            ? reply->len + len : 2 * reply->size;
        char *body = apr_palloc(reply->pool, bigger + 1);

        if (reply->len) {
            memcpy(body, reply->body, reply->len);
        }
        reply->body = body;
        reply->size = bigger;
    }
    if (len) {
        memcpy(reply->body + reply->len, data, len);
        reply->len += len;
    }
    return 1;
}

/* The value of the header line when it is called name, else NULL. */
static const char *header_value(const tw_reply_t *reply, const char *name,
                                const char *line, apr_size_t len)
{
    apr_size_t n = strlen(name);

    if (len <= n || line[n] != ':' || strncasecmp(line, name, n)) {
        return NULL;
    }
    for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++) {
    }
    while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
    }
    return apr_pstrmemdup(reply->pool, line + n, len - n);
}

int tw_reply_header(tw_reply_t *reply, const char *line, apr_size_t len)
{
    const char *value;

    reply->headers += len;
    if (reply->headers > HEADERS_MAX) {
        reply->too_large = 1;
        return 0;
    }
    if (len >= 5 && !strncmp(line, "HTTP/", 5)) {
        reply->retry_after = reply->reset = reply->content_type = NULL;
        reply->date = 0;
    }
    else if ((value = header_value(reply, "Retry-After", line, len))) {
        reply->retry_after = value;
    }
    else if ((value = header_value(reply, "x-rate-limit-reset", line, len))) {
        reply->reset = value;
    }
    else if ((value = header_value(reply, "Content-Type", line, len))) {
        reply->content_type = value;
    }
    else if ((value = header_value(reply, "Date", line, len))) {
        reply->date = apr_date_parse_http(value);
    }
    return 1;
}

/* When to ask again, in seconds; 0: not said, or in a way of no use. */
static int retry_seconds(const tw_reply_t *reply, int status)
{
    apr_time_t now = reply->date ? reply->date : apr_time_now(), at;
    const char *said = reply->retry_after;
    apr_int64_t seconds;

    if (said && *said >= '0' && *said <= '9') {
        seconds = apr_strtoi64(said, NULL, 10);
    }
    else if (said) {
        at = apr_date_parse_http(said);
        seconds = at ? apr_time_sec(at - now) : 0;
    }
    else {
        /* every answer has it, and means it when it is a refusal */
        seconds = status == 429 && reply->reset
                  ? apr_strtoi64(reply->reset, NULL, 10) : 0;
        seconds = seconds > 0 ? seconds - apr_time_sec(now) : 0;
    }
    return seconds < 1 ? 0
           : seconds > TW_HTTP_RETRY_MAX ? TW_HTTP_RETRY_MAX : (int)seconds;
}

const tw_http_response_t *tw_reply_done(const tw_reply_t *reply, int status)
{
    tw_http_response_t *made = apr_pcalloc(reply->pool, sizeof(*made));

    made->status = status;
    made->body = "";
    if (reply->len) {
        reply->body[reply->len] = '\0';
        made->body = reply->body;
        made->body_len = reply->len;
    }
    made->retry_after = retry_seconds(reply, status);
    made->date = reply->date;
    made->content_type = reply->content_type;
    return made;
}
