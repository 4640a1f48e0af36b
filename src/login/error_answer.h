/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/error_answer: X refused before there was anything to exchange.
 *
 * Some of RFC 6749's words (section 4.1.2.1) blame the application, and its
 * administrator has to know; but anybody can write such an answer to a sign-in
 * of their own.
 */
#ifndef TW_LOGIN_ERROR_ANSWER_H
#define TW_LOGIN_ERROR_ANSWER_H

#include <httpd.h>

#include "config/site.h"

/* Logs the word that X, or whoever writes like it, sent. */
void tw_error_answer_log(request_rec *r, const tw_site_t *site,
                         const char *error);

#endif
