/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/address: the own address, as requests meet it.
 *
 * A sign-in happens at the own address, which is configuration: the cookies
 * are there.  A request by another name of the host is sent there once, with
 * "moved" in its query.  When it then still seems to have come elsewhere, a
 * proxy in front has changed the Host header, and it is served as it is.
 *
 * One function checks every Host, and one makes every URL of ours: relative
 * at the own address, whole and with "moved" anywhere else, so that links and
 * forms lead there from wherever they are shown.
 */
#ifndef TW_REQUEST_ADDRESS_H
#define TW_REQUEST_ADDRESS_H

#include <httpd.h>

#include "config/site.h"

/* Whether r came to the own address, or names no host at all. */
int tw_address_is_own(request_rec *r, const tw_site_t *site);

/* Whether r has to be sent to the own address first: it came elsewhere, and
 * has not been sent before. */
int tw_address_is_elsewhere(request_rec *r, const tw_site_t *site);

/* The URL of an own location (one of site's paths) with a query, which may be
 * empty: for a link, a form or a redirect in the answer to r. */
const char *tw_address_url(request_rec *r, const tw_site_t *site,
                           const char *location, const char *query);

/*
 * The field of a query of login that says where to go afterwards, and what
 * such a query says: a link's "next", or "asked", which is sealed, for what
 * only this server itself can say.  NULL: neither, or none that is good;
 * *given says whether there was any.
 */
const char *tw_address_next(request_rec *r, const tw_site_t *site,
                            const char *next);
const char *tw_address_read_next(request_rec *r, const tw_site_t *site,
                                 const apr_array_header_t *query, int *given);

/* The URL of login with next (NULL: none): as anybody; for another account;
 * for the same person once more; or sent here by a server in front, asked
 * first who has just left. */
typedef enum tw_login_t { TW_LOGIN_PLAIN, TW_LOGIN_SWITCH, TW_LOGIN_FRESH,
                          TW_LOGIN_MOVED }
    tw_login_t;

const char *tw_address_login(request_rec *r, const tw_site_t *site,
                             const char *next, tw_login_t how);

/* The page of this site that has the link, by its Referer, as a path; NULL
 * when none is known. */
const char *tw_address_referer(request_rec *r, const tw_site_t *site);

#endif
