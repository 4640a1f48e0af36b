/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <apr_lib.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "store/account.h"
#include "store/session_row.h"
#include "store/token.h"
#include "auth/authn.h"
#include "request/strip.h"
#include "request/browser.h"
#include "base/codec.h"
#include "sealed/flow.h"
#include "login/locations.h"
#include "x/oauth1.h"
#include "x/oauth2.h"
#include "private.h"
#include "config/start.h"
#include "base/target.h"

#define KEY "hCQJQ0+0OZxgvZ2a4Y8mJPoZYqBvK3nVb0oS7lDT1WcXrE9uHkMfGyi6wNzL5s+A"
#define BODY_PIECE 100
#define ALICES_BROWSER "alice's browser"

server_did_t server_did;

module AP_MODULE_DECLARE_DATA twauth_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, NULL, 0
};

/* ---- httpd -------------------------------------------------------------- */

/* The body of the request that is under way. */
static const char *body_left;
static apr_size_t body_len;

void ap_log_rerror_(const char *file, int line, int module_index, int level,
                    apr_status_t status, const request_rec *r,
                    const char *fmt, ...)
{
    va_list args;

    (void)file;
    (void)line;
    (void)module_index;
    (void)level;
    (void)status;
    /* for a sanitizer to see what the words are made of */
    va_start(args, fmt);
    apr_pvsprintf(r->pool, fmt, args);
    va_end(args);
}

const char *ap_auth_type(request_rec *r)
{
    (void)r;
    return "Twitter";
}

const char *ap_auth_name(request_rec *r)
{
    (void)r;
    return NULL;
}

const char *ap_run_http_scheme(const request_rec *r)
{
    (void)r;
    return "https";
}

char *ap_strcasestr(const char *s1, const char *s2)
{
    for (; *s1; s1++) {
        if (!strncasecmp(s1, s2, strlen(s2))) {
            return (char *)s1;
        }
    }
    return NULL;
}

char *ap_escape_html2(apr_pool_t *pool, const char *s, int toasc)
{
    char *out = apr_pstrdup(pool, "");

    (void)toasc;
    for (; *s; s++) {
        out = apr_pstrcat(pool, out, *s == '<' ? "&lt;" : *s == '>' ? "&gt;"
                          : *s == '&' ? "&amp;" : *s == '"' ? "&quot;"
                          : apr_pstrmemdup(pool, s, 1), NULL);
    }
    return out;
}

int ap_index_of_response(int status)
{
    return status;
}

char *ap_response_code_string(request_rec *r, int index)
{
    (void)r;
    (void)index;
    return NULL;
}

void ap_custom_response(request_rec *r, int status, const char *text)
{
    (void)status;
    server_did.page = apr_pstrdup(r->pool, text);
}

int ap_rwrite(const void *buf, int nbyte, request_rec *r)
{
    HOLDS(nbyte >= 0);
    server_did.page = apr_pstrcat(r->pool, server_did.page,
                                  apr_pstrmemdup(r->pool, buf,
                                                 (apr_size_t)nbyte), NULL);
    return nbyte;
}

void ap_set_content_type(request_rec *r, const char *type)
{
    r->content_type = type;
}

void ap_set_content_length(request_rec *r, apr_off_t length)
{
    HOLDS(length >= 0);
    r->clength = length;
}

void ap_allow_standard_methods(request_rec *r, int reset, ...)
{
    (void)r;
    (void)reset;
}

int ap_setup_client_block(request_rec *r, int read_policy)
{
    HOLDS(read_policy == REQUEST_CHUNKED_DECHUNK);
    r->read_chunked = apr_table_get(r->headers_in, "Transfer-Encoding")
                      != NULL;
    r->remaining = r->read_chunked ? 0 : (apr_off_t)body_len;
    return OK;
}

int ap_should_client_block(request_rec *r)
{
    return r->read_chunked || r->remaining > 0;
}

