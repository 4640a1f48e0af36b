/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_file_info.h>
#include <apr_reslist.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include "base/inherit.h"
#include "base/secret.h"

struct tw_http_pool_t {
    apr_reslist_t *handles;
    int ca_directory;       /* the system has a hashed CA directory */
};

/* libcurl would write the keys of every connection to the file it names. */
#define KEY_LOG "SSLKEYLOGFILE"
#define HANDLES_KEPT 4
/* So long a connection is kept for the next call: people take minutes at X,
 * between the first call of a sign-in and the second. */
#define KEPT_SECONDS 300
/* A silent connection is asked after so long, and then so often, whether it
 * is still there: what lies between forgets silent ones, and says nothing. */
#define SILENT_SECONDS 30L
#define ASK_SECONDS 5L
#define CA_DIRECTORY "/etc/ssl/certs"

/* An answer while it is being read. */
typedef struct {
    tw_reply_t reply;
    int requests;           /* sent so far */
} answer_t;

apr_status_t tw_http_init(void)
{
    const char *value = getenv(KEY_LOG);
    char *kept = value ? strdup(value) : NULL;
    CURLcode code;

    unsetenv(KEY_LOG);
    code = curl_global_init(CURL_GLOBAL_ALL);
    if (kept) {
        setenv(KEY_LOG, kept, 1);
        free(kept);
    }
    return code == CURLE_OK ? APR_SUCCESS : APR_EGENERAL;
}

int tw_http_init_may_be_late(void)
{
    return !getenv(KEY_LOG)
           && (curl_version_info(CURLVERSION_NOW)->features
               & CURL_VERSION_THREADSAFE);
}

/* libcurl itself lets programs inherit its sockets, at least up to 7.88. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

/*
 * A handle has a pair of sockets to be woken by, made at its first call, and
 * no option lets it be closed in programs that are started.  So the first
 * call is made here, of no URL, and what took the lowest free descriptors
 * meanwhile is closed in them.
 */
static void close_pair_on_exec(CURL *curl)
{
    int lowest = tw_inherit_lowest();

    curl_easy_perform(curl);
    tw_inherit_close_pairs(lowest);
}

static apr_status_t handle_make(void **resource, void *params,
                                apr_pool_t *pool)
{
    (void)params;
    (void)pool;
    *resource = curl_easy_init();
    if (!*resource) {
        return APR_ENOMEM;
    }
    close_pair_on_exec(*resource);
    return APR_SUCCESS;
}

static apr_status_t handle_free(void *resource, void *params,
                                apr_pool_t *pool)
{
    (void)params;
    (void)pool;
    curl_easy_cleanup(resource);
    return APR_SUCCESS;
}

