/* SPDX-License-Identifier: Apache-2.0 */
#include "x/refusal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/redact.h"
#include "x/refusal_table.h"

#define LOGGED_MAX 200
#define LABEL_MAX 60
#define CODE_MAX 99999

/* What an answer says, in whatever shape. */
typedef struct {
    int code;                       /* X's number, 0: none */
    const char *type;               /* of a problem, or NULL */
    const char *message;            /* foreign words; never NULL */
    const char *shape;              /* what they are, where it is no error */
    int page;                       /* for people, and no answer of X's API */
} said_t;

/* <error code="415">text</error> */
static void read_xml(said_t *said, const tw_http_response_t *response,
                     apr_pool_t *pool)
{
    const char *tag = strstr(response->body, "<error");
    const char *attribute, *open, *close;
    long code;

    if (tag && !strncmp(tag, "<errors", 7)) {
        tag = strstr(tag + 1, "<error ");
    }
    open = tag ? strchr(tag, '>') : NULL;
    close = open ? strchr(open, '<') : NULL;
    if (!close) {
        return;
    }
    said->message = apr_pstrmemdup(pool, open + 1,
                                   (apr_size_t)(close - open - 1));
    attribute = strstr(tag, "code=\"");
    code = attribute && attribute < open ? strtol(attribute + 6, NULL, 10) : 0;
    said->code = code > 0 && code <= CODE_MAX ? (int)code : 0;
}

/* What may hold tokens is not repeated: a success of another kind, or a
 * document that says nothing of an error. */
static void read_answer(said_t *said, const tw_http_response_t *response,
                        apr_pool_t *pool)
{
    const char *body = response->body + strspn(response->body, " \t\r\n");
    tw_json_error_t error;

    memset(said, 0, sizeof(*said));
    said->message = "";
    if (tw_json_error(&error, response->body, response->body_len, pool)
        == APR_SUCCESS) {
        said->code = error.code;
        said->type = error.type;
        said->message = error.message ? error.message : "";
    }
    else if (*body == '{' || *body == '[') {
        said->shape = error.members ? "JSON with the members" : "broken JSON";
        said->message = error.members ? error.members : "not repeated here";
    }
    else if (tw_redact_is_page(response->body)) {
        said->page = 1;
        said->shape = "an HTML page";
        said->message = tw_redact_page(response->body, pool);
    }
    else if (response->status >= 200 && response->status < 300) {
        said->shape = *body ? "text" : "nothing";
        said->message = *body ? "not repeated here" : "";
    }
    else {
        said->message = response->body;
        if (*body == '<') {
            read_xml(said, response, pool);
        }
    }
}

/*
 * Which refusal it is: by X's number, a problem's type, and the words, all
 * together.  A page for people says nothing of the kind, and an outage is an
 * outage, whatever its body says.
 */
static const tw_refusal_row_t *find_refusal(const said_t *said, int status,
                                            apr_pool_t *pool)
{
    const tw_refusal_row_t *row = tw_refusal_row(said->code);

    if (said->page || status >= 500) {
        return NULL;
    }
    if (!row && !said->shape) {
        row = tw_refusal_row_by_sign(said->type, said->message, pool);
    }
    return row || status != 402 ? row : tw_refusal_row_no_credits();
}

/* For an answer that is in no table. */
static tw_err_kind_t kind_of_status(int status)
{
    if (status == 429) {
        return TW_ERR_LIMITED;
    }
    if (status >= 400 && status < 500) {
        return TW_ERR_REFUSED;
    }
    /* what stands before X says that X is down */
    if (status >= 502 && status <= 504) {
        return TW_ERR_UNREACHABLE;
    }
    return TW_ERR_GARBAGE;
}

