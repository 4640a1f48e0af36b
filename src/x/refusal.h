/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/refusal: the ways in which X says no, what they mean and what to do.
 *
 * X says it in JSON, XML and plain text, with a number, a problem's type or
 * in words alone, and now and then it is not X at all that answers but a page
 * for people.  Status, type, number, words and shape are checked together.
 * What concerns one visitor is TW_ERR_USER or TW_ERR_STALE and blames nobody
 * else; what concerns the application always has an advice; what is in no
 * table is told as it came: status, content type, first words, redacted.
 */
#ifndef TW_X_REFUSAL_H
#define TW_X_REFUSAL_H

#include <apr_pools.h>

#include "base/err.h"
#include "base/http.h"

/* The number of a refusal for the time that was signed. */
#define TW_REFUSAL_TIME 135

/*
 * Fills err for an answer that is no success: step says what was asked
 * ("request token"), callback is the URL that an administrator would have to
 * register.  err->code is which refusal it is, 0 when it is in no table;
 * err->why does not repeat the step.
 * Returns APR_EGENERAL.
 */
apr_status_t tw_refusal(tw_err_t *err, const char *step,
                        const tw_http_response_t *response,
                        const char *callback, apr_pool_t *pool);

/* The same for a success without what (a few words) has to be in it. */
apr_status_t tw_refusal_unusable(tw_err_t *err, const char *step,
                                 const tw_http_response_t *response,
                                 const char *what, apr_pool_t *pool);

#endif