long ap_get_client_block(request_rec *r, char *buffer, apr_size_t size)
{
    apr_size_t len = size < BODY_PIECE ? size : BODY_PIECE;

    (void)r;
    len = len < body_len ? len : body_len;
    memcpy(buffer, body_left, len);
    body_left += len;
    body_len -= len;
    return (long)len;
}

/* No filter runs here. */
ap_filter_rec_t *ap_register_input_filter(const char *name,
                                          ap_in_filter_func filter,
                                          ap_init_filter_func init,
                                          ap_filter_type type)
{
    (void)name;
    (void)filter;
    (void)init;
    (void)type;
    return NULL;
}

ap_filter_rec_t *ap_register_output_filter(const char *name,
                                           ap_out_filter_func filter,
                                           ap_init_filter_func init,
                                           ap_filter_type type)
{
    (void)name;
    (void)filter;
    (void)init;
    (void)type;
    return NULL;
}

ap_filter_t *ap_add_input_filter_handle(ap_filter_rec_t *f, void *ctx,
                                        request_rec *r, conn_rec *c)
{
    (void)f;
    (void)ctx;
    (void)r;
    (void)c;
    return NULL;
}

ap_filter_t *ap_add_output_filter_handle(ap_filter_rec_t *f, void *ctx,
                                         request_rec *r, conn_rec *c)
{
    return ap_add_input_filter_handle(f, ctx, r, c);
}

module *ap_find_linked_module(const char *name)
{
    (void)name;
    return NULL;
}

void ap_remove_output_filter(ap_filter_t *f)
{
    (void)f;
}

apr_status_t ap_pass_brigade(ap_filter_t *filter, apr_bucket_brigade *bucket)
{
    (void)filter;
    (void)bucket;
    return APR_SUCCESS;
}

apr_status_t ap_get_brigade(ap_filter_t *filter, apr_bucket_brigade *bucket,
                            ap_input_mode_t mode, apr_read_type_e block,
                            apr_off_t readbytes)
{
    (void)filter;
    (void)bucket;
    (void)mode;
    (void)block;
    (void)readbytes;
    return APR_EOF;
}

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

/* ---- the database ------------------------------------------------------- */

/* Sessions and flows end: each input has its own. */
static unsigned turn;

static tw_session_t session_of(const char *name)
{
    static const tw_session_t alice = {
        .account = 1, .twitter_id = SERVER_ALICE, .username = "alice",
        .screen_name = "Alice"
    };
    static const tw_session_t bob = {
        .account = 2, .twitter_id = "1002", .username = "bob",
        .screen_name = "Bob"
    };
    tw_session_t session = strcmp(name, "bob") ? alice : bob;

    tw_seal_digest(session.id.bytes, apr_psprintf(fuzz_pool(), "%s %u", name,
                                            turn));
    session.signed_in_at = session.checked_at = session.last_seen =
        apr_time_now();
    session.expires_at = session.signed_in_at + apr_time_from_sec(86400);
    return session;
}

apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *with, apr_pool_t *pool,
                                tw_err_t *err)
{
    (void)store;
    (void)pool;
    (void)err;
    HOLDS(!strcmp(with->identity->id, SERVER_ALICE));
    *session = session_of("alice");
    tw_seal_random(&session->id, sizeof(session->id));
    memset(result, 0, sizeof(*result));
    server_did.begun++;
    return APR_SUCCESS;
}

apr_status_t tw_account_ready(const tw_database_t *database, apr_pool_t *pool,
                              tw_err_t *err)
{
    (void)database;
    (void)pool;
    (void)err;
    return APR_SUCCESS;
}

apr_status_t tw_session_row_check(tw_check_t *check, tw_session_t *session,
                                  const tw_database_t *database,
                                  apr_interval_time_t idle, apr_pool_t *pool,
                                  tw_err_t *err)
{
    (void)database;
    (void)idle;
    (void)pool;
    (void)err;
    *check = TW_CHECK_GOOD;
    session->checked_at = apr_time_now();
    return APR_SUCCESS;
}

