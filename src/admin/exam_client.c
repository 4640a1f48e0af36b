/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_client.h"

#include <apr_strings.h>

#include "admin/exam_way.h"
#include "x/refusal_table.h"

/* What X said to the application. */
typedef struct {
    apr_status_t rv;
    tw_err_t err;
    const tw_refusal_row_t *refusal;    /* NULL: none that is known */
} trial_t;

static void ask_as_application(trial_t *trial, tw_exam_t *exam)
{
    const tw_protocol_t *protocol = exam->site->provider.protocol;
    tw_client_t client = tw_exam_client(exam);
    tw_http_pool_t *http = tw_exam_http(exam);
    tw_pending_t pending = { 0 };
    tw_identity_t nobody;
    const char *location;

    trial->rv = protocol->child_init(exam->pool, &trial->err);
    if (trial->rv != APR_SUCCESS) {
        return;
    }
    trial->rv = protocol->begin(&pending, &location, &client, http,
                                exam->pool, &trial->err);
    if (trial->rv == APR_SUCCESS && !protocol->begin_calls) {
        trial->rv = protocol->finish(&nobody, &client, http, &pending,
                                     "made-up-by-the-doctor", exam->pool,
                                     &trial->err);
    }
    trial->refusal = tw_refusal_row(trial->err.code);
}

/* NULL: the way does not go so far. */
static const trial_t *try(tw_exam_t *exam)
{
    const char *key = apr_psprintf(exam->pool, "application %pp",
                                   (const void *)exam->site);
    trial_t *trial = apr_hash_get(exam->known, key, APR_HASH_KEY_STRING);

    if (!trial && tw_exam_is_reached(exam)) {
        trial = apr_pcalloc(exam->pool, sizeof(*trial));
        ask_as_application(trial, exam);
        apr_hash_set(exam->known, key, APR_HASH_KEY_STRING, trial);
    }
    return trial;
}

/* Whether X got past key and secret, and said no for something else. */
static int is_known_there(const trial_t *trial)
{
    return trial->rv == APR_SUCCESS || trial->err.kind == TW_ERR_STALE
           || (trial->refusal
               && trial->refusal->detail == TW_REFUSAL_CALLBACK);
}

static int has_no_secret(tw_exam_t *exam)
{
    const char *secret = exam->site->provider.client.secret;
    int none = secret && !*secret;

    if (none) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "the secret is a "
                    "command's (exec:), and commands are not run here");
    }
    return none;
}

/* Accepted, by a code that was made up: by nobody who is X. */
static int is_forged(const tw_exam_t *exam, const trial_t *trial)
{
    return !exam->site->provider.protocol->begin_calls
           && trial->rv == APR_SUCCESS;
}

/* X does not get as far as to accept them. */
static void say_refused(tw_exam_t *exam, const tw_err_t *err)
{
    if (err->kind == TW_ERR_INTERNAL) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, NULL, err);
    }
    else if (err->kind == TW_ERR_REFUSED
             || (err->kind == TW_ERR_GARBAGE && err->status == 200)) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, "look at TwAuthProvider", err);
    }
    else {
        tw_exam_say_err(exam, TW_VERDICT_WARNING, "X did not say what it "
                        "thinks of the credentials: ask again later", err);
    }
}

void tw_exam_credentials(tw_exam_t *exam)
{
    const tw_client_t *client = &exam->site->provider.client;
    const char *what = client->scope ? client->secret ? "client id and secret"
                                     : "client id" : "consumer key and secret";
    const trial_t *trial;

    if (has_no_secret(exam)) {
        return;
    }
    trial = try(exam);
    if (!trial) {
        tw_exam_say_not_reached(exam);
    }
    else if (is_forged(exam, trial)) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "look at TwAuthProvider",
                    "%s takes a code that was made up: it is not X",
                    client->api);
    }
    else if (is_known_there(trial)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "X accepts the %s", what);
    }
    else {
        say_refused(exam, &trial->err);
    }
}

void tw_exam_callback(tw_exam_t *exam)
{
    const char *url = exam->site->provider.client.callback;
    const trial_t *trial;

    if (has_no_secret(exam)) {
        return;
    }
    trial = try(exam);
    if (!trial) {
        tw_exam_say_not_reached(exam);
    }
    else if (trial->refusal
             && trial->refusal->detail == TW_REFUSAL_CALLBACK) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, NULL, &trial->err);
    }
    else if (!is_known_there(trial)) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "X says nothing of %s "
                    "before it accepts the credentials", url);
    }
    else if (exam->site->provider.protocol->begin_calls) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s is registered at X", url);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "with OAuth 2.0 X tells "
                    "only a browser whether %s is registered: sign in once "
                    "at %s%s; where X says \"Something went wrong\", register "
                    "exactly that URL", url, exam->site->address.origin,
                    exam->site->paths.login);
    }
}
