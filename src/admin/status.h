/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/status: SetHandler twauth-status.
 *
 * A page for people; ?auto, ?json and ?prometheus for programs; ?ready for
 * what stands in front of servers: 200, or 503 while X or the database is known
 * to be down for the host that is asked (for any, where that host has no
 * site).  Who may ask is said by Require, as of any place; nobody is exempt.
 * mod_status's page gets a block of its own.
 */
#ifndef TW_ADMIN_STATUS_H
#define TW_ADMIN_STATUS_H

#include <httpd.h>

/* The name of the handler, for SetHandler. */
#define TW_STATUS_HANDLER "twauth-status"

/* The hook handler. */
int tw_status_handler(request_rec *r);

/* Registers the block; mod_status need not be there. */
void tw_status_register(void);

#endif
