/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/site: what follows from the configuration of one virtual host.
 *
 * Everything that requests need and that can be known beforehand: the site's
 * own address, the names of its cookies, its keys, what its sealed texts are
 * bound to.  Built once, at the configuration test and at each start, and
 * read-only after that; config/build makes it.
 */
#ifndef TW_CONFIG_SITE_H
#define TW_CONFIG_SITE_H

#include <httpd.h>

#include "base/cookie.h"
#include "base/target.h"
#include "config/conf.h"
#include "sealed/recent.h"
#include "sealed/seal.h"
#include "shared/segment.h"
#include "store/store.h"
#include "x/protocol.h"

struct tw_site_t {
    server_rec *server;
    const tw_server_conf_t *conf;       /* defaults put in */
    int incomplete;                     /* a command was not run, at a test */
    const char *off;                    /* why it is off; NULL: it is on */

    /* the own address: never the Host header's */
    const char *scheme;                 /* "https" or "http" */
    const char *host;                   /* lower case */
    apr_port_t port;
    const char *origin;                 /* scheme://host[:port] */
    int secure;                         /* the scheme is https */
    int plain_http;                     /* http, and that is not allowed */

    /* own locations, decoded paths */
    const char *login, *callback, *logout, *session;
    tw_own_t own;                       /* no return targets */
    apr_size_t path_len;                /* of conf->own.path */
    int callback_apart;                 /* the callback is not below it */

    const tw_protocol_t *protocol;
    tw_client_t client;
    tw_ring_t *ring;
    const char *realm;
    const char *audience;               /* what is sealed for the realm */
    struct {
        tw_sealer_t session;
        tw_sealer_t flow;       /* of this protocol, provider and callback */
        tw_sealer_t pre;
        tw_sealer_t mark;
        tw_sealer_t form;
        tw_sealer_t account_switch;
        tw_sealer_t asked;
    } sealers;                          /* users' tokens': in the store */

    /* cookies: names, and what follows the value */
    tw_cookie_name_t session_cookie;
    tw_cookie_name_t pre_cookie;
    tw_cookie_name_t flow_cookie;       /* the beginning of the names */
    const char *session_attributes;
    const char *other_attributes;

    tw_recent_t *recent;                /* lines about visitors */
    tw_shared_t *shared;
    int slot;                           /* starts, notes */
    int provider_slot;                  /* the breaker for X */
    int realm_slot;                     /* what its hosts have in common */
    tw_store_t store;
    int calls;                          /* to X, on the whole server */
};

/* Kinds of tw_shared_log_once(): what is logged once in a while. */
enum { TW_LOG_PLAIN_HTTP, TW_LOG_BUSY, TW_LOG_LIMIT, TW_LOG_TOKENS,
       TW_LOG_ANSWER };
_Static_assert(TW_LOG_ANSWER < TW_LOG_KINDS, "a word of memory for each");

/* The site of a server; NULL where nothing is configured. */
static inline const tw_site_t *tw_site(const server_rec *s)
{
    return tw_conf_server(s)->site;
}

#endif
