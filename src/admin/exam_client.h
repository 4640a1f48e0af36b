/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_client: what X says of the site as an application.
 *
 * It is asked, once, what a sign-in would ask.  By OAuth 1.0a that is a
 * request token, which nobody uses and X forgets by itself; by OAuth 2.0 the
 * tokens for a code that was made up, which X refuses, and by its words shows
 * whether it knows the application.
 */
#ifndef TW_ADMIN_EXAM_CLIENT_H
#define TW_ADMIN_EXAM_CLIENT_H

#include "admin/exam.h"

void tw_exam_credentials(tw_exam_t *exam);
void tw_exam_callback(tw_exam_t *exam);

#endif
