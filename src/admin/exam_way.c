/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/exam_way.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "base/redact.h"

/* X's own description (RFC 8414), for everybody. */
#define PAGE "/.well-known/oauth-authorization-server"
#define CA_DIRECTORY "/etc/ssl/certs"

/* So much is what an answer takes, and what a clock may be off; and from so
 * much on X refuses what is signed (OAuth 1.0a). */
#define OFF_MAX 15
#define OFF_REFUSED 300

/* The page's answer. */
typedef struct {
    apr_status_t rv;
    tw_err_t err;
    const tw_http_response_t *response;
    apr_int64_t ahead;                  /* of this clock, in seconds */
} reached_t;

/* ---- the page ------------------------------------------------------------ */

tw_http_pool_t *tw_exam_http(tw_exam_t *exam)
{
    tw_http_pool_t *http = apr_hash_get(exam->known, "http",
                                        APR_HASH_KEY_STRING);

    if (!http && tw_http_init() == APR_SUCCESS
        && tw_http_pool_make(&http, 1, apr_hash_pool_get(exam->known))
           == APR_SUCCESS) {
        apr_hash_set(exam->known, "http", APR_HASH_KEY_STRING, http);
    }
    return http;
}

tw_client_t tw_exam_client(const tw_exam_t *exam)
{
    tw_client_t client = exam->site->provider.client;

    if (client.http.timeout > TW_EXAM_CALL_MAX) {
        client.http.timeout = TW_EXAM_CALL_MAX;
    }
    /* its own, so that a wrong clock hides nothing of the rest */
    client.clock = apr_pcalloc(exam->pool, sizeof(*client.clock));
    return client;
}

static void ask_page(reached_t *reached, tw_exam_t *exam)
{
    tw_client_t client = tw_exam_client(exam);
    tw_http_pool_t *http = tw_exam_http(exam);
    tw_http_request_t request = { 0 };

    request.method = "GET";
    request.url = apr_pstrcat(exam->pool, client.api, PAGE, NULL);
    reached->rv = http ? tw_http_send(&reached->response, http, &client.http,
                                      &request, exam->pool, &reached->err)
                       : APR_EGENERAL;
    if (reached->rv == APR_SUCCESS && reached->response->date) {
        reached->ahead = apr_time_sec(apr_time_now())
                         - apr_time_sec(reached->response->date);
    }
}

static const reached_t *reach(tw_exam_t *exam)
{
    const tw_client_t *client = &exam->site->provider.client;
    const char *key = apr_pstrcat(
        exam->pool, "page ", client->api, "\n",
        client->http.proxy ? client->http.proxy : "", "\n",
        client->http.ca_file ? client->http.ca_file : "", NULL);
    reached_t *reached = apr_hash_get(exam->known, key, APR_HASH_KEY_STRING);

    if (!reached) {
        reached = apr_pcalloc(exam->pool, sizeof(*reached));
        ask_page(reached, exam);
        apr_hash_set(exam->known, key, APR_HASH_KEY_STRING, reached);
    }
    return reached;
}

static int fails_by(const reached_t *reached, tw_way_t way)
{
    return reached->rv != APR_SUCCESS && reached->err.way == way;
}

int tw_exam_is_reached(tw_exam_t *exam)
{
    return reach(exam)->rv == APR_SUCCESS;
}

void tw_exam_say_not_reached(tw_exam_t *exam)
{
    tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL,
                "X could not be asked: see what is wrong above");
}

/* ---- the way ------------------------------------------------------------- */

static int is_certificate(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.'
           && apr_isdigit(name[9]);
}

/* What is wrong with the system's folder of authorities; NULL: nothing. */
static const char *wrong_with_folder(apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    int found = 0;

    if (apr_dir_open(&dir, CA_DIRECTORY, pool) != APR_SUCCESS) {
        return "is not there, or cannot be read";
    }
    while (!found
           && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        found = is_certificate(info.name);
    }
    apr_dir_close(dir);
    return found ? NULL : "has no certificates";
}

static const char *wrong_with_file(const char *path)
{
    static const char begin[] = "-----BEGIN ";
    FILE *file = fopen(path, "re");
    char line[256];
    int found = 0;

    if (!file) {
        return "cannot be read by the server's user";
    }
    while (!found && fgets(line, sizeof(line), file)) {
        found = !strncmp(line, begin, sizeof(begin) - 1)
                && strstr(line, "CERTIFICATE-----") != NULL;
    }
    fclose(file);
    return found ? NULL : "has no certificate in it (PEM)";
}

