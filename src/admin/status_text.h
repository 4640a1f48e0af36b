/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/status_text: what the status page says, in each of its forms.
 *
 * What is foreign in none of them: values are words of shared/counters.h and
 * the origins of hosts, which have no character that any form would have to
 * escape.
 */
#ifndef TW_ADMIN_STATUS_TEXT_H
#define TW_ADMIN_STATUS_TEXT_H

#include <httpd.h>

#include <apr_tables.h>

/* Writes all of families (tw_metrics_read()) to r. */
typedef void tw_status_text_t(request_rec *r,
                              const apr_array_header_t *families);

/* "name[label,label]: number" a line, as mod_status has it; of a histogram how
 * many, and their sum. */
tw_status_text_t tw_status_text_auto;

/* The same without what is 0, for a person to read in a page. */
tw_status_text_t tw_status_text_brief;

/* {"name":[{"label":"value",...,"value":number},...],...} */
tw_status_text_t tw_status_text_json;

/* Prometheus' text format, version 0.0.4. */
tw_status_text_t tw_status_text_prometheus;

/* A page for people, of the look of the others. */
tw_status_text_t tw_status_text_html;

#endif
