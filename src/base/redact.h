/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/redact: foreign answers, made fit to be read in a log.
 *
 * An answer may repeat what it was asked with, or hold what it should have
 * given to somebody else: what could be a token, a verifier or a signature
 * is left out, and of a page for people there remain its words.
 */
#ifndef TW_BASE_REDACT_H
#define TW_BASE_REDACT_H

#include <apr_pools.h>

/* Without what is long and hardly a word, in one line, then as
 * tw_err_quote(). */
const char *tw_redact_quote(const char *text, apr_size_t max,
                            apr_pool_t *pool);

/*
 * What libpq says of a connection that it could not open, as tw_err_quote().
 * Of a password with a blank in it, and no quotes around, it repeats what
 * follows the blank, which it takes for another parameter.
 */
const char *tw_redact_connection(const char *why, const char *params,
                                 apr_pool_t *pool);

/* Whether a body is an HTML page: whatever it is labelled, it says so. */
int tw_redact_is_page(const char *body);

/*
 * What a page is called, or, without a title, its first words; "" when there
 * are none.  Foreign text still.  Blanks and line ends are one blank each,
 * and entities stay.
 */
const char *tw_redact_page(const char *body, apr_pool_t *pool);

#endif
