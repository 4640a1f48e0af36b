/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_configuration: what the doctor says of the configuration.
 *
 * The findings of admin/check, as verdicts, and what can be seen of a proxy
 * before the server.
 */
#ifndef TW_ADMIN_EXAM_CONFIGURATION_H
#define TW_ADMIN_EXAM_CONFIGURATION_H

#include "admin/exam.h"

/* What somebody gets who has not signed in, and what else was found. */
void tw_exam_open(tw_exam_t *exam);
void tw_exam_settings(tw_exam_t *exam);

/* mod_remoteip. */
void tw_exam_visitors(tw_exam_t *exam);

#endif