apr_status_t tw_session_row_end(apr_array_header_t **ended,
                                const tw_session_t *session, int everywhere,
                                const tw_database_t *database,
                                apr_pool_t *pool, tw_err_t *err)
{
    (void)session;
    (void)everywhere;
    (void)database;
    (void)err;
    *ended = apr_array_make(pool, 1, sizeof(tw_id_t));
    server_did.ended++;
    return APR_SUCCESS;
}

/* No tokens are kept, so there is nothing to refresh. */
apr_status_t tw_token_read(tw_stored_t *stored,
                           const tw_session_t *session,
                           const tw_store_t *store, apr_pool_t *pool,
                           tw_err_t *err)
{
    (void)session;
    (void)store;
    (void)pool;
    (void)err;
    memset(stored, 0, sizeof(*stored));
    return APR_SUCCESS;
}

apr_status_t tw_token_claim(int *claimed, tw_stored_t *stored,
                            apr_time_t until, const tw_store_t *store,
                            apr_pool_t *pool, tw_err_t *err)
{
    (void)claimed;
    (void)stored;
    (void)until;
    (void)store;
    (void)pool;
    (void)err;
    abort();
}

apr_status_t tw_token_refreshed(int *done, const tw_stored_t *stored,
                                const tw_tokens_t *tokens,
                                const tw_store_t *store, apr_pool_t *pool,
                                tw_err_t *err)
{
    (void)done;
    (void)stored;
    (void)tokens;
    (void)store;
    (void)pool;
    (void)err;
    abort();
}

apr_status_t tw_token_retry_at(const tw_stored_t *stored,
                               apr_time_t at, const tw_store_t *store,
                               apr_pool_t *pool, tw_err_t *err)
{
    (void)stored;
    (void)at;
    (void)store;
    (void)pool;
    (void)err;
    abort();
}

/* ---- the configuration -------------------------------------------------- */

#define SITES 2

static struct {
    server_rec server;
    void *config[8];            /* by module index */
    tw_server_conf_t conf;
    tw_site_t site;
} sites[SITES];

static core_server_config core;
static void *dir_config[8];

tw_server_conf_t *tw_conf_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &twauth_module);
}

const tw_dir_conf_t *tw_conf_dir(const request_rec *r)
{
    static const tw_dir_conf_t dir = {
        TW_UNAUTH_LOGIN, TW_USER_USERNAME,
        TW_EXPORT_ENV | TW_EXPORT_HEADERS, TW_UNSET
    };

    (void)r;
    return &dir;
}

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
        cache = tw_cache_make(lasting);
    }
    return cache;
}

