/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/err.h"
#include "base/json.h"
#include "base/profile.h"
#include "store/column.h"

#define COLUMNS_MAX 16
#define GAP 2

struct tw_output_t {
    apr_pool_t *pool;
    apr_file_t *file;
    int json;
    const tw_output_column_t *columns;  /* NULL: no table is begun */
    int count;                          /* of columns */
    apr_array_header_t *held;           /* const char **: text waits until all
                                           widths are known */
    int rows;
    apr_status_t rv;
};

tw_output_t *tw_output_make(apr_file_t *file, int json, apr_pool_t *pool)
{
    tw_output_t *out = apr_pcalloc(pool, sizeof(*out));

    out->pool = pool;
    out->file = file;
    out->json = json;
    out->held = apr_array_make(pool, 64, sizeof(const char **));
    return out;
}

int tw_output_is_json(const tw_output_t *out)
{
    return out->json;
}

int tw_output_rows(const tw_output_t *out)
{
    return out->rows;
}

static void put(tw_output_t *out, const char *text)
{
    apr_status_t rv = apr_file_puts(text, out->file);

    if (rv != APR_SUCCESS) {
        out->rv = rv;
    }
}

/* ---- values ------------------------------------------------------------- */

static int is_yes(const char *value)
{
    return *value && strcmp(value, "0") != 0 && strcmp(value, "f") != 0;
}

static const char *time_text(const char *value, const char *form,
                             apr_pool_t *pool)
{
    char text[32];
    apr_size_t len;
    apr_time_exp_t t;

    if (!*value
        || apr_time_exp_gmt(&t, tw_column_time(value)) != APR_SUCCESS
        || apr_strftime(text, &len, sizeof(text), form, &t) != APR_SUCCESS) {
        return "";
    }
    return apr_pstrdup(pool, text);
}

/* Without what a terminal would obey, and what turns the direction of text. */
static const char *shown(const char *text, apr_pool_t *pool)
{
    tw_profile_t profile = TW_PROFILE_NONE;
    const char *c;

    for (c = text; *c >= ' ' && *c <= '~'; c++) {
        continue;
    }
    if (!*c) {
        return text;
    }
    profile.known = 1;
    profile.name = text;
    tw_profile_clean(&profile, pool);
    return profile.name;
}

static const char *cell(const tw_output_t *out, int i, const char *value)
{
    switch (out->columns[i].kind) {
    case TW_OUTPUT_TIME:
        return time_text(value, "%Y-%m-%d %H:%M", out->pool);
    case TW_OUTPUT_YES:
        return is_yes(value) ? "yes" : "no";
    default:
        return shown(value, out->pool);
    }
}

/* ---- programs ----------------------------------------------------------- */

/* The object of a row; NULL: a text is no UTF-8. */
static const char *object(const tw_output_t *out, const char *const *values,
                          int quoted)
{
    tw_json_member_t members[COLUMNS_MAX];
    int i, n = 0;

    for (i = 0; i < out->count; i++) {
        const char *value = values[i] ? values[i] : "";
        tw_json_member_t *member = &members[n];

        memset(member, 0, sizeof(*member));
        member->name = out->columns[i].name;
        switch (out->columns[i].kind) {
        case TW_OUTPUT_YES:
            member->kind = TW_JSON_BOOL;
            member->number = is_yes(value);
            break;
        case TW_OUTPUT_NUMBER:
            member->number = apr_atoi64(value);
            n -= !*value;
            break;
        case TW_OUTPUT_TIME:
            member->text = time_text(value, "%Y-%m-%dT%H:%M:%SZ", out->pool);
            n -= !*member->text;
            break;
        default:
            member->text = quoted ? tw_err_quote(out->pool, value,
                                                 strlen(value), strlen(value))
                                  : value;
        }
        n++;
    }
    return tw_json_object(members, n, out->pool);
}

static void put_object(tw_output_t *out, const char *const *values)
{
    const char *text = object(out, values, 0);

    if (!text) {
        text = object(out, values, 1);
    }
    put(out, out->rows ? ",\n" : "[\n");
    put(out, text ? text : "{}");
}

/* ---- people ------------------------------------------------------------- */

/* Characters, of UTF-8. */
static int width_of(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += (*text & 0xc0) != 0x80;
    }
    return n;
}

static const char *heading(const tw_output_t *out, int i)
{
    char *text = apr_pstrdup(out->pool, out->columns[i].name), *c;

    for (c = text; *c; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return text;
}

static void put_row(tw_output_t *out, const char *const *cells,
                    const int *widths)
{
    int i;

    for (i = 0; i < out->count; i++) {
        int blanks = widths[i] - width_of(cells[i]);
        int last = i == out->count - 1;
        int right = out->columns[i].kind == TW_OUTPUT_NUMBER;

        if (right) {
            put(out, apr_psprintf(out->pool, "%*s", blanks, ""));
        }
        put(out, cells[i]);
        if (!last) {
            put(out, apr_psprintf(out->pool, "%*s",
                                  GAP + (right ? 0 : blanks), ""));
        }
    }
    put(out, "\n");
}

static void put_held(tw_output_t *out)
{
    const char *names[COLUMNS_MAX];
    int widths[COLUMNS_MAX];
    int i, k;

    if (!out->held->nelts) {
        return;
    }
    for (i = 0; i < out->count; i++) {
        names[i] = heading(out, i);
        widths[i] = width_of(names[i]);
        for (k = 0; k < out->held->nelts; k++) {
            int width = width_of(APR_ARRAY_IDX(out->held, k, const char **)[i]);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    put_row(out, names, widths);
    for (k = 0; k < out->held->nelts; k++) {
        put_row(out, APR_ARRAY_IDX(out->held, k, const char **), widths);
    }
    out->held->nelts = 0;
}

/* ---- both --------------------------------------------------------------- */

void tw_output_table(tw_output_t *out, const tw_output_column_t *columns)
{
    out->columns = columns;
    for (out->count = 0; columns[out->count].name; out->count++) {
        continue;
    }
    if (out->count > COLUMNS_MAX) {
        abort();
    }
}

void tw_output_row(tw_output_t *out, const char *const *values)
{
    const char **cells;
    int i;

    if (out->json) {
        put_object(out, values);
    }
    else {
        cells = apr_palloc(out->pool, (apr_size_t)out->count * sizeof(*cells));
        for (i = 0; i < out->count; i++) {
            cells[i] = cell(out, i, values[i] ? values[i] : "");
        }
        APR_ARRAY_PUSH(out->held, const char **) = cells;
    }
    out->rows++;
}

void tw_output_say(tw_output_t *out, const char *fmt, ...)
{
    va_list args;

    if (out->json) {
        return;
    }
    put_held(out);
    va_start(args, fmt);
    put(out, apr_pvsprintf(out->pool, fmt, args));
    va_end(args);
    put(out, "\n");
}

apr_status_t tw_output_end(tw_output_t *out)
{
    apr_status_t rv;

    if (out->json) {
        put(out, out->rows ? "\n]\n" : "[]\n");
    }
    else {
        put_held(out);
    }
    rv = apr_file_flush(out->file);
    return out->rv != APR_SUCCESS ? out->rv : rv;
}
