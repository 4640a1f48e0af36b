/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/conf: what an administrator wrote.
 *
 * The records of a server and of a directory, the table of their values, and
 * how they are merged.  config/directives fills them; what follows for a
 * virtual host (addresses, names, keys) is tw_site's.
 */
#ifndef TW_CONFIG_CONF_H
#define TW_CONFIG_CONF_H

#include <httpd.h>
#include <http_config.h>

#include <apr_tables.h>
#include <apr_time.h>

#include "config/settings.h"
#include "config/told.h"
#include "shared/segment.h"

typedef enum { TW_OAUTH1, TW_OAUTH2 } tw_protocol_choice_t;

typedef enum { TW_SAMESITE_LAX, TW_SAMESITE_NONE } tw_samesite_t;

typedef enum {
    TW_UNAUTH_LOGIN,
    TW_UNAUTH_PAGE,
    TW_UNAUTH_401,
    TW_UNAUTH_PASS
} tw_unauthenticated_t;

typedef enum {
    TW_USER_USERNAME,
    TW_USER_SCREEN_NAME,
    TW_USER_ID
} tw_remote_user_t;

typedef enum { TW_REMEMBER_OFF, TW_REMEMBER_ON, TW_REMEMBER_ASK }
    tw_remember_t;

typedef enum { TW_PROTECTION_OFF, TW_PROTECTION_BASIC, TW_PROTECTION_STRONG }
    tw_protection_level_t;

/* TwAuthExport, bits */
#define TW_EXPORT_ENV 1
#define TW_EXPORT_HEADERS 2
#define TW_EXPORT_TOKENS 4
#define TW_EXPORT_PROFILE 8

/* TwAuthClearSiteData, bits */
#define TW_CLEAR_CACHE 1
#define TW_CLEAR_STORAGE 2

typedef struct tw_site_t tw_site_t;

/*
 * One server or virtual host.  Times are microseconds.  Numbers are
 * apr_int64_t throughout, so that one table describes them all.
 */
typedef struct tw_server_conf_t {
    apr_int64_t engine;
    apr_int64_t protocol;               /* tw_protocol_choice_t */
    struct {                            /* OAuth 1.0a */
        const char *key;
        const char *secret;             /* file:... or exec:... */
    } consumer;
    struct {                            /* OAuth 2.0 */
        const char *id;
        const char *secret;             /* likewise; NULL: none */
        const char *scope;
    } client;
    apr_array_header_t *keys;           /* of const char *, likewise */
    const char *realm;
    struct {                            /* the own address */
        const char *path;
        const char *callback_url;       /* not inherited */
        apr_int64_t allow_http;
        const char *hub;                /* where people sign in instead */
        apr_array_header_t *hub_for;    /* of origins, whose hub this is; not
                                           inherited; NULL: none */
    } own;
    struct {                            /* calls to X */
        const char *api;
        const char *browser;
        const char *ca_file;
        const char *proxy;
        apr_int64_t timeout;
        apr_int64_t calls;              /* 0: a quarter of the workers */
    } provider;
    struct {
        tw_rate_t limit_client;         /* count 0: unset */
        tw_rate_t limit_all;
        apr_int64_t with;               /* 0 authenticate, 1 authorize */
        apr_int64_t force_login;
        apr_int64_t access;             /* 0 read, 1 write */
        apr_int64_t timeout;
        apr_int64_t sign_up;            /* tw_sign_up_t */
        apr_int64_t profile;            /* TW_UNSET: with OAuth 2.0 alone */
        apr_int64_t claim;              /* of accounts, by handle */
    } sign_in;
    struct {
        apr_int64_t idle;
        apr_int64_t max;
        apr_int64_t recheck;            /* TW_UNSET: as the feed has it */
        apr_int64_t feed;               /* 0: Off */
        apr_int64_t grace;
        apr_int64_t remember;           /* tw_remember_t */
        apr_int64_t remember_for;
        apr_int64_t protection;         /* tw_protection_level_t */
        apr_int64_t per_account;
        apr_int64_t clear_site_data;    /* TW_CLEAR_* */
        apr_int64_t entries;            /* that ended; the most of all
                                           hosts counts */
    } session;
    struct {
        const char *name;
        const char *domain;
        apr_int64_t samesite;
    } cookie;
    struct {
        apr_int64_t calls;
        apr_int64_t tokens;             /* tw_storage_t */
    } database;
    struct {                            /* the module's own pages */
        const char *site_name;          /* NULL: the host */
        const char *site_logo;          /* paths; NULL: none */
        const char *style;
        const char *privacy_url;        /* URLs or paths; NULL: none */
        const char *terms_url;
        const char *folder;             /* of catalogues; NULL: those that
                                           the module comes with */
        apr_int64_t account_delete;
    } pages;
    struct {                            /* what is told of people */
        const char *events;             /* NULL or "Off": nothing */
        apr_int64_t addresses;          /* with where they come from */
        int profile;                    /* some place exports one */
    } tells;
    tw_site_t *site;                    /* NULL: nothing is configured */
} tw_server_conf_t;