static void set_site(tw_site_t *site, const tw_protocol_t *protocol,
                     apr_pool_t *pool)
{
    const tw_client_t client = {
        "https://api.x.test", SERVER_X, SERVER_ORIGIN "/twauth/callback",
        "key", "secret", "users.read", "authenticate", 0, "read",
        NULL, { NULL, NULL, apr_time_from_sec(5) }
    };
    const tw_rate_t rate = { TW_RATE_MAX, apr_time_from_sec(1) };
    const struct {
        tw_sealer_t *sealer;
        tw_seal_purpose_t purpose;
    } purposes[] = {
        { &site->sealers.session, TW_SEAL_SESSION },
        { &site->sealers.flow, TW_SEAL_FLOW },
        { &site->sealers.pre, TW_SEAL_PRE },
        { &site->sealers.mark, TW_SEAL_BOUNCE },
        { &site->sealers.form, TW_SEAL_FORM },
        { &site->sealers.account_switch, TW_SEAL_SWITCH },
        { &site->sealers.asked, TW_SEAL_ASKED },
    };
    int i;

    site->address.scheme = "https";
    site->address.host = "site.test";
    site->address.port = 443;
    site->address.origin = SERVER_ORIGIN;
    site->address.secure = 1;
    site->paths.login = "/twauth/login";
    site->paths.callback = "/twauth/callback";
    site->paths.logout = "/twauth/logout";
    site->paths.session = "/twauth/session";
    site->paths.own.path = "/twauth/";
    site->paths.own.callback = site->paths.callback;
    site->paths.own_len = strlen("/twauth/");
    site->provider.protocol = protocol;
    site->provider.client = client;
    site->sealers.ring = tw_ring_make(pool);
    HOLDS(site->sealers.ring
          && tw_ring_add(site->sealers.ring, KEY, pool, NULL) == APR_SUCCESS);
    site->realm.name = site->realm.audience = "site.test:443";
    site->cookies.name = "twauth";
    site->cookies.session.text = SERVER_SESSION;
    site->cookies.session.len = strlen(SERVER_SESSION);
    site->cookies.pre.text = SERVER_PRE;
    site->cookies.pre.len = strlen(SERVER_PRE);
    site->cookies.flow.text = SERVER_FLOW;
    site->cookies.flow.len = strlen(SERVER_FLOW);
    site->cookies.session_attributes = site->cookies.other_attributes =
        "; Path=/; Secure; HttpOnly; SameSite=Lax";
    for (i = 0; i < (int)(sizeof(purposes) / sizeof(*purposes)); i++) {
        *purposes[i].sealer = (tw_sealer_t){ site->sealers.ring,
                                             purposes[i].purpose,
                                             site->realm.audience };
    }
    site->sealers.flow = tw_seal_bind(&site->sealers.flow, protocol->name,
                                      pool);
    site->recent = tw_recent_attach(apr_pcalloc(pool, tw_recent_size()));
    site->shared = tw_shared_attach(apr_pcalloc(pool, tw_shared_size()),
                                    apr_time_now() - 1);
    site->provider.slot = 1;
    site->store.database.shared = site->shared;
    site->store.database.slot = 2;
    site->provider.calls = 8;
    site->session.idle = site->session.max = apr_time_from_sec(86400);
    site->session.recheck = apr_time_from_sec(60);
    site->session.grace = apr_time_from_sec(600);
    site->sign_in.limit_client = site->sign_in.limit_all = rate;
    site->sign_in.timeout = apr_time_from_sec(86400);
    site->sign_in.sign_up = 1;
}

static void set_up(void)
{
    const tw_protocol_t *const protocols[SITES] = { &tw_oauth1, &tw_oauth2 };
    apr_pool_t *lasting;
    tw_err_t err;
    int i;

    apr_pool_create(&lasting, NULL);
    HOLDS(tw_seal_init() == APR_SUCCESS);
    HOLDS(tw_oauth1.child_init(lasting, &err) == APR_SUCCESS);
    twauth_module.module_index = AP_CORE_MODULE_INDEX + 1;
    for (i = 0; i < SITES; i++) {
        sites[i].server.module_config = (ap_conf_vector_t *)sites[i].config;
        sites[i].server.lookup_defaults = (ap_conf_vector_t *)dir_config;
        sites[i].config[AP_CORE_MODULE_INDEX] = &core;
        sites[i].config[twauth_module.module_index] = &sites[i].conf;
        sites[i].site.server = sites[i].site.store.database.server =
            &sites[i].server;
        sites[i].conf.site = &sites[i].site;
        set_site(&sites[i].site, protocols[i], lasting);
    }
}

const tw_site_t *server_site(const char *protocol)
{
    int i;

    if (!sites[0].site.provider.protocol) {
        fuzz_pool();
        set_up();
    }
    for (i = 0; i < SITES; i++) {
        if (!strcmp(sites[i].site.provider.protocol->name, protocol)) {
            return &sites[i].site;
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
                       "/members/?a=1" };

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
    body_left = body;
    body_len = len;
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
    HOLDS((tw_locations_access(r) == OK) == own);
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
