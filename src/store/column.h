/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/column: values as they stand in the columns of our tables.
 *
 * Statements take text and rows are text: numbers in decimal, times in
 * seconds since 1970, ids as base/id has them.
 */
#ifndef TW_STORE_COLUMN_H
#define TW_STORE_COLUMN_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/profile.h"

const char *tw_column_number(apr_int64_t number, apr_pool_t *pool);
const char *tw_column_seconds(apr_time_t time, apr_pool_t *pool);

/* The time in a column, where others may have put any number: from 1970 to so
 * far ahead that one time can still be taken from another. */
apr_time_t tw_column_time(const char *text);

/* A profile, from its four columns as they are in the table, clean. */
void tw_column_profile(tw_profile_t *profile, const char *const *columns,
                       apr_pool_t *pool);

/* And the other way: four arguments, in the order of those columns. */
void tw_column_profile_args(const char **args, const tw_profile_t *profile,
                            apr_pool_t *pool);

/*
 * Whether a name that stands in the database, where others may have put it,
 * can stand in a header and in a variable.
 */
int tw_column_is_name(const char *name);

#endif
