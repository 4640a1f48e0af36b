/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include <http_core.h>

#include "auth/authn.h"
#include "base/codec.h"
#include "config/build.h"
#include "config/start.h"
#include "login/locations.h"
#include "private.h"
#include "request/browser.h"
#include "request/strip.h"
#include "sealed/flow.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

#define KEY "hCQJQ0+0OZxgvZ2a4Y8mJPoZYqBvK3nVb0oS7lDT1WcXrE9uHkMfGyi6wNzL5s+A"
#define ALICES_BROWSER "alice's browser"

server_did_t server_did;

module AP_MODULE_DECLARE_DATA twauth_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, NULL, 0
};

/* ---- X ------------------------------------------------------------------ */

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *pool,
                          tw_err_t *err)
{
    static const struct {
        const char *end, *body;
    } answers[] = {
        { "/oauth/request_token", "oauth_token=t1&oauth_token_secret=s1"
                                  "&oauth_callback_confirmed=true" },
        { "/oauth/access_token", "oauth_token=a1&oauth_token_secret=s2"
                                 "&user_id=" SERVER_ALICE
                                 "&screen_name=Alice" },
        { "/2/oauth2/token", "{\"token_type\":\"bearer\","
                             "\"access_token\":\"a1\"}" },
        { "/2/users/me", "{\"data\":{\"id\":\"" SERVER_ALICE "\","
                         "\"username\":\"Alice\"}}" },
    };
    tw_http_response_t *answer = apr_pcalloc(pool, sizeof(*answer));
    size_t i;

    (void)http;
    (void)conf;
    (void)err;
    server_did.calls++;
    answer->status = 404;
    answer->body = "";
    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const char *path = request->url + strlen("https://api.x.test");
        size_t len = strcspn(path, "?");

        if (len == strlen(answers[i].end)
            && !strncmp(path, answers[i].end, len)) {
            answer->status = 200;
            answer->body = answers[i].body;
        }
    }
    HOLDS(answer->status == 200);
    answer->body_len = strlen(answer->body);
    *response = answer;
    return APR_SUCCESS;
}

/* ---- sessions ------------------------------------------------------------ */

/* Sessions and flows end: each input has its own. */
static unsigned turn;

/* Alice's was checked just now, bob's is to be checked at the next request. */
tw_session_t session_of(const char *name)
{
    static const tw_session_t alice = {
        .account = 1, .twitter_id = SERVER_ALICE, .username = "alice",
        .screen_name = "Alice"
    };
    static const tw_session_t bob = {
        .account = 2, .twitter_id = "1002", .username = "bob",
        .screen_name = "Bob"
    };
    int is_bob = !strcmp(name, "bob");
    tw_session_t session = is_bob ? bob : alice;
    apr_time_t now = apr_time_now();

    tw_seal_digest(session.id.bytes, apr_psprintf(fuzz_pool(), "%s %u", name,
                                                  turn));
    session.signed_in_at = session.last_seen = session.checked_at =
        now - (is_bob ? apr_time_from_sec(1000) : 0);
    session.expires_at = session.signed_in_at + apr_time_from_sec(86400);
    return session;
}

/* ---- the configuration -------------------------------------------------- */

#define SITES 2

static struct {
    server_rec server;
    void *config[8];            /* by module index */
} servers[SITES];

static core_server_config core;
static void *dir_config[8];

int tw_start_any(void)
{
    return 1;
}

tw_http_pool_t *tw_start_http(const tw_site_t *site)
{
    (void)site;
    return (tw_http_pool_t *)&core;     /* never looked at */
}

tw_cache_t *tw_start_cache(void)
{
    static tw_cache_t *cache;
    static apr_pool_t *lasting;

    if (!cache) {
        apr_pool_create(&lasting, NULL);
        cache = tw_cache_make(TW_CACHE_TEXT, lasting);
    }
    return cache;
}

/* httpd.conf, as far as the module looks at other modules' directives. */
static void set_tree(void)
{
    static ap_directive_t directives[] = {
        { .directive = "ServerName", .args = "site.test" },
        { .directive = "DBDriver", .args = "fuzz" },
    };

    directives[0].next = &directives[1];
    ap_conftree = directives;
}

/* What an administrator writes; all else has its default. */
static void set_conf(tw_server_conf_t *conf, int i, apr_pool_t *pool)
{
    const tw_rate_t rate = { TW_RATE_MAX, apr_time_from_sec(1) };

    if (i == 0) {
        conf->consumer.key = "key";
        conf->consumer.secret = "file:/secret";
    }
    else {
        conf->client.id = "key";
        conf->client.secret = "file:/secret";
    }
    conf->keys = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(conf->keys, const char *) = "file:/key";
    conf->provider.api = "https://api.x.test";
    conf->provider.browser = SERVER_X;
    conf->sign_in.limit_client = conf->sign_in.limit_all = rate;
}