void tw_exam_authorities(tw_exam_t *exam)
{
    static const char fix[] =
        "install the package ca-certificates and run update-ca-certificates";
    const tw_client_t *client = &exam->site->provider.client;
    const char *file = client->http.ca_file;
    const char *wrong;

    if (!strncmp(client->api, "http:", 5)) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "X's stand-in is asked without "
                    "TLS, as TwAuthProvider says");
        return;
    }
    wrong = file ? wrong_with_file(file) : wrong_with_folder(exam->pool);
    if (wrong) {
        tw_exam_say(exam, TW_VERDICT_WRONG,
                    file ? "name a file of PEM certificates that everybody "
                           "can read, or leave TwAuthProviderCAFile out: then "
                           "the system's are used" : fix,
                    "%s %s", file ? file : CA_DIRECTORY, wrong);
    }
    else if (!exam->offline && fails_by(reach(exam), TW_WAY_TRUST)) {
        tw_exam_say_err(exam, TW_VERDICT_WRONG, fix, &reach(exam)->err);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s has authorities%s",
                    file ? file : CA_DIRECTORY,
                    !exam->offline && reach(exam)->rv == APR_SUCCESS
                    ? ", and X's certificate is of one of them" : "");
    }
}

/* The host that is connected to: X's, or the proxy's. */
static const char *first_host(const tw_exam_t *exam)
{
    const tw_client_t *client = &exam->site->provider.client;
    apr_uri_t uri;

    apr_uri_parse(exam->pool,
                  client->http.proxy ? client->http.proxy : client->api, &uri);
    return uri.hostname ? uri.hostname : "";
}

void tw_exam_names(tw_exam_t *exam)
{
    const char *host = first_host(exam);
    const reached_t *reached;

    if (strchr(host, ':') || !host[strspn(host, "0123456789.")]) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s is an address: there is no "
                    "name to be found", host);
        return;
    }
    reached = reach(exam);
    if (fails_by(reached, TW_WAY_NAME)) {
        tw_exam_say(exam, TW_VERDICT_WRONG, apr_psprintf(exam->pool,
                    "look at this server's name service (/etc/resolv.conf); "
                    "`getent hosts %s` has to find it", host), "%s is not "
                    "found: %s", host, reached->err.why);
    }
    else if (fails_by(reached, TW_WAY_PROXY)) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "whether %s is found: see "
                    "the proxy", host);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s is found", host);
    }
}

void tw_exam_proxy(tw_exam_t *exam)
{
    const char *proxy = exam->site->provider.client.http.proxy;

    if (!proxy) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "X is called without one "
                    "(TwAuthProviderProxy)");
    }
    else if (fails_by(reach(exam), TW_WAY_PROXY)) {
        tw_exam_say(exam, TW_VERDICT_WRONG, "look at TwAuthProviderProxy, and "
                    "whether the proxy lets this server through to X",
                    "there is no way through %s: %s", proxy,
                    reach(exam)->err.why);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "X is called through %s",
                    proxy);
    }
}

/* It answers; as X's API does? */
static void say_answer(tw_exam_t *exam, const tw_http_response_t *response)
{
    const char *api = exam->site->provider.client.api;

    if (tw_redact_is_page(response->body)) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "look at TwAuthProvider, and "
                    "for a filter on the way", "at %s a page for people "
                    "answers, and no API", api);
    }
    else if (response->status >= 500) {
        tw_exam_say(exam, TW_VERDICT_WARNING, "ask again later, and look at "
                    "X's status (developer.x.com/status)", "%s is out of "
                    "order: it answers %d", api, response->status);
    }
    else {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "%s answers", api);
    }
}

void tw_exam_provider(tw_exam_t *exam)
{
    const char *api = exam->site->provider.client.api;
    const reached_t *reached = reach(exam);

    if (reached->rv == APR_SUCCESS) {
        say_answer(exam, reached->response);
    }
    else if (reached->err.way == TW_WAY_UNKNOWN) {
        tw_exam_say(exam, TW_VERDICT_WRONG, apr_pstrcat(
                        exam->pool, "let this server out to ", api, " (a "
                        "firewall?), or name the proxy that does: "
                        "TwAuthProviderProxy", NULL),
                    "%s does not answer: %s", api,
                    reached->err.why ? reached->err.why
                                     : "a library did not start");
    }
    else {
        tw_exam_say_not_reached(exam);
    }
}

void tw_exam_clock(tw_exam_t *exam)
{
    const reached_t *reached = reach(exam);
    apr_int64_t off = reached->ahead < 0 ? -reached->ahead : reached->ahead;

    if (reached->rv != APR_SUCCESS) {
        tw_exam_say_not_reached(exam);
    }
    else if (!reached->response->date) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "the answer has no Date");
    }
    else if (off <= OFF_MAX) {
        tw_exam_say(exam, TW_VERDICT_OK, NULL, "it agrees with X's (%"
                    APR_INT64_T_FMT " s apart)", off);
    }
    else {
        tw_exam_say(exam, off < OFF_REFUSED ? TW_VERDICT_WARNING
                                            : TW_VERDICT_WRONG,
                    "set the clock and let NTP keep it (`timedatectl set-ntp "
                    "true`)", "this server's clock is %" APR_INT64_T_FMT
                    " seconds %s X's", off,
                    reached->ahead < 0 ? "behind" : "ahead of");
    }
}
