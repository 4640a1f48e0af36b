#include "tw_json.h"

#include <stdlib.h>

#include <apr_strings.h>
#include <jansson.h>

#define CODE_MAX 99999

apr_status_t tw_json_error(int *code, const char **message, const char *body,
                           apr_size_t len, apr_pool_t *pool)
{
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *first = json_array_get(json_object_get(root, "errors"), 0);
    const json_t *number = json_object_get(first, "code");
    const json_t *text = json_object_get(first, "message");

    *code = 0;
    *message = NULL;
    if (json_is_integer(number) && json_integer_value(number) > 0
        && json_integer_value(number) <= CODE_MAX) {
        *code = (int)json_integer_value(number);
    }
    if (!json_is_string(text)) {
        text = json_object_get(root, "reason");
    }
    if (!json_is_string(text)) {
        text = json_object_get(root, "detail");
    }
    if (!json_is_string(text)) {
        text = json_object_get(root, "title");
    }
    if (json_is_string(text)) {
        *message = apr_pstrdup(pool, json_string_value(text));
    }
    json_decref(root);
    return *code || *message ? APR_SUCCESS : APR_EINVAL;
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
        json_t *value = m->text ? json_string(m->text)
                        : m->is_bool ? json_boolean(m->number)
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
