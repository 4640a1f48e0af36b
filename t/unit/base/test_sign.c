/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_sign: OAuth 1.0a signatures.
 *
 * The judge here is a second signer, written from RFC 5849 section 3.4 on
 * APR's SHA-1.  First the published vectors judge the judge; then the judge
 * and the vectors judge tw_sign.
 */

#include <pthread.h>
#include <stdio.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_sha1.h>

#include "vectors.h"

#include "base/codec.h"
#include "base/sign.h"

/* ---- the judge ----------------------------------------------------------- */

static int by_name_and_value(const void *a, const void *b)
{
    const tw_pair_t *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

/* RFC 5849 section 3.4.1.3.2: encode, sort, join. */
static const char *normalize(const apr_array_header_t *params)
{
    apr_array_header_t *encoded = apr_array_copy(pool, params);
    const char *text = NULL;
    int i;

    for (i = 0; i < encoded->nelts; i++) {
        tw_pair_t *pair = &APR_ARRAY_IDX(encoded, i, tw_pair_t);

        pair->name = tw_codec_percent(pool, pair->name);
        pair->value = tw_codec_percent(pool, pair->value);
    }
    qsort(encoded->elts, (size_t)encoded->nelts, sizeof(tw_pair_t),
          by_name_and_value);
    for (i = 0; i < encoded->nelts; i++) {
        tw_pair_t *pair = &APR_ARRAY_IDX(encoded, i, tw_pair_t);

        text = apr_pstrcat(pool, text ? text : "", text ? "&" : "",
                           pair->name, "=", pair->value, NULL);
    }
    return text ? text : "";
}

static const char *base_string(const char *method, const char *url,
                               const apr_array_header_t *params)
{
    return apr_pstrcat(pool, method, "&", tw_codec_percent(pool, url), "&",
                       tw_codec_percent(pool, normalize(params)), NULL);
}

/* RFC 2104, with SHA-1. */
static const char *hmac_sha1(const char *key, const char *text)
{
    unsigned char block[64] = { 0 }, inner[64], outer[64];
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char *base64;
    apr_sha1_ctx_t sha1;
    int i;

    if (strlen(key) > sizeof(block)) {
        apr_sha1_init(&sha1);
        apr_sha1_update(&sha1, key, (unsigned)strlen(key));
        apr_sha1_final(block, &sha1);
    }
    else {
        memcpy(block, key, strlen(key));
    }
    for (i = 0; i < 64; i++) {
        inner[i] = block[i] ^ 0x36;
        outer[i] = block[i] ^ 0x5c;
    }
    apr_sha1_init(&sha1);
    apr_sha1_update_binary(&sha1, inner, sizeof(inner));
    apr_sha1_update(&sha1, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &sha1);
    apr_sha1_init(&sha1);
    apr_sha1_update_binary(&sha1, outer, sizeof(outer));
    apr_sha1_update_binary(&sha1, digest, sizeof(digest));
    apr_sha1_final(digest, &sha1);
    base64 = apr_palloc(pool, (apr_size_t)apr_base64_encode_len(
                                  sizeof(digest)));
    apr_base64_encode_binary(base64, digest, sizeof(digest));
    return base64;
}

static const char *judge_sign(const char *base, const char *secret,
                              const char *token_secret)
{
    return hmac_sha1(apr_pstrcat(pool, tw_codec_percent(pool, secret), "&",
                                 tw_codec_percent(pool, token_secret), NULL),
                     base);
}

static void add(apr_array_header_t *params, const char *name,
                const char *value)
{
    tw_pair_t *pair = apr_array_push(params);

    pair->name = name;
    pair->value = value;
}

static apr_array_header_t *no_params(void)
{
    return apr_array_make(pool, 8, sizeof(tw_pair_t));
}

static apr_array_header_t *vector_params(const json_t *row)
{
    apr_array_header_t *params = no_params();
    const json_t *pair;
    size_t i;

    json_array_foreach(json_object_get(row, "params"), i, pair) {
        add(params, json_string_value(json_array_get(pair, 0)),
            json_string_value(json_array_get(pair, 1)));
    }
    return params;
}

static const char *find(const apr_array_header_t *params, const char *name)
{
    return tw_codec_form_get(params, name, NULL);
}

/* ---- the vectors judge the judge ----------------------------------------- */

static void test_judge_signs_the_vectors(void **state)
{
    const json_t *row;
    size_t i, ran = 0;

    (void)state;
    json_array_foreach(json_object_get(vectors, "vectors"), i, row) {
        CHECK(!strcmp(judge_sign(vector_text(row, "base_string"),
                                 vector_text(row, "consumer_secret"),
                                 vector_text(row, "token_secret")),
                      vector_text(row, "signature")),
              "%s", vector_text(row, "id"));
        ran++;
    }
    assert_int_equal(ran, 48);
    json_array_foreach(json_object_get(vectors, "raw_hmac"), i, row) {
        CHECK(!strcmp(judge_sign(vector_text(row, "base_string"),
                                 vector_text(row, "consumer_secret"),
                                 vector_text(row, "token_secret")),
                      vector_text(row, "signature")),
              "%s", vector_text(row, "id"));
        ran++;
    }
    assert_int_equal(ran, 48 + 7);
}

/* The URL as the base string has it: lower-case host, no default port. */
static const char *base_url(const json_t *row)
{
    const char *start = strchr(vector_text(row, "base_string"), '&') + 1;
    char *url;

    assert_int_equal(tw_codec_unpercent(&url, start, strcspn(start, "&"), 0,
                                        pool), APR_SUCCESS);
    return url;
}

static void test_judge_makes_the_base_strings(void **state)
{
    static const char *const lists[] = { "vectors", "base_string_only" };
    const json_t *row;
    size_t i, ran = 0;
    int list;

    (void)state;
    for (list = 0; list < COUNT(lists); list++) {
        json_array_foreach(json_object_get(vectors, lists[list]), i, row) {
            CHECK(!strcmp(base_string(vector_text(row, "method"),
                                      base_url(row), vector_params(row)),
                          vector_text(row, "base_string")),
                  "%s", vector_text(row, "id"));
            ran++;
        }
    }
    assert_int_equal(ran, 48 + 2);
}

static void test_judge_normalizes(void **state)
{
    const json_t *row;
    size_t i, ran = 0;

    (void)state;
    json_array_foreach(json_object_get(vectors, "normalization"), i, row) {
        assert_string_equal(normalize(vector_params(row)),
                            vector_text(row, "normalized"));
        ran++;
    }
    assert_int_equal(ran, 7);
}

/* ---- tw_sign ------------------------------------------------------------- */

/* The fields of a header, decoded. */
static apr_array_header_t *header_fields(const char *header)
{
    apr_array_header_t *fields = no_params();
    const char *p = header + 6;

    CHECK(!strncmp(header, "OAuth ", 6), "%s", header);
    while (*p) {
        const char *eq = strchr(p, '=');
        const char *end = eq && eq[1] == '"' ? strchr(eq + 2, '"') : NULL;
        char *value;

        CHECK(end, "%s", header);
        assert_int_equal(tw_codec_unpercent(&value, eq + 2,
                                            (apr_size_t)(end - eq - 2), 0,
                                            pool), APR_SUCCESS);
        add(fields, apr_pstrmemdup(pool, p, (apr_size_t)(eq - p)), value);
        p = end + 1;
        CHECK(!*p || !strncmp(p, ", oauth_", 8), "%s", header);
        p += *p ? 2 : 0;
    }
    return fields;
}

/*
 * The header has exactly the oauth_ parameters of sent, decoded once, and
 * the signature.
 */
static void check_header(const char *id, const char *header,
                         const apr_array_header_t *sent,
                         const char *signature)
{
    apr_array_header_t *fields = header_fields(header);
    int i, expected = 1;

    for (i = 0; i < sent->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(sent, i, tw_pair_t);

        if (!strncmp(pair->name, "oauth_", 6)) {
            CHECK(unit_same(find(fields, pair->name), pair->value),
                  "%s: %s", id, pair->name);
            expected++;
        }
    }
    CHECK(fields->nelts == expected, "%s: %s", id, header);
    CHECK(unit_same(find(fields, "oauth_signature"), signature), "%s: %s",
          id, header);
}

/*
 * Fits the interface as it is: liboauth always signs oauth_version=1.0, and
 * takes the URL as it stands; nonce and timestamp are the caller's, and the
 * timestamp is a number.
 */
static int fits(const json_t *row, const apr_array_header_t *params)
{
    const char *timestamp = find(params, "oauth_timestamp");

    return timestamp && apr_isdigit(timestamp[0])
           && unit_same(find(params, "oauth_version"), "1.0")
           && unit_same(find(params, "oauth_signature_method"), "HMAC-SHA1")
           && find(params, "oauth_nonce")
           && !strcmp(base_url(row), vector_text(row, "url"));
}

/* Those parameters that tw_sign_header() adds by itself. */
static int is_own(const char *name)
{
    static const char *const own[] = {
        "oauth_consumer_key", "oauth_token", "oauth_nonce",
        "oauth_timestamp", "oauth_signature_method", "oauth_version",
    };
    int i;

    for (i = 0; i < COUNT(own); i++) {
        if (!strcmp(name, own[i])) {
            return 1;
        }
    }
    return 0;
}

static void test_vectors(void **state)
{
    const json_t *row;
    size_t i;
    int n, ran = 0, unfit = 0;

    (void)state;
    json_array_foreach(json_object_get(vectors, "vectors"), i, row) {
        apr_array_header_t *params = vector_params(row);
        apr_array_header_t *others = no_params();
        tw_sign_request_t request = { 0 };
        const char *header;
        tw_err_t err;

        if (!fits(row, params)) {
            unfit++;
            continue;
        }
        for (n = 0; n < params->nelts; n++) {
            tw_pair_t *pair = &APR_ARRAY_IDX(params, n, tw_pair_t);

            if (!is_own(pair->name)) {
                add(others, pair->name, pair->value);
            }
        }
        request.call.method = vector_text(row, "method");
        request.call.url = vector_text(row, "url");
        request.call.params = others;
        request.consumer_key = find(params, "oauth_consumer_key");
        request.consumer_secret = vector_text(row, "consumer_secret");
        request.token = find(params, "oauth_token");
        request.token_secret = vector_text(row, "token_secret");
        request.nonce = find(params, "oauth_nonce");
        request.timestamp = apr_atoi64(find(params, "oauth_timestamp"));
        assert_int_equal(tw_sign_header(&header, &request, pool, &err),
                         APR_SUCCESS);
        check_header(vector_text(row, "id"), header, params,
                     vector_text(row, "signature"));
        ran++;
    }
    /* eight are without oauth_version, four others have a URL that is not
     * normalized, two others a timestamp that is no number */
    assert_int_equal(ran, 34);
    assert_int_equal(unfit, 8 + 4 + 2);
}

/* A request with everything in it, each value around `middle`. */
static apr_array_header_t *request_around(tw_sign_request_t *request,
                                          const char *middle)
{
    apr_array_header_t *all = no_params(), *others = no_params();
    const char *value = apr_pstrcat(pool, "<", middle, ">", NULL);

    add(others, "oauth_verifier", value);
    add(others, "x_auth_access_type", value);
    memset(request, 0, sizeof(*request));
    request->call.method = "POST";
    request->call.url = "https://api.x.com/oauth/access_token";
    request->call.params = others;
    request->consumer_key = value;
    request->consumer_secret = value;
    request->token = value;
    request->token_secret = value;
    request->nonce = "0123456789abcdef0123456789abcdef";
    request->timestamp = 1790000000;
    add(all, "oauth_consumer_key", value);
    add(all, "oauth_nonce", request->nonce);
    add(all, "oauth_signature_method", "HMAC-SHA1");
    add(all, "oauth_timestamp", "1790000000");
    add(all, "oauth_token", value);
    add(all, "oauth_verifier", value);
    add(all, "oauth_version", "1.0");
    add(all, "x_auth_access_type", value);
    return all;
}

static void check_around(const char *middle)
{
    tw_sign_request_t request;
    apr_array_header_t *all = request_around(&request, middle);
    const char *header, *c;
    tw_err_t err;

    assert_int_equal(tw_sign_header(&header, &request, pool, &err),
                     APR_SUCCESS);
    check_header(middle, header, all,
                 judge_sign(base_string(request.call.method,
                                        request.call.url, all),
                            request.consumer_secret, request.token_secret));
    for (c = header; *c; c++) {
        CHECK(*c >= 0x20 && *c < 0x7f, "%s", header);
    }
}

/* OA-9: correct for every octet in keys, tokens, secrets, parameters. */
static void test_every_octet(void **state)
{
    int i;

    (void)state;
    for (i = 1; i < 256; i++) {
        char text[2] = { (char)i, '\0' };

        check_around(text);
    }
}

static void test_odd_values(void **state)
{
    static const char *const rows[] = {
        "", " ", "  ", "+", "%", "%41", "%2541", "&", "=", "a=b&c=d", "?",
        "a?b", "#", "/", "~", "\"", "'", "\",oauth_x=\"", "\r\nX-Evil: 1",
        "\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x98\x80", "\xff\xfe", "\x01",
        " +%&=~/\"'", "oauth_signature=x", "(null)", "\\", "%00", "\n",
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        check_around(rows[i]);
    }
}

/* Longer than liboauth's own limit: refused, never cut. */
static void test_lengths(void **state)
{
    static const int lengths[] = { 1, 255, 256, 998, 999, 1500 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(lengths); i++) {
        char *text = apr_palloc(pool, (apr_size_t)lengths[i] + 1);
        tw_sign_request_t request;
        const char *header = "unset";
        tw_err_t err;

        memset(text, '%', (apr_size_t)lengths[i]);
        text[lengths[i]] = '\0';
        if (lengths[i] + 2 <= TW_SIGN_VALUE_MAX) {
            check_around(text);
            continue;
        }
        request_around(&request, text);
        assert_int_equal(tw_sign_header(&header, &request, pool, &err),
                         APR_EINVAL);
        assert_null(header);
        assert_int_equal(err.kind, TW_ERR_INTERNAL);
        request.token = "t";
        assert_int_equal(tw_sign_header(&header, &request, pool, NULL),
                         APR_EINVAL);
    }
}

/* No token yet: the field is not there, and the key ends in "&". */
static void test_without_token(void **state)
{
    tw_sign_request_t request;
    apr_array_header_t *all, *sent = no_params();
    const char *header;
    tw_err_t err;
    int i;

    (void)state;
    all = request_around(&request, "x");
    for (i = 0; i < all->nelts; i++) {
        tw_pair_t *pair = &APR_ARRAY_IDX(all, i, tw_pair_t);

        if (strcmp(pair->name, "oauth_token")) {
            add(sent, pair->name, pair->value);
        }
    }
    request.token = NULL;
    request.token_secret = NULL;
    assert_int_equal(tw_sign_header(&header, &request, pool, &err),
                     APR_SUCCESS);
    check_header("no token", header, sent,
                 judge_sign(base_string("POST", request.call.url, sent), "<x>",
                            ""));
}

static void test_secrets_are_not_sent(void **state)
{
    tw_sign_request_t request;
    const char *header;
    tw_err_t err;

    (void)state;
    request_around(&request, "x");
    request.consumer_secret = "canary1";
    request.token_secret = "canary2";
    tw_sign_header(&header, &request, pool, &err);
    assert_null(strstr(header, "canary"));
}

static void test_selftest(void **state)
{
    tw_err_t err;

    (void)state;
    assert_int_equal(tw_sign_selftest(pool, &err), APR_SUCCESS);
    assert_int_equal(tw_sign_selftest(pool, NULL), APR_SUCCESS);
}

#define THREADS 8
#define ROUNDS 500

static void *sign_often(void *arg)
{
    apr_pool_t *own = arg;
    tw_sign_request_t request = { 0 };
    const char *first = NULL, *header;
    tw_err_t err;
    int i;

    request.call.method = "POST";
    request.call.url = "https://api.x.com/oauth/request_token";
    request.consumer_key = "k";
    request.consumer_secret = "s";
    request.nonce = "n";
    request.timestamp = 1;
    for (i = 0; i < ROUNDS; i++) {
        if (tw_sign_header(&header, &request, own, &err) != APR_SUCCESS
            || (first && strcmp(first, header))) {
            return NULL;
        }
        first = header;
    }
    return (void *)first;
}

/* After the self-test of the process, threads may sign at once. */
static void test_threads(void **state)
{
    pthread_t thread[THREADS];
    apr_pool_t *own[THREADS];
    const char *first = NULL;
    int i;

    (void)state;
    assert_int_equal(tw_sign_selftest(pool, NULL), APR_SUCCESS);
    for (i = 0; i < THREADS; i++) {
        apr_pool_create_unmanaged_ex(&own[i], NULL, NULL);
        assert_int_equal(pthread_create(&thread[i], NULL, sign_often,
                                        own[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        void *header;

        pthread_join(thread[i], &header);
        assert_non_null(header);
        first = first ? first : apr_pstrdup(pool, header);
        assert_string_equal(header, first);
        apr_pool_destroy(own[i]);
    }
}

UNIT_MAIN(vectors_load,
          cmocka_unit_test(test_selftest),
          cmocka_unit_test(test_judge_signs_the_vectors),
          cmocka_unit_test(test_judge_makes_the_base_strings),
          cmocka_unit_test(test_judge_normalizes),
          cmocka_unit_test(test_vectors),
          cmocka_unit_test(test_every_octet),
          cmocka_unit_test(test_odd_values),
          cmocka_unit_test(test_lengths),
          cmocka_unit_test(test_without_token),
          cmocka_unit_test(test_secrets_are_not_sent),
          cmocka_unit_test(test_threads))