apr_status_t tw_http_pool_make(tw_http_pool_t **http, int max,
                               apr_pool_t *pool)
{
    tw_http_pool_t *made = apr_pcalloc(pool, sizeof(*made));
    int kept = max < HANDLES_KEPT ? max : HANDLES_KEPT;
    apr_finfo_t info;
    apr_status_t rv;

    *http = NULL;
    rv = apr_reslist_create(&made->handles, 0, kept, max,
                            apr_time_from_sec(KEPT_SECONDS), handle_make,
                            handle_free, NULL, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_reslist_timeout_set(made->handles, apr_time_from_sec(2));
    made->ca_directory = apr_stat(&info, CA_DIRECTORY, APR_FINFO_TYPE, pool)
                         == APR_SUCCESS && info.filetype == APR_DIR;
    *http = made;
    return APR_SUCCESS;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    answer_t *answer = arg;

    return tw_reply_body(&answer->reply, data, size * count)
           ? size * count : 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    answer_t *answer = arg;

    return tw_reply_header(&answer->reply, data, size * count)
           ? size * count : 0;
}

/*
 * libcurl sends a request again by itself when a kept connection turns out
 * to be dead.  A signed request must not go out twice: its nonce is used.
 */
static int on_request(void *arg, char *to, char *from, int to_port,
                      int from_port)
{
    answer_t *answer = arg;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    return answer->requests++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* The first option that cannot be set, of those that must be. */
#define MUST(option, value)                                                  \
    do {                                                                     \
        if (code == CURLE_OK) {                                              \
            code = curl_easy_setopt(curl, option, value);                    \
        }                                                                    \
    } while (0)

/* Whom to speak to, and how: without one of these the call is not made. */
static CURLcode set_security(CURL *curl, const tw_http_pool_t *http,
                             const tw_http_conf_t *conf,
                             const tw_http_request_t *request)
{
    int plain = !strncmp(request->url, "http:", 5);
    CURLcode code = CURLE_OK;

    MUST(CURLOPT_URL, request->url);
    MUST(CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    MUST(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    MUST(CURLOPT_FOLLOWLOCATION, 0L);
    MUST(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    MUST(CURLOPT_SSL_VERIFYPEER, 1L);
    MUST(CURLOPT_SSL_VERIFYHOST, 2L);
    if (conf->ca_file) {
        MUST(CURLOPT_CAINFO, conf->ca_file);
        MUST(CURLOPT_CAPATH, NULL);
    }
    else if (http->ca_directory) {
        /* parsing the bundle would cost ten times the rest of the call */
        MUST(CURLOPT_CAINFO, NULL);
        MUST(CURLOPT_CAPATH, CA_DIRECTORY);
    }
    /* an empty string is "none, and do not look at the environment" */
    MUST(CURLOPT_PROXY, conf->proxy ? conf->proxy : "");
    MUST(CURLOPT_NOPROXY, "");
    MUST(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    return code;
}

/* How long a call takes at most, and what its connection is kept by. */
static CURLcode set_limits(CURL *curl, const tw_http_conf_t *conf)
{
    long timeout = (long)apr_time_as_msec(conf->timeout);
    CURLcode code = CURLE_OK;

    /* signals do not mix with threads, and a stalled resolver must not hold
     * the worker beyond the limit */
    MUST(CURLOPT_NOSIGNAL, 1L);
    MUST(CURLOPT_QUICK_EXIT, 1L);
    MUST(CURLOPT_TIMEOUT_MS, timeout);
    MUST(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    /* answers are small, and so is what is sent; none of these must be */
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 4096L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 2L);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)KEPT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, SILENT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, ASK_SECONDS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_twauth");
    return code;
}

/* What is sent, and who reads what comes. */
static CURLcode set_exchange(CURL *curl, const tw_http_request_t *request,
                             struct curl_slist *headers, answer_t *answer,
                             char *error)
{
    CURLcode code = CURLE_OK;

    MUST(CURLOPT_HTTPHEADER, headers);
    if (!strcmp(request->method, "POST")) {
        const char *body = request->body ? request->body : "";

        /* not copied: it can hold secrets */
        MUST(CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        MUST(CURLOPT_POSTFIELDS, body);
    }
    MUST(CURLOPT_WRITEFUNCTION, on_body);
    MUST(CURLOPT_WRITEDATA, answer);
    MUST(CURLOPT_HEADERFUNCTION, on_header);
    MUST(CURLOPT_HEADERDATA, answer);
    MUST(CURLOPT_PREREQFUNCTION, on_request);
    MUST(CURLOPT_PREREQDATA, answer);
    MUST(CURLOPT_ERRORBUFFER, error);
    return code;
}

/* Of the way to X, what failed: what was next when it ended. */
static tw_way_t failed_way(CURL *curl, const tw_http_conf_t *conf,
                           CURLcode code)
{
    curl_off_t found = 0, secured = 0;

    curl_easy_getinfo(curl, CURLINFO_NAMELOOKUP_TIME_T, &found);
    curl_easy_getinfo(curl, CURLINFO_APPCONNECT_TIME_T, &secured);
    return code == CURLE_PEER_FAILED_VERIFICATION
           || code == CURLE_SSL_CACERT_BADFILE
           || code == CURLE_SSL_ISSUER_ERROR ? TW_WAY_TRUST
           : conf->proxy && !secured ? TW_WAY_PROXY
           : !found ? TW_WAY_NAME : TW_WAY_UNKNOWN;
}

static const char *const advices[] = {
    [TW_WAY_NAME] = "look at this server's DNS",
    [TW_WAY_PROXY] = "look at TwAuthProviderProxy",
    [TW_WAY_TRUST] = ("the provider's certificate is not trusted here: look "
                      "at the package ca-certificates, TwAuthProviderCAFile, "
                      "and at this server's clock")
};

/* What went wrong, from curl's code. */
static apr_status_t curl_failed(tw_err_t *err, apr_pool_t *pool,
                                const answer_t *answer, CURLcode code,
                                const char *error, tw_way_t way)
{
    const char *detail = error[0] ? tw_err_quote(pool, error, strlen(error),
                                                 200)
                                  : curl_easy_strerror(code);
    int garbage = code == CURLE_WRITE_ERROR || code == CURLE_PARTIAL_FILE
                  || code == CURLE_UNSUPPORTED_PROTOCOL
                  || code == CURLE_WEIRD_SERVER_REPLY;

    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return tw_err_set(err, pool, TW_ERR_UNREACHABLE, APR_ECONNRESET,
                          "a kept connection had been closed");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        tw_err_set(err, pool, TW_ERR_TIMEOUT, APR_EGENERAL, "%s", detail);
        err->advice = "look at the network between here and X; the limit is "
                      "TwAuthProviderTimeout";
    }
    else {
        tw_err_set(err, pool, garbage ? TW_ERR_GARBAGE : TW_ERR_UNREACHABLE,
                   APR_EGENERAL, "%s", answer->reply.too_large
                   ? "the answer is larger than 64 kB" : detail);
        err->advice = garbage ? NULL : advices[way];
    }
    err->way = way;
    return APR_EGENERAL;
}

/* A call without all that makes it safe is not made. */
static apr_status_t option_refused(tw_err_t *err, apr_pool_t *pool,
                                   CURLcode code)
{
    tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
               "libcurl cannot be set up: %s", curl_easy_strerror(code));
    err->advice = code == CURLE_OUT_OF_MEMORY ? "the system is out of memory"
                  : "this libcurl is older than the one this module was built "
                    "with, or built without what it needs: install 7.87 or "
                    "newer, with TLS";
    return APR_EGENERAL;
}

static void free_headers(struct curl_slist *headers)
{
    struct curl_slist *header;

    for (header = headers; header; header = header->next) {
        tw_secret_wipe(header->data);
    }
    curl_slist_free_all(headers);
}

/* The request's headers, NULL without memory; see free_headers(). */
static struct curl_slist *make_headers(const tw_http_request_t *request,
                                       apr_pool_t *pool)
{
    struct curl_slist *headers = curl_slist_append(
        NULL, "Accept: application/json");
    struct curl_slist *more;
    char *line;

    if (!headers || !request->authorization) {
        return headers;
    }
    line = apr_pstrcat(pool, "Authorization: ", request->authorization, NULL);
    more = curl_slist_append(headers, line);
    tw_secret_wipe(line);
    if (!more) {
        free_headers(headers);
    }
    return more;
}

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *pool,
                          tw_err_t *err)
{
    char error[CURL_ERROR_SIZE] = "";
    answer_t answer = { 0 };
    struct curl_slist *headers = make_headers(request, pool);
    apr_status_t rv;
    void *curl;
    CURLcode code;
    long status = 0;

    *response = NULL;
    if (!headers) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_ENOMEM,
                          "no memory for a call");
    }
    rv = apr_reslist_acquire(http->handles, &curl);
    if (rv != APR_SUCCESS) {
        tw_err_set(err, pool, TW_ERR_INTERNAL, rv,
                   "no connection handle is free");
        goto done;
    }
    answer.reply.pool = pool;
    curl_easy_reset(curl);      /* keeps connections and TLS sessions */
    if ((code = set_security(curl, http, conf, request)) != CURLE_OK
        || (code = set_limits(curl, conf)) != CURLE_OK
        || (code = set_exchange(curl, request, headers, &answer, error))
           != CURLE_OK) {
        rv = option_refused(err, pool, code);
        apr_reslist_invalidate(http->handles, curl);
        goto done;
    }
    code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        rv = curl_failed(err, pool, &answer, code, error,
                         failed_way(curl, conf, code));
        /* whatever state the connection is in, nobody shall meet it again */
        apr_reslist_invalidate(http->handles, curl);
        goto done;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    /* the handle outlives this request: it keeps no pointer into it */
    curl_easy_reset(curl);
    apr_reslist_release(http->handles, curl);
    *response = tw_reply_done(&answer.reply, (int)status);

done:
    free_headers(headers);
    return rv;
}
