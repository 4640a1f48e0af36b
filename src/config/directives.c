/* SPDX-License-Identifier: Apache-2.0 */
#include "config/directives.h"

#include "config/conf.h"
#include "config/setters.h"

/* one value: of a host; of a place, .htaccess included */
#define SERVER(name, field, help)                                           \
    AP_INIT_TAKE1(name, tw_setters_server, TW_SERVER_ROW(field), RSRC_CONF, \
                  help)
#define DIR(name, set, field, help)                                         \
    AP_INIT_TAKE1(name, set, TW_DIR_ROW(field), IN_HTACCESS, help)

#define IN_HTACCESS (RSRC_CONF | OR_AUTHCFG)
#define IN_PLACES (RSRC_CONF | ACCESS_CONF)

#define CLEAR_SITE_DATA TW_SERVER_ROW(session.clear_site_data)
#define FEED TW_SERVER_ROW(session.feed)
#define REMOTE_USER TW_DIR_ROW(remote_user)
#define SIGN TW_DIR_ROW(sign)
#define SIGN_BODY TW_DIR_ROW(sign_body)

const command_rec tw_directives[] = {
    SERVER("TwAuthEngine", engine, "On or Off"),

    /* the application at X */
    SERVER("TwAuthConsumerKey", consumer.key,
           "the application's API key at X"),
    SERVER("TwAuthConsumerSecret", consumer.secret,
           "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthClientID", client.id,
           "the application's OAuth 2.0 client id at X"),
    SERVER("TwAuthClientSecret", client.secret,
           "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthScope", client.scope, "what OAuth 2.0 asks X for"),
    SERVER("TwAuthProtocol", protocol,
           "oauth1 or oauth2, where both have credentials"),

    /* keys, addresses */
    AP_INIT_ITERATE("TwAuthKey", tw_setters_key, NULL, RSRC_CONF,
                    "sealing keys: file:PATH or exec:COMMAND; the first "
                    "seals, all open"),
    SERVER("TwAuthPath", own.path, "where the module's own locations are"),
    SERVER("TwAuthCallbackURL", own.callback_url,
           "the callback URL registered at X"),
    SERVER("TwAuthHub", own.hub, "the host where people of this one sign in"),
    AP_INIT_ITERATE("TwAuthHubFor", tw_setters_hub_for, NULL, RSRC_CONF,
                    "the hosts of which this is the hub"),
    SERVER("TwAuthRealm", realm, "hosts of one realm share sessions"),
    SERVER("TwAuthAllowHTTP", own.allow_http,
           "On: plain http, for development on loopback"),

    /* calls to X */
    AP_INIT_TAKE12("TwAuthProvider", tw_setters_provider, NULL, RSRC_CONF,
                   "base URL of X's API, and of its pages for the browser"),
    SERVER("TwAuthProviderCAFile", provider.ca_file,
           "certificates to trust in calls to X"),
    SERVER("TwAuthProviderProxy", provider.proxy, "proxy for the calls to X"),
    SERVER("TwAuthProviderTimeout", provider.timeout,
           "limit of one call to X, such as 5s"),
    SERVER("TwAuthProviderCalls", provider.calls,
           "calls to X at the same time"),

    /* signing in */
    AP_INIT_TAKE12("TwAuthStartLimit", tw_setters_start_limit, NULL, RSRC_CONF,
                   "sign-ins started per client, and in all: N/s, N/min or "
                   "N/h"),
    SERVER("TwAuthSignInWith", sign_in.with, "authenticate or authorize"),
    SERVER("TwAuthForceLogin", sign_in.force_login,
           "On: X asks again who it is"),
    SERVER("TwAuthAccess", sign_in.access, "read or write"),
    SERVER("TwAuthFlowTimeout", sign_in.timeout,
           "life of a pending sign-in, such as 10min"),
    SERVER("TwAuthSignUp", sign_in.sign_up,
           "what becomes of strangers: On, Off, Ask or Invite"),
    SERVER("TwAuthProfile", sign_in.profile,
           "On: X is asked for name, picture and mark"),
    SERVER("TwAuthClaimByHandle", sign_in.claim,
           "On: an account without a number is its handle's"),

    /* sessions */
    SERVER("TwAuthSessionIdle", session.idle,
           "a session ends after so long unused, such as 12h"),
    SERVER("TwAuthSessionMax", session.max,
           "a session ends so long after its sign-in, such as 7d"),
    AP_INIT_TAKE1("TwAuthSessionRecheck", tw_setters_recheck, NULL,
                  IN_HTACCESS,
                  "how long a cookie is good without asking the database, "
                  "such as 60s"),
    AP_INIT_TAKE1("TwAuthSessionFeed", tw_setters_feed, FEED, RSRC_CONF,
                  "how often to ask for all sessions what has changed, such "
                  "as 2s, or Off"),
    SERVER("TwAuthSessionGrace", session.grace,
           "how much longer without the database, such as 10min"),
    SERVER("TwAuthRemember", session.remember,
           "sessions outlive the browser: Off, On, or Ask"),
    SERVER("TwAuthRememberFor", session.remember_for,
           "a remembered session ends so long after its sign-in, such as "
           "30d"),
    SERVER("TwAuthSessionProtection", session.protection,
           "what another browser or network does to a session: Off, Basic "
           "or Strong"),
    SERVER("TwAuthSessionsPerAccount", session.per_account,
           "sessions of one account; the oldest go"),
    SERVER("TwAuthSharedEntries", session.entries,
           "how many ended sessions the server remembers"),
    SERVER("TwAuthCookieName", cookie.name, "name of the session cookie"),
    SERVER("TwAuthCookieDomain", cookie.domain,
           "domain of the session cookie"),
    SERVER("TwAuthCookieSameSite", cookie.samesite, "Lax or None"),
    AP_INIT_TAKE12("TwAuthClearSiteData", tw_setters_clear_site_data,
                   CLEAR_SITE_DATA, RSRC_CONF,
                   "what a browser drops at a sign-out: cache, storage, or "
                   "Off"),

    /* the database */
    SERVER("TwAuthDatabaseCalls", database.calls,
           "database connections per process"),
    SERVER("TwAuthTokens", database.tokens,
           "how users' tokens are kept: sealed, plain, none"),

    /* pages */
    SERVER("TwAuthSiteName", pages.site_name,
           "the site's name, for pages; in quotes"),
    SERVER("TwAuthSiteLogo", pages.site_logo,
           "the path of the site's logo, for pages"),
    SERVER("TwAuthPageStyle", pages.style,
           "the path of a style sheet for pages"),
    SERVER("TwAuthPrivacyURL", pages.privacy_url,
           "where the site says what it does with data"),
    SERVER("TwAuthTermsURL", pages.terms_url, "the site's terms of service"),
    SERVER("TwAuthPages", pages.folder,
           "folder with the pages' sentences by languages"),
    SERVER("TwAuthAccountDelete", pages.account_delete,
           "On: people may delete their account here"),

    /* logs */
    SERVER("TwAuthEventLog", tells.events,
           "the file, or |command, that takes events as JSON"),
    SERVER("TwAuthLogAddress", tells.addresses,
           "Off: events and sessions say nothing of addresses and browsers"),

    /* places */
    DIR("TwAuthUnauthenticated", tw_setters_unauthenticated, unauthenticated,
        "what a visitor without a session gets: login, page, 401 or pass"),
    AP_INIT_TAKE1("TwAuthRemoteUser", tw_setters_dir, REMOTE_USER, IN_PLACES,
                  "username, screen_name or id"),
    AP_INIT_RAW_ARGS("TwAuthExport", tw_setters_export, NULL, IN_HTACCESS,
                     "what applications are told: env, headers, profile, "
                     "tokens, none"),
    AP_INIT_TAKE1("TwAuthSign", tw_setters_dir, SIGN, IN_PLACES,
                  "On: what mod_proxy carries from here to X's API is signed "
                  "as the user"),
    AP_INIT_TAKE1("TwAuthSignBody", tw_setters_dir, SIGN_BODY, IN_PLACES,
                  "the longest form that is read to be signed, such as 64k"),
    AP_INIT_TAKE1("TwAuthFresh", tw_setters_fresh, NULL, IN_HTACCESS,
                  "how recent the sign-in must be, such as 10min"),
    AP_INIT_TAKE2("TwAuthHeader", tw_setters_header, NULL, IN_PLACES,
                  "one more header for applications: its name, and what it "
                  "tells"),
    { .name = NULL }
};
