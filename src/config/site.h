/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/site: what follows from the configuration of one virtual host.
 *
 * Everything that requests need and that can be known beforehand, in parts by
 * owner: the site's own address, the names of its cookies, its keys, what its
 * sealed texts are bound to.  Built once, at the configuration test and at
 * each start (config/build), and read-only after that.
 */
#ifndef TW_CONFIG_SITE_H
#define TW_CONFIG_SITE_H

#include <string.h>

#include <httpd.h>

#include "base/cookie.h"
#include "base/event.h"
#include "base/target.h"
#include "config/conf.h"
#include "config/pages.h"
#include "sealed/recent.h"
#include "sealed/seal.h"
#include "shared/segment.h"
#include "store/store.h"
#include "x/protocol.h"

/* How long a session lasts. */
typedef struct tw_limits_t {
    apr_interval_time_t idle;           /* unused */
    apr_interval_time_t max;            /* from its sign-in */
} tw_limits_t;

/* The own address: never the Host header's. */
typedef struct tw_site_address_t {
    const char *scheme;                 /* "https" or "http" */
    const char *host;                   /* as in a URL (see base/host) */
    apr_port_t port;
    const char *origin;                 /* scheme://host[:port] */
    int secure;                         /* the scheme is https */
    int plain_http;                     /* http, and that is not allowed */
    int slot;                           /* starts, notes */
} tw_site_address_t;

/* The paths of own locations, decoded. */
typedef struct tw_site_paths_t {
    const char *login, *callback, *logout, *session, *account;
    const char *hub;                    /* NULL: it is none */
    const char *auth;                   /* itself and all that is below */
    tw_own_t own;                       /* no return targets */
    apr_size_t own_len;                 /* of own.path */
    int callback_apart;                 /* the callback is not below it */
} tw_site_paths_t;

/* Cookies: names, and what follows the value. */
typedef struct tw_site_cookies_t {
    tw_cookie_name_t session;
    tw_cookie_name_t pre;
    tw_cookie_name_t flow;              /* the beginning of the names */
    const char *name;                   /* what is in all of them */
    const char *session_attributes;
    const char *other_attributes;
} tw_site_cookies_t;

struct tw_site_t {
    server_rec *server;
    const char *off;                    /* why it is off; NULL: it is on */
    int incomplete;                     /* a command was not run, at a test */

    tw_site_address_t address;
    tw_site_paths_t paths;

    struct {
        const tw_protocol_t *protocol;
        tw_client_t client;
        int calls;                      /* at once, on the whole server; 0
                                           until the start: by its size */
        int slot;                       /* the breaker for X */
    } provider;

    struct {
        const char *name;
        const char *audience;           /* what is sealed for the realm */
        int slot;                       /* what its hosts have in common */
    } realm;

    struct {
        tw_ring_t *ring;        /* TwAuthKey */
        tw_sealer_t session;
        tw_sealer_t flow;       /* of this protocol, provider and callback */
        tw_sealer_t pre;
        tw_sealer_t mark;
        tw_sealer_t form;
        tw_sealer_t account_switch;
        tw_sealer_t asked;
        const tw_hub_seals_t *hub;  /* of a hub and of its hosts; NULL: it is
                                       neither */
    } sealers;                          /* users' tokens': in the store */

    tw_site_cookies_t cookies;

    struct {                            /* TwAuthSession... */
        tw_limits_t limits[2];          /* as usual, and remembered */
        apr_interval_time_t recheck;
        apr_interval_time_t recheck_alone;  /* where there is no feed */
        apr_interval_time_t feed;           /* 0: changes are not followed */
        apr_interval_time_t grace;
        tw_remember_t remember;
        tw_protection_level_t protection;
        int says_from;                  /* copies say browser and network:
                                           something here asks for them */
        int per_account;
        int clear_site_data;            /* TW_CLEAR_* */
    } session;

    struct {
        tw_rate_t limit_client;
        tw_rate_t limit_all;
        apr_interval_time_t timeout;    /* of a pending one */
        tw_sign_up_t sign_up;           /* what becomes of strangers */
        int claim;                      /* accounts that wait are claimed */
        const apr_array_header_t *hub_for;  /* origins whose hub it is; NULL:
                                               it is none */
    } sign_in;

    struct {                            /* the module's own */
        const tw_pages_t *languages;
        const char *name;               /* of the site */
        const char *logo, *style;       /* paths; NULL: none */
        const char *privacy_url, *terms_url;    /* or paths; NULL: none */
        int account_delete;             /* people may delete their account */
    } pages;

    tw_store_t store;

    tw_shared_t *shared;
    struct {
        tw_recent_t *recent;            /* lines about visitors */
        const char *events_to;          /* TwAuthEventLog; NULL: none */
        tw_event_log_t events;          /* the same, open */
    } log;
};

/* The site of a server; NULL where nothing is configured. */
static inline const tw_site_t *tw_site(const server_rec *s)
{
    return tw_conf_server(s)->site;
}

/* Whether both were told the same database, in the same words. */
static inline int tw_site_share_database(const tw_site_t *a,
                                         const tw_site_t *b)
{
    return !strcmp(a->store.database.driver, b->store.database.driver)
           && !strcmp(a->store.database.params, b->store.database.params);
}

/* Whether a path, decoded, is that of a location or below it. */
static inline int tw_site_path_is_at(const char *path, const char *location)
{
    apr_size_t len = strlen(location);

    return !strncmp(path, location, len) && (!path[len] || path[len] == '/');
}

/* Whether it has one that is on. */
static inline int tw_site_is_on(const server_rec *s)
{
    return tw_site(s) && !tw_site(s)->off;
}

#endif