/* What a start finds out besides. */
static void join(tw_site_t *site, apr_pool_t *pool)
{
    tw_database_t *database = &site->store.database;

    site->log.recent = tw_recent_attach(apr_pcalloc(pool, tw_recent_size()));
    /* before any session was checked */
    site->shared = database->shared =
        tw_shared_alone(pool, apr_time_now() - apr_time_from_sec(86400));
    site->provider.slot = 1;
    database->slot = 2;
    database->writes = 3;
    site->realm.slot = 4;
    tw_shared_realm(site->shared, site->realm.slot,
                    site->session.recheck + site->session.grace,
                    site->session.limits[0].max, apr_time_now());
    site->provider.calls = 8;
}

static void set_up_server(int i, tw_draft_t *draft, apr_pool_t *pool)
{
    server_rec *s = &servers[i].server;
    tw_server_conf_t *conf = tw_conf_server_create(pool, s);
    tw_site_t *site;

    s->server_hostname = apr_pstrdup(pool, "site.test");
    s->server_scheme = "https";
    s->port = 443;
    s->module_config = (ap_conf_vector_t *)servers[i].config;
    s->lookup_defaults = (ap_conf_vector_t *)dir_config;
    servers[i].config[AP_CORE_MODULE_INDEX] = &core;
    servers[i].config[twauth_module.module_index] = conf;
    set_conf(conf, i, pool);
    tw_conf_defaults(conf);
    site = tw_build_site(draft, s);
    HOLDS(site && !site->off && !site->incomplete);
    HOLDS(!strcmp(site->address.origin, SERVER_ORIGIN));
    join(site, pool);
    conf->site = site;
}

static void set_up(void)
{
    static const char *const secrets[][2] = {
        { "TwAuthKey file:/key", KEY },
        { "TwAuthConsumerSecret file:/secret", "secret" },
        { "TwAuthClientSecret file:/secret", "secret" },
    };
    tw_dir_conf_t *dir;
    apr_pool_t *lasting;
    tw_draft_t *draft;
    tw_err_t err;
    int i;

    apr_pool_create(&lasting, NULL);
    HOLDS(tw_seal_init() == APR_SUCCESS);
    HOLDS(tw_oauth1.child_init(lasting, &err) == APR_SUCCESS);
    twauth_module.module_index = AP_CORE_MODULE_INDEX + 1;
    dir = tw_conf_dir_create(lasting, NULL);
    dir->exports = TW_EXPORT_ENV | TW_EXPORT_HEADERS;
    dir_config[twauth_module.module_index] = dir;
    servers[0].server.lookup_defaults = (ap_conf_vector_t *)dir_config;
    tw_conf_dir_defaults(&servers[0].server);
    set_tree();
    draft = tw_draft_begin(&servers[0].server, NULL, lasting, lasting);
    for (i = 0; i < 3; i++) {
        apr_hash_set(draft->secrets, secrets[i][0], APR_HASH_KEY_STRING,
                     secrets[i][1]);
    }
    for (i = 0; i < SITES; i++) {
        set_up_server(i, draft, lasting);
    }
}

const tw_site_t *server_site(const char *protocol)
{
    int i;

    if (!servers[0].server.module_config) {
        fuzz_pool();
        set_up();
    }
    for (i = 0; i < SITES; i++) {
        const tw_site_t *site = tw_site(&servers[i].server);

        if (!strcmp(site->provider.protocol->name, protocol)) {
            return site;
        }
    }
    abort();
}

/* ---- requests ----------------------------------------------------------- */

static const char *session_text(const tw_site_t *site, const char *name,
                                apr_pool_t *pool)
{
    tw_session_t session = session_of(name);

    return tw_session_seal(&session, &site->sealers.session, pool);
}

static const char *flow_key(apr_pool_t *pool)
{
    return apr_psprintf(pool, "k%u", turn);
}

static const char *flow_name(apr_pool_t *pool)
{
    char end[TW_FLOW_NAME_LEN + 1];

    tw_flow_name(end, flow_key(pool));
    return apr_pstrcat(pool, SERVER_FLOW, end, NULL);
}

static const char *flow_text(const tw_site_t *site, apr_pool_t *pool)
{
    tw_flow_t flow = { apr_time_now(), { flow_key(pool), "s1" },
                       "/members/?a=1", 0, NULL,
                       turn % 2 ? SERVER_INVITE : NULL };

    return tw_flow_seal(&flow, &site->sealers.flow, pool);
}

/* The token of kind, as pages have it for {P} and {S}; the mark knows the
 * browser by its address alone. */
static const char *token_text(const tw_site_t *site, const tw_sealer_t *kind,
                              apr_pool_t *pool)
{
    request_rec *r = server_request(site, "GET", "/", apr_table_make(pool, 1),
                                    "", 0, pool);
    tw_session_t session = session_of("alice");
    tw_browser_t browser = { .id = { ALICES_BROWSER } };

    if (kind != &site->sealers.mark) {
        return tw_browser_token(r, kind, &browser, &session);
    }
    tw_seal_digest(browser.id.bytes,
                   apr_pstrcat(pool, r->useragent_ip, "\n", NULL));
    return tw_browser_token(r, kind, &browser, NULL);
}

