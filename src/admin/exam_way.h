/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_way: the doctor's checks of the way to X.
 *
 * One question, asked once: a page of X's that is for everybody.  How far the
 * way goes says what is wrong with it, and its Date what time it is there.
 */
#ifndef TW_ADMIN_EXAM_WAY_H
#define TW_ADMIN_EXAM_WAY_H

#include "admin/exam.h"

/* Whether certificates can be checked; its files also where nobody is
 * asked. */
void tw_exam_authorities(tw_exam_t *exam);

void tw_exam_names(tw_exam_t *exam);
void tw_exam_proxy(tw_exam_t *exam);
void tw_exam_provider(tw_exam_t *exam);
void tw_exam_clock(tw_exam_t *exam);

/* ---- for what is asked of X beside --------------------------------------- */

/* The calls of this run; NULL: there can be none. */
tw_http_pool_t *tw_exam_http(tw_exam_t *exam);

/* The site as an application at X, in the time that an examination has. */
tw_client_t tw_exam_client(const tw_exam_t *exam);

/* Whether X has answered; and what there is to say where it has not. */
int tw_exam_is_reached(tw_exam_t *exam);
void tw_exam_say_not_reached(tw_exam_t *exam);

#endif