/* One directory, location, file or .htaccess. */
typedef struct tw_dir_conf_t {
    apr_int64_t unauthenticated;
    apr_int64_t remote_user;
    apr_int64_t exports;                /* TW_EXPORT_* */
    apr_int64_t recheck;                /* never longer than the server's;
                                           TW_UNSET: as the server's */
    apr_int64_t sign;                   /* what mod_proxy carries to X is
                                           signed as the user */
    apr_int64_t sign_body;              /* bytes of a form */
    struct {                            /* TwAuthFresh; 0: none */
        apr_int64_t configured;
        apr_int64_t htaccess;           /* the shortest */
    } fresh;
    apr_array_header_t *headers;        /* of tw_header_t; NULL: none */
} tw_dir_conf_t;

/* The values that have a row (config/settings), by the place of the field. */
extern const tw_setting_t tw_server_settings[];
extern const tw_setting_t tw_dir_settings[];

/* The row of a field, as a command has it. */
#define TW_SERVER_ROW(field)                                                \
    ((void *)&tw_server_settings[TW_SETTINGS_ROW(tw_server_conf_t, field)])
#define TW_DIR_ROW(field)                                                   \
    ((void *)&tw_dir_settings[TW_SETTINGS_ROW(tw_dir_conf_t, field)])

void *tw_conf_server_create(apr_pool_t *pool, server_rec *s);
void *tw_conf_server_merge(apr_pool_t *pool, void *base, void *add);
void *tw_conf_dir_create(apr_pool_t *pool, char *dir);
void *tw_conf_dir_merge(apr_pool_t *pool, void *base, void *add);

tw_server_conf_t *tw_conf_server(const server_rec *s);
const tw_dir_conf_t *tw_conf_dir(const request_rec *r);

/* How recent the sign-in must be there; 0: it does not matter. */
static inline apr_interval_time_t tw_conf_fresh(const tw_dir_conf_t *dir)
{
    return dir->fresh.htaccess
           && (!dir->fresh.configured
               || dir->fresh.htaccess < dir->fresh.configured)
           ? dir->fresh.htaccess : dir->fresh.configured;
}

/* Puts the defaults of directories in wherever nobody has set anything. */
void tw_conf_dir_fill(tw_dir_conf_t *conf);

/* The same, where all requests of the server begin; after that tw_conf_dir()
 * has a value for each directive. */
void tw_conf_dir_defaults(const server_rec *s);

/* Puts the defaults in wherever nobody has set anything. */
void tw_conf_defaults(tw_server_conf_t *conf);

/* Whether the server has what a sign-in takes: it is meant to be on. */
int tw_conf_has_credentials(const tw_server_conf_t *conf);

#endif