/* What the placeholder of this letter stands for; NULL: there is none. */
static const char *stands_for(int *given, const tw_site_t *site, char letter,
                              apr_pool_t *pool)
{
    static const unsigned char pre[TW_ID_LEN + 1] = ALICES_BROWSER;

    switch (letter) {
    case 'S':
        *given |= GIVEN_SESSION;
        return session_text(site, "alice", pool);
    case 'O':
        *given |= GIVEN_OTHER;
        return session_text(site, "bob", pool);
    case 'K':
        return flow_key(pool);
    case 'N':
        return flow_name(pool);
    case 'F':
        *given |= GIVEN_FLOW;
        return flow_text(site, pool);
    case 'P':
        *given |= GIVEN_PRE;
        return tw_seal(&site->sealers.pre, pre, sizeof(pre), pool);
    case 'T':
        *given |= GIVEN_TOKEN;
        return token_text(site, &site->sealers.form, pool);
    case 'W':
        return token_text(site, &site->sealers.account_switch, pool);
    case 'M':
        return token_text(site, &site->sealers.mark, pool);
    default:
        return NULL;
    }
}

const char *server_fill(int *given, apr_size_t *len, const tw_site_t *site,
                        const char *text, apr_size_t size, apr_pool_t *pool)
{
    const char *end = text + size, *meant;
    char *filled = apr_palloc(pool, 2000 * (size / 3) + size + 1);
    char *to = filled;

    *given = 0;
    turn++;
    while (text < end) {
        meant = end - text >= 3 && text[0] == '{' && text[2] == '}'
                ? stands_for(given, site, text[1], pool) : NULL;
        if (meant) {
            HOLDS(strlen(meant) < 2000);
            memcpy(to, meant, strlen(meant));
            to += strlen(meant);
            text += 3;
        }
        else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    *len = (apr_size_t)(to - filled);
    return filled;
}

request_rec *server_request(const tw_site_t *site, const char *method,
                            const char *target, const apr_table_t *headers,
                            const char *body, apr_size_t len,
                            apr_pool_t *pool)
{
    request_rec *r = apr_pcalloc(pool, sizeof(*r));
    const char *host = apr_table_get(headers, "Host");
    size_t path = strcspn(target, "?");

    memset(&server_did, 0, sizeof(server_did));
    server_did.page = "";
    httpd_body(body, len);
    r->pool = pool;
    r->connection = apr_pcalloc(pool, sizeof(*r->connection));
    r->server = site->server;
    r->method = method;
    r->header_only = !strcmp(method, "HEAD");
    r->method_number = !strcmp(method, "GET") || r->header_only ? M_GET
                       : !strcmp(method, "POST") ? M_POST : M_INVALID;
    r->unparsed_uri = apr_pstrdup(pool, target);
    r->args = target[path] ? apr_pstrdup(pool, target + path + 1) : NULL;
    if (tw_codec_unpercent(&r->uri, target, path, 0, pool) != APR_SUCCESS) {
        return NULL;
    }
    r->headers_in = apr_table_copy(pool, headers);
    r->headers_out = apr_table_make(pool, 4);
    r->err_headers_out = apr_table_make(pool, 4);
    r->subprocess_env = apr_table_make(pool, 4);
    r->notes = apr_table_make(pool, 4);
    r->request_config = apr_pcalloc(pool, sizeof(dir_config));
    r->per_dir_config = (ap_conf_vector_t *)dir_config;
    r->useragent_ip = apr_pstrdup(pool, "192.0.2.1");
    r->hostname = host ? apr_pstrmemdup(pool, host, strcspn(host, ":"))
                       : NULL;
    r->status = HTTP_OK;
    return r;
}

int server_run(request_rec *r)
{
    int status = tw_strip_post_read_request(r), own;

    if (status != DECLINED) {
        return status;
    }
    status = tw_locations_translate(r);
    if (status != OK && status != DECLINED) {
        return status;
    }
    own = tw_locations_map_to_storage(r) == OK;
    tw_locations_host_access(r);
    /* what a front asks is for httpd's rules to judge */
    HOLDS((tw_locations_access(r) == OK)
          == (own && !tw_visitor_get(r)->given.to_front));
    HOLDS(r->per_dir_config == (ap_conf_vector_t *)dir_config);
    if (!own) {
        status = tw_authn_check(r);
        if (status != OK) {
            return status;
        }
    }
    tw_authn_fixups(r);
    tw_authn_insert_filter(r);
    status = tw_locations_handler(r);
    HOLDS((status != DECLINED) == own);
    return status == DECLINED ? OK : status;
}
