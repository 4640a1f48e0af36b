/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/refusal_table: what X's refusals mean, and how each is known.
 *
 * One row for each refusal, and the signs by which one without a number is
 * told.  To teach the module another word of X is a row here.
 */
#ifndef TW_X_REFUSAL_TABLE_H
#define TW_X_REFUSAL_TABLE_H

#include <apr_pools.h>

#include "base/err.h"

/* X's codes for sign-in: who is refused, and what an administrator can do. */
typedef struct tw_refusal_row_t {
    int code;
    tw_err_kind_t kind;
    const char *meaning;
    const char *advice;
    enum {
        TW_REFUSAL_PLAIN, TW_REFUSAL_CLOCK, TW_REFUSAL_CALLBACK
    } detail;                       /* what follows the advice */
} tw_refusal_row_t;

/* The row of X's number; NULL: there is none. */
const tw_refusal_row_t *tw_refusal_row(int code);

/* The row that the type of a problem (or NULL), or the words, point to; NULL:
 * none does. */
const tw_refusal_row_t *tw_refusal_row_by_sign(const char *type,
                                               const char *words,
                                               apr_pool_t *pool);

/* The row of status 402, whatever the words. */
const tw_refusal_row_t *tw_refusal_row_no_credits(void);

#endif