/* What to do about an answer that is in no table; NULL: wait. */
static const char *advice_of_status(const said_t *said, int status)
{
    if (said->page && status < 500 && status != 429) {
        return "this is no answer of X's API: look at TwAuthProvider, at "
               "TwAuthProviderProxy, and for a filter on the way; or X keeps "
               "this server's address out";
    }
    if (status >= 300 && status < 400) {
        return "X does not redirect calls: look at TwAuthProvider";
    }
    switch (status) {
    case 401:
        return "compare key or id and secret with X's developer console "
               "(making new ones there voids the old), and look at this "
               "server's clock";
    case 403:
        return "look at the application in X's developer console: its "
               "project, its package and its \"User authentication "
               "settings\"";
    case 404:
    case 405:
    case 410:
        return "look at TwAuthProvider";
    case 407:
        return "look at TwAuthProviderProxy";
    case 429:
        return NULL;
    default:
        return status >= 400 && status < 500
               ? "look at X's status (developer.x.com/status), and at the "
                 "application in X's developer console" : NULL;
    }
}

static const char *code_text(apr_pool_t *pool, int code)
{
    return code > 0 ? apr_psprintf(pool, " code %d", code) : "";
}

/* What the advice cannot know: the URL to register, how far the clock is. */
static const char *complete_advice(const tw_refusal_row_t *known,
                                   const tw_http_response_t *response,
                                   const char *callback, apr_pool_t *pool)
{
    apr_int64_t off;

    if (known->detail == TW_REFUSAL_CALLBACK) {
        return apr_pstrcat(pool, known->advice, " ", callback, NULL);
    }
    if (known->detail == TW_REFUSAL_CLOCK && response->date) {
        off = apr_time_sec(apr_time_now() - response->date);
        return apr_psprintf(pool, "%s: it is %" APR_INT64_T_FMT
                            " seconds %s X's", known->advice,
                            off < 0 ? -off : off,
                            off < 0 ? "behind" : "ahead of");
    }
    return known->advice;
}

/* " (text/html), an HTML page": what the words are, where X's own table
 * does not say it. */
static const char *label_of(const said_t *said,
                            const tw_http_response_t *response,
                            apr_pool_t *pool)
{
    const char *type = response->content_type;

    return apr_pstrcat(pool, type ? " (" : "",
                       type ? tw_redact_quote(type, LABEL_MAX, pool) : "",
                       type ? ")," : ",",
                       said->shape ? " " : "",
                       said->shape ? said->shape : "", NULL);
}

apr_status_t tw_refusal(tw_err_t *err, const char *step,
                        const tw_http_response_t *response,
                        const char *callback, apr_pool_t *pool)
{
    const tw_refusal_row_t *known;
    const char *words;
    said_t said;

    read_answer(&said, response, pool);
    words = tw_redact_quote(said.message, LOGGED_MAX, pool);
    known = find_refusal(&said, response->status, pool);
    if (known) {
        int code = tw_refusal_row(said.code) ? said.code : known->code;

        tw_err_set(err, pool, known->kind, APR_EGENERAL,
                   "X answered %d,%s \"%s\": %s", response->status,
                   code_text(pool, code), words,
                   known->meaning);
        err->advice = complete_advice(known, response, callback, pool);
        err->code = code;
    }
    else {
        tw_err_set(err, pool, kind_of_status(response->status), APR_EGENERAL,
                   "X answered %d%s%s \"%s\"", response->status,
                   label_of(&said, response, pool),
                   code_text(pool, said.code), words);
        err->advice = advice_of_status(&said, response->status);
    }
    err->retry_after = response->retry_after;
    err->step = step;
    err->status = response->status;
    return APR_EGENERAL;
}

apr_status_t tw_refusal_unusable(tw_err_t *err, const char *step,
                                  const tw_http_response_t *response,
                                  const char *what, apr_pool_t *pool)
{
    said_t said;

    read_answer(&said, response, pool);
    tw_err_set(err, pool, TW_ERR_GARBAGE, APR_EGENERAL,
               "X answered %d without a usable %s%s \"%s\"",
               response->status, what, label_of(&said, response, pool),
               tw_redact_quote(said.message, LOGGED_MAX, pool));
    err->advice = advice_of_status(&said, response->status);
    err->step = step;
    err->status = response->status;
    return APR_EGENERAL;
}
