/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/asked: what somebody asks of login, in its query: where to go
 * afterwards, as whom, by which invitation, for how long.
 */
#ifndef TW_LOGIN_ASKED_H
#define TW_LOGIN_ASKED_H

#include <httpd.h>

#include "config/site.h"

typedef struct tw_asked_t {
    apr_array_header_t *query;      /* all of it, of tw_pair_t */
    const char *next;               /* always a good target */
    int switched;                   /* as somebody else */
    int fresh;                      /* the same person once more */
    const char *invite;             /* an invitation's secret; NULL: none */
    int bad_invite;                 /* it cannot be one: cut off, perhaps */
    enum { TW_ASKED_NOT, TW_ASKED_FORGET, TW_ASKED_REMEMBER } remember;
} tw_asked_t;

void tw_asked_read(tw_asked_t *asked, request_rec *r, const tw_site_t *site);

/* A field of the query; NULL: it is not there. */
const char *tw_asked_field(const tw_asked_t *asked, const char *name);

/* The query that asks the same, with a field more (its value may be NULL:
 * none). */
const char *tw_asked_again(const tw_asked_t *asked, request_rec *r,
                           const tw_site_t *site, const char *name,
                           const char *value);

#endif
