/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/signed: places whose calls to X are signed as the user (TwAuthSign).
 *
 * A user's credentials go out there, so that what cannot be right stops the
 * start: another server than X, one that nobody has checked, or no
 * credentials that could be used.
 */
#ifndef TW_ADMIN_SIGNED_H
#define TW_ADMIN_SIGNED_H

#include <httpd.h>

/* 0: something is refused, and has been logged.  *places: how many there
 * are. */
int tw_signed_check(int *places, server_rec *base_server, apr_pool_t *ptemp);

#endif
