/* SPDX-License-Identifier: Apache-2.0 */
#include "config/client.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/host.h"
#include "base/secret.h"
#include "config/hub.h"
#include "config/secrets.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

#define DEFAULT_API "https://api.x.com"
#define DEFAULT_BROWSER2 "https://x.com"

static int is_http_url(const char *url)
{
    return !strncmp(url, "http:", 5);
}

/* Which protocol: by the credentials, or, with both, by the directive. */
static int build_protocol(tw_draft_t *draft)
{
    const tw_server_conf_t *conf = draft->conf;
    int one = conf->consumer.key || conf->consumer.secret;
    int two = conf->client.id || conf->client.secret;
    apr_int64_t choice = conf->protocol != TW_UNSET ? conf->protocol
                         : two ? TW_OAUTH2 : TW_OAUTH1;

    if (one && two && conf->protocol == TW_UNSET) {
        return tw_draft_refuse(draft, "there are credentials of OAuth 1.0a "
                               "and of OAuth 2.0: say TwAuthProtocol oauth1 "
                               "or oauth2");
    }
    if (choice == TW_OAUTH2) {
        draft->site->provider.protocol = &tw_oauth2;
        return conf->client.id
               ? 1 : tw_draft_refuse(draft, "TwAuthClientID is missing for "
                                     "OAuth 2.0");
    }
    draft->site->provider.protocol = &tw_oauth1;
    return conf->consumer.key && conf->consumer.secret
           ? 1 : tw_draft_refuse(draft, "TwAuthConsumerKey and "
                                 "TwAuthConsumerSecret belong together: "
                                 "%s%s missing",
                                 !one ? "both" : conf->consumer.key
                                 ? "TwAuthConsumerSecret"
                                 : "TwAuthConsumerKey",
                                 !one ? " are" : " is");
}

/* The key or id, and the secret; NULL where a client is public. */
static int build_credentials(tw_draft_t *draft)
{
    const tw_server_conf_t *conf = draft->conf;
    tw_client_t *client = &draft->site->provider.client;

    if (draft->site->provider.protocol == &tw_oauth1) {
        client->key = conf->consumer.key;
        client->secret = tw_secrets_read(draft, "TwAuthConsumerSecret",
                                         conf->consumer.secret);
        return client->secret != NULL;
    }
    client->key = conf->client.id;
    client->scope = conf->client.scope;
    if (conf->client.secret) {
        client->secret = tw_secrets_read(draft, "TwAuthClientSecret",
                                         conf->client.secret);
        return client->secret != NULL;
    }
    return 1;
}

/* Whether X may be spoken to at url: http is for a stand-in alone. */
static int is_provider_ok(const tw_draft_t *draft, const char *url)
{
    apr_uri_t uri;

    apr_uri_parse(draft->ptemp, url, &uri);
    return !is_http_url(url)
           || (draft->conf->own.allow_http
               && tw_host_is_loopback(uri.hostname));
}

static int is_ca_file_ok(const tw_draft_t *draft, const char *path)
{
    char reason[120] = "it is not a regular file";
    apr_finfo_t info;
    apr_status_t rv;

    if (!path) {
        return 1;
    }
    rv = apr_stat(&info, path, APR_FINFO_TYPE, draft->ptemp);
    if (rv == APR_SUCCESS && info.filetype == APR_REG) {
        return 1;
    }
    if (rv != APR_SUCCESS) {
        apr_strerror(rv, reason, sizeof(reason));
    }
    return tw_draft_refuse(draft, "TwAuthProviderCAFile %s cannot be read "
                           "(%s)", tw_secret_path(draft->ptemp, path),
                           reason);
}

/* What of a profile X is asked for; NULL: nothing. */
static const char *profile_fields(const tw_draft_t *draft)
{
    const char *scope = draft->site->provider.client.scope;
    apr_int64_t profile = draft->conf->sign_in.profile;
    char *last, *word, *words;

    if (profile == TW_UNSET ? draft->site->provider.protocol != &tw_oauth2
                            : !profile) {
        return NULL;
    }
    /* X's answer to OAuth 1.0a has no address, whatever is asked for */
    words = apr_pstrdup(draft->ptemp, scope ? scope : "");
    for (word = apr_strtok(words, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        if (!strcmp(word, "users.email")) {
            return "profile_image_url,verified,confirmed_email";
        }
    }
    return "profile_image_url,verified";
}

int tw_client_build(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    const tw_server_conf_t *conf = draft->conf;
    tw_client_t *client = &site->provider.client;

    if (conf->own.hub) {
        return tw_hub_client(draft);
    }
    if (!build_protocol(draft)) {
        return 0;
    }
    client->api = conf->provider.api ? conf->provider.api : DEFAULT_API;
    client->browser = conf->provider.browser ? conf->provider.browser
                      : site->provider.protocol == &tw_oauth2
                      ? DEFAULT_BROWSER2 : DEFAULT_API;
    if (!is_provider_ok(draft, client->api)
        || !is_provider_ok(draft, client->browser)) {
        return tw_draft_refuse(draft, "TwAuthProvider %s %s must be https "
                               "(http is for a stand-in on a loopback "
                               "address, with TwAuthAllowHTTP On)",
                               client->api, client->browser);
    }
    client->callback = conf->own.callback_url
                       ? conf->own.callback_url
                       : apr_pstrcat(draft->pconf, site->address.origin,
                                     site->paths.callback, NULL);
    client->sign_in_with = conf->sign_in.with ? "authorize" : "authenticate";
    client->force_login = (int)conf->sign_in.force_login;
    client->access = conf->sign_in.access ? "write" : "read";
    site->provider.calls = (int)conf->provider.calls;
    client->http.ca_file = conf->provider.ca_file;
    client->http.proxy = conf->provider.proxy;
    client->http.timeout = conf->provider.timeout;
    if (!is_ca_file_ok(draft, conf->provider.ca_file)
        || !build_credentials(draft)) {
        return 0;
    }
    client->fields = profile_fields(draft);
    return 1;
}
