/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/open: is what is protected at one place open at another?
 *
 * For each section of the configuration that asks for a sign-in: what is there
 * (files, or an application behind mod_proxy), by which other ways it can be
 * had, and whom these let in.  As a visitor meets it, host by host.
 */
#ifndef TW_ADMIN_OPEN_H
#define TW_ADMIN_OPEN_H

#include <apr_tables.h>

#include "admin/findings.h"

/* hosts: tw_host_t; places: tw_place_t. */
void tw_open_check(tw_findings_t *findings,
                   const apr_array_header_t *hosts,
                   const apr_array_header_t *places);

#endif
