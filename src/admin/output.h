/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/output: what a command prints, for people or for programs.
 *
 * Rows with named columns: aligned text with a heading, or, with --json, an
 * array of objects, one a line.  Values are text as the database has it.
 * Sentences are for people alone.  What is foreign cannot steer a terminal.
 */
#ifndef TW_ADMIN_OUTPUT_H
#define TW_ADMIN_OUTPUT_H

#include <apr_file_io.h>
#include <apr_pools.h>

typedef enum {
    TW_OUTPUT_TEXT,
    TW_OUTPUT_NUMBER,           /* "": none, and no member of the object */
    TW_OUTPUT_TIME,             /* seconds since 1970, likewise: UTC */
    TW_OUTPUT_YES               /* "", "0" and "f" are no */
} tw_output_kind_t;

/* A list of them ends with a name that is NULL. */
typedef struct {
    const char *name;           /* as JSON has it: lower case, _ */
    tw_output_kind_t kind;
} tw_output_column_t;

typedef struct tw_output_t tw_output_t;

tw_output_t *tw_output_make(apr_file_t *file, int json, apr_pool_t *pool);

/* Whether it is JSON. */
int tw_output_is_json(const tw_output_t *out);

/* Begins a table; the columns are static.  One a run: JSON has one array. */
void tw_output_table(tw_output_t *out, const tw_output_column_t *columns);

/* One row of it: a value a column, NULL as "". */
void tw_output_row(tw_output_t *out, const char *const *values);

/* A sentence for people, behind the rows so far; the newline is added. */
void tw_output_say(tw_output_t *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How many rows there were. */
int tw_output_rows(const tw_output_t *out);

/* Ends it, once: what is printed is all there.  Not APR_SUCCESS: some could not
 * be written. */
apr_status_t tw_output_end(tw_output_t *out);

#endif
