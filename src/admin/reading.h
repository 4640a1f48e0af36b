/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/reading: parts of proxied applications that are protected, while
 * other paths of the same backend are open.
 *
 * httpd decides by a path as it reads it, and a backend serves what it reads:
 * where one of them takes "..;", "%2f", "\" or upper case for something else,
 * an open path leads to a protected part.  Nothing can be read otherwise where
 * all that leads to a backend is protected, or where what is open is spelt in
 * plain letters (a pattern that odd characters do not match) and handed on so:
 * with nocanon a backend gets what came.
 */
#ifndef TW_ADMIN_READING_H
#define TW_ADMIN_READING_H

#include "admin/findings.h"

/* hosts as of tw_hosts(), places as of tw_places(). */
void tw_reading_check(tw_findings_t *findings,
                      const apr_array_header_t *hosts,
                      const apr_array_header_t *places);

#endif
