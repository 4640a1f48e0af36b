/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "base/ascii.h"

#define CODE_MAX 99999
#define YEAR (366 * 24 * 3600)
#define EXPIRES_DEFAULT 7200
#define MEMBERS_MAX 100

/* jansson's own limit of depth is far beyond what an answer has. */
static int is_deep(const char *body, apr_size_t len)
{
    int depth = 0, quoted = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (quoted && body[i] == '\\') {
            i++;
        }
        else if (quoted) {
            quoted = body[i] != '"';
        }
        else if (body[i] == '"') {
            quoted = 1;
        }
        else if (body[i] == '{' || body[i] == '[') {
            if (++depth > TW_JSON_DEPTH) {
                return 1;
            }
        }
        else if (body[i] == '}' || body[i] == ']') {
            depth--;
        }
    }
    return 0;
}

/* The document when it is an object; else NULL. */
static json_t *load(const char *body, apr_size_t len)
{
    json_t *root = is_deep(body, len)
                   ? NULL : json_loadb(body, len, JSON_REJECT_DUPLICATES,
                                       NULL);

    if (!json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

/* A string without NUL in pool; NULL when it is none. */
static const char *string_of(const json_t *object, const char *name,
                             apr_pool_t *pool)
{
    const json_t *value = json_object_get(object, name);

    /* jansson refuses \u0000 unless it is asked not to */
    return json_is_string(value) ? apr_pstrdup(pool, json_string_value(value))
                                 : NULL;
}

/* Seconds, however they are written; -1 when they are none. */
static apr_int64_t seconds_of(const json_t *value)
{
    const char *text = json_string_value(value);
    double real = json_is_real(value) ? json_real_value(value) : -1;
    apr_int64_t seconds = -1;

    if (!value || json_is_null(value)) {
        seconds = EXPIRES_DEFAULT;
    }
    else if (json_is_integer(value)) {
        seconds = json_integer_value(value);
    }
    else if (real >= 0 && real <= YEAR) {
        seconds = (apr_int64_t)real;
    }
    else if (text && *text && strlen(text) <= 8
             && !text[strspn(text, "0123456789")]) {
        seconds = apr_strtoi64(text, NULL, 10);
    }
    return seconds >= 0 && seconds <= YEAR ? seconds : -1;
}

apr_status_t tw_json_token(tw_json_token_t *token, const char *body,
                           apr_size_t len, apr_pool_t *pool)
{
    json_t *root = load(body, len);
    const json_t *refresh = json_object_get(root, "refresh_token");
    apr_status_t rv = APR_EINVAL;

    memset(token, 0, sizeof(*token));
    if (!root) {
        return APR_EINVAL;
    }
    token->token_type = string_of(root, "token_type", pool);
    token->access_token = string_of(root, "access_token", pool);
    token->refresh_token = string_of(root, "refresh_token", pool);
    token->expires_in = seconds_of(json_object_get(root, "expires_in"));
    if (token->token_type && token->access_token
        && !json_object_get(root, "error")
        && (!refresh || json_is_null(refresh) || token->refresh_token)
        && token->expires_in >= 0) {
        rv = APR_SUCCESS;
    }
    else {
        memset(token, 0, sizeof(*token));
    }
    json_decref(root);
    return rv;
}

/*
 * A profile holds what its owner wrote, and nobody shall be kept out by a
 * name that is no proper text.  The id and the handle are ASCII, so all else
 * becomes a mark that neither of them can have: bytes and escapes alike.
 */
static char *mask_non_ascii(const char *body, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, body, len);
    char *at, *end = copy + len;

    for (at = copy; at < end; at++) {
        if (*at == '\t' || *at == '\r' || *at == '\n') {
            *at = ' ';
        }
        else if (*at < ' ' || *at > '~') {
            *at = '?';
        }
        else if (*at == '\\' && end - at >= 6) {
            /* NUL, and a half of a pair: jansson takes neither */
            if (at[1] == 'u' && (!strncmp(at + 2, "0000", 4)
                                 || ((at[2] | 0x20) == 'd'
                                     && strchr("89abcdefABCDEF", at[3])))) {
                /* digits within a text:
                 * NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
                memcpy(at + 2, "003f", 4);
            }
            at++;
        }
    }
    return copy;
}

apr_status_t tw_json_user(const char **id, const char **username,
                          const char *body, apr_size_t len, apr_pool_t *pool)
{
    json_t *root = load(mask_non_ascii(body, len, pool), len);
    const json_t *data = json_object_get(root, "data");

    *id = string_of(data, "id", pool);
    *username = string_of(data, "username", pool);
    json_decref(root);
    if (!*id || !*username) {
        *id = *username = NULL;
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

void tw_json_profile(tw_profile_t *profile, const char *body, apr_size_t len,
                     apr_pool_t *pool)
{
    static const tw_profile_t none = TW_PROFILE_NONE;
    json_t *root = load(body, len);
    const json_t *data = json_object_get(root, "data");

    *profile = none;
    profile->known = json_is_object(data);
    profile->name = string_of(data, "name", pool);
    profile->avatar = string_of(data, "profile_image_url", pool);
    profile->email = string_of(data, "confirmed_email", pool);
    profile->verified = json_is_true(json_object_get(data, "verified"));
    json_decref(root);
}

/* What an error says in words, each part in a member of its own. */
static const char *words_of(const json_t *object, apr_pool_t *pool)
{
    static const char *const members[] = {
        "message", "error", "error_description", "title", "reason", "detail"
    };
    const char *text = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *part = string_of(object, members[i], pool);

        if (part && *part) {
            text = text ? apr_pstrcat(pool, text, ": ", part, NULL) : part;
        }
    }
    return text;
}

/* {"errors":"text"} and {"errors":["text"]} */
static const char *text_of_errors(const json_t *root, apr_pool_t *pool)
{
    const json_t *errors = json_object_get(root, "errors");
    const json_t *first = json_is_array(errors) ? json_array_get(errors, 0)
                                                : errors;

    return json_is_string(first) && *json_string_value(first)
           ? apr_pstrdup(pool, json_string_value(first)) : NULL;
}

static int code_of(const json_t *object)
{
    const json_t *number = json_object_get(object, "code");
    json_int_t code = json_is_integer(number) ? json_integer_value(number) : 0;

    return code > 0 && code <= CODE_MAX ? (int)code : 0;
}

/* https://api.x.com/2/problems/user-suspended: the host has changed before,
 * and the path may, so that the last part is what counts. */
static const char *type_of(const json_t *object, apr_pool_t *pool)
{
    const char *uri = string_of(object, "type", pool);
    apr_size_t len = uri ? strlen(uri) : 0;
    char *part;

    while (len && uri[len - 1] == '/') {
        len--;
    }
    part = apr_pstrmemdup(pool, uri ? uri : "", len);
    part = strrchr(part, '/') ? strrchr(part, '/') + 1 : part;
    tw_ascii_lower(part, strlen(part));
    return *part && strcmp(part, "about:blank") ? part : NULL;
}

static const char *members_of(json_t *root, apr_pool_t *pool)
{
    const char *name, *names = NULL;
    json_t *value;

    json_object_foreach(root, name, value) {
        names = names ? apr_pstrcat(pool, names, ", ", name, NULL)
                      : apr_pstrdup(pool, name);
        if (strlen(names) > MEMBERS_MAX) {
            break;
        }
    }
    return names;
}

apr_status_t tw_json_error(tw_json_error_t *error, const char *body,
                           apr_size_t len, apr_pool_t *pool)
{
    json_t *root = load(body, len);
    /* from the innermost: what is said there is the nearest */
    const json_t *places[3] = {
        json_array_get(json_object_get(root, "errors"), 0),
        json_object_get(root, "error"), root
    };
    int i;

    memset(error, 0, sizeof(*error));
    for (i = 0; i < 3; i++) {
        if (!error->code) {
            error->code = code_of(places[i]);
        }
        if (!error->type) {
            error->type = type_of(places[i], pool);
        }
        if (!error->message) {
            error->message = words_of(places[i], pool);
        }
    }
    if (!error->code && !error->message) {
        error->message = text_of_errors(root, pool);
    }
    if (!error->code && !error->message && error->type) {
        error->message = error->type;
    }
    if (!error->code && !error->message) {
        error->type = NULL;
        error->members = members_of(root, pool);
    }
    json_decref(root);
    return error->code || error->message ? APR_SUCCESS : APR_EINVAL;
}

/* The strings that a text has commas between; NULL: not all of them. */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();

    while (*text) {
        apr_size_t len = strcspn(text, ",");

        if (json_array_append_new(list, json_stringn(text, len)) != 0) {
            json_decref(list);
            return NULL;
        }
        text += len;
        text += *text == ',';
    }
    return list;
}

const char *tw_json_object(const tw_json_member_t *members, int count,
                           apr_pool_t *pool)
{
    json_t *object = json_object();
    const char *copy = NULL;
    char *text = NULL;
    int i;

    for (i = 0; i < count; i++) {
        const tw_json_member_t *m = &members[i];
        json_t *value = m->kind == TW_JSON_LIST ? list_of(m->text)
                        : m->text ? json_string(m->text)
                        : m->kind == TW_JSON_BOOL ? json_boolean(m->number)
                        : json_integer(m->number);

        if (json_object_set_new(object, m->name, value) != 0) {
            goto done;
        }
    }
    text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    copy = text ? apr_pstrdup(pool, text) : NULL;

done:
    free(text);
    json_decref(object);
    return copy;
}
