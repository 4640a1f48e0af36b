/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/sign_form: a form that is read to be signed, and put back for the
 * proxy.
 *
 * The signature of OAuth 1.0a is over the fields of a form, so that it has to
 * be read before the first byte leaves.  No other body is: it passes through
 * as it comes.
 */
#ifndef TW_AUTH_SIGN_FORM_H
#define TW_AUTH_SIGN_FORM_H

#include <httpd.h>

#include "base/base_string.h"

void tw_sign_form_register_filter(void);

/* Whether r has a body that is said to be a form. */
int tw_sign_form_is(const request_rec *r);

/*
 * Reads the form, of at most so many bytes, and leaves it in front of r's
 * input filters.  OK, or the status that says what is wrong: 413, 415 for one
 * that is coded in a way that is not read here, 400.
 */
int tw_sign_form_read(tw_signed_text_t *form, request_rec *r, apr_off_t most);

#endif
