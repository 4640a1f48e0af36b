/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients, administrators, files and databases write, read by each rule
 * that is for a text of theirs.
 */

#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/catalogue.h"
#include "base/db_failure.h"
#include "base/event.h"
#include "base/host.h"
#include "base/identity_headers.h"
#include "base/json.h"
#include "base/language.h"
#include "base/realm.h"
#include "base/redact.h"
#include "base/reply.h"
#include "base/roles.h"
#include "base/secret.h"
#include "base/table.h"
#include "base/user_agent.h"
#include "base/vault.h"
#include "shared/feed.h"

static int is_ascii(const char *text)
{
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            return 0;
        }
    }
    return 1;
}

/* ---- a header of a request ---- */

static void try_client(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *tags = apr_array_make(pool, 3, sizeof(const char *));
    int chosen;

    APR_ARRAY_PUSH(tags, const char *) = "en";
    APR_ARRAY_PUSH(tags, const char *) = "pt-BR";
    APR_ARRAY_PUSH(tags, const char *) = "zh-Hant";
    chosen = tw_language_choose(tags, text);
    HOLDS(chosen >= 0 && chosen < 3);
    HOLDS(tw_user_agent_family(text) <= TW_FAMILY_EXPLORER);
    if (tw_language_ok(text)) {
        const char *direction = tw_language_direction(text);

        HOLDS(!strcmp(direction, "ltr") || !strcmp(direction, "rtl"));
        APR_ARRAY_PUSH(tags, const char *) = text;
        chosen = tw_language_choose(tags, text);
        HOLDS(!strcasecmp(APR_ARRAY_IDX(tags, chosen, const char *), text));
    }
}

/* What is taken out is what is seen. */
static void try_names(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *also = apr_array_make(pool, 1, sizeof(const char *));
    apr_table_t *headers = apr_table_make(pool, 2);
    tw_identity_headers_t seen = { 0 };
    static const char *const names[] = { "If-", "Host", NULL };

    APR_ARRAY_PUSH(also, const char *) =
        tw_identity_headers_fold("X-Remote-User", pool);
    tw_identity_headers_also(also);
    apr_table_setn(headers, text, "value");
    tw_identity_headers_look(&seen, headers);
    tw_identity_headers_scrub(headers);
    HOLDS(!seen.lookalike == !apr_is_empty_table(headers));
    if (seen.lookalike && !strpbrk(text, " \t\v\f,;")) {
        HOLDS(tw_identity_headers_drop_ours(text));
    }
    tw_identity_headers_drop_ours(text);
    tw_identity_headers_also(NULL);
    HOLDS(tw_table_is_listed(text, names) == (!strncasecmp(text, "If-", 3)
                                              || !strcasecmp(text, "Host")));
}

static void try_event(const char *text, apr_pool_t *pool)
{
    const tw_event_log_t log = { "site.test", NULL, 1 };
    tw_event_t event = { 0 };
    const char *line;

    event.browser = event.traceparent = event.why = event.unique_id = text;
    line = tw_event_line(&event, &log, 1, pool);
    HOLDS(line && strlen(line) < TW_EVENT_MAX && is_ascii(line));
    HOLDS(line[0] == '{' && line[strlen(line) - 1] == '}');
    HOLDS(tw_event_write(&event, &log, pool) == APR_SUCCESS);
}

/* ---- a file, a directive ---- */

static void try_catalogue(const char *text, apr_size_t len, apr_pool_t *pool)
{
    tw_catalogue_t *catalogue = tw_catalogue_make("de", pool);
    tw_err_t err = { 0 };
    int line = 0, say;

    if (tw_catalogue_read(catalogue, &line, text, len, pool, &err)
        != APR_SUCCESS) {
        HOLDS(line > 0 && err.why && is_ascii(tw_err_text(pool, &err)));
    }
    for (say = 1; say < TW_SENTENCES; say++) {
        const char *html = tw_catalogue_say(catalogue, (tw_say_t)say);

        HOLDS(html && tw_catalogue_is_text(html, strlen(html)));
        HOLDS(!catalogue->sentences[say] || !strpbrk(html, "<>\""));
    }
    tw_catalogue_missing(catalogue, pool);
}

static void try_directive(const char *text, apr_pool_t *pool)
{
    apr_hash_t *realms = apr_hash_make(pool);
    const char *host = tw_host_in_url(pool, text), *audience;

    if (tw_host_is_ipv6(text)) {
        HOLDS(*host == '[' && tw_host_is_ipv6(host));
        HOLDS(tw_host_same(text, host));
    }
    if (tw_host_is_ipv6(text) || !strchr(text, ':')) {
        HOLDS(!strcmp(host, tw_host_in_url(pool, host)));
        HOLDS(tw_host_is_loopback(text) == tw_host_is_loopback(host));
    }
    audience = tw_realm_audience(realms, "realm", "pgsql", text, pool);
    HOLDS(!strcmp(audience, tw_realm_audience(realms, "realm", "pgsql", text,
                                              pool)));
    HOLDS(is_ascii(tw_redact_connection(text, "host=db password=a b", pool)));
    HOLDS(is_ascii(tw_redact_connection("near \"b\"", text, pool)));
    if (tw_roles_name_ok(text)) {
        HOLDS(tw_roles_ok(text) && tw_roles_has(text, text));
    }
    HOLDS(!tw_roles_ok(text) || strlen(text) <= TW_ROLES_MAX);
    HOLDS(!tw_roles_has("editor,staff", "edit"));
}

/* The content of a secret's file, and what names one; commands are not run. */
static void try_secret(const char *text, apr_size_t len, apr_pool_t *pool)
{
    const apr_uint32_t group = 1;
    tw_secret_file_t file;
    int fd = memfd_create("secret", MFD_CLOEXEC);
    char *from = apr_psprintf(pool, "file:/proc/self/fd/%d", fd), *secret;
    const char *why;
    tw_err_t err = { 0 };

    HOLDS(fd >= 0 && fchmod(fd, 0600) == 0);
    HOLDS(write(fd, text, len) == (ssize_t)len);
    if (tw_secret_read(&secret, from, pool, &err) == APR_SUCCESS) {
        HOLDS(*secret && strlen(secret) <= len && !strpbrk(secret, "\r\n\t"));
        tw_secret_wipe(secret);
    }
    else {
        HOLDS(err.why && is_ascii(err.why));
    }
    tw_secret_is_exposed(&file, from, 1, &group, 1);
    close(fd);
    text = apr_pstrmemdup(pool, text, strnlen(text, len));
    HOLDS(tw_secret_ok(&why, text) || why);
    if (tw_secret_ok(&why, text)) {
        tw_secret_name(pool, text);
    }
    tw_secret_path(pool, text);
}

/* ---- a database ---- */

static void try_failure(const tw_db_failure_t *failure, const char *message)
{
    HOLDS(failure && failure == tw_db_failure(failure->kind));
    tw_db_failure_advice(failure, message);
    HOLDS(!tw_db_failure_is_down(failure, message)
          || failure->flags & TW_DB_FAILURE_DOWN);
    tw_db_failure_is_said(failure, message);
    HOLDS(tw_db_failure_pause(failure, 3, 7) >= 0);
}

static void try_database(const char *text, apr_pool_t *pool)
{
    char code[TW_SQLSTATE_LEN + 1];
    tw_feed_place_t place = { 0 }, later;
    int known = tw_db_failure_sqlstate(code, text);

    HOLDS(!known || strlen(code) == TW_SQLSTATE_LEN);
    try_failure(tw_db_failure_pgsql(known ? code : NULL, 1), text);
    try_failure(tw_db_failure_sqlite(*text & 0x1f, 0, 1), text);
    if (tw_feed_snapshot(&place, text, 0)) {
        HOLDS(place.begun <= place.next && place.count <= TW_FEED_OPEN);
        tw_feed_open_text(&place, pool);
        later = place;
        later.begun = later.next;
        tw_feed_missed(&place, &later, 1, 1);
    }
    tw_feed_snapshot(&place, text, 1);
}

/* ---- an answer of X's ---- */

static void try_reply(const char *text, apr_size_t len, apr_pool_t *pool)
{
    const tw_http_response_t *done;
    tw_reply_t reply = { 0 };
    const char *end;

    reply.pool = pool;
    while ((end = memchr(text, '\n', len)) != NULL) {
        apr_size_t line = (apr_size_t)(end + 1 - text);

        tw_reply_header(&reply, text, line);
        text += line;
        len -= line;
    }
    tw_reply_body(&reply, text, len);
    done = tw_reply_done(&reply, 429);
    HOLDS(done->body_len <= TW_HTTP_BODY_MAX && !done->body[done->body_len]);
    HOLDS(done->retry_after >= 0 && done->retry_after <= TW_HTTP_RETRY_MAX);
    HOLDS(strlen(tw_redact_quote(done->body, 100, pool)) <= 403);
    HOLDS(is_ascii(tw_redact_quote(done->body, 100, pool)));
    if (tw_redact_is_page(done->body)) {
        tw_redact_page(done->body, pool);
    }
}

/* ---- what is written ---- */

static void try_kept(const char *text, apr_pool_t *pool)
{
    static tw_vault_t *vault;
    tw_json_member_t members[] = {
        { "text", text, 0, 0 }, { "list", text, 0, TW_JSON_LIST },
        { "bool", NULL, 1, TW_JSON_BOOL }
    };
    const char *object = tw_json_object(members, 3, pool), *kept;

    HOLDS(!object == !tw_catalogue_is_text(text, strlen(text))
          || strpbrk(text, "\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\f\r\x0e\x0f"
                     "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c"
                     "\x1d\x1e\x1f\x7f") || strstr(text, "\xc2"));
    if (!vault) {
        HOLDS(tw_vault_size() > 0);
        vault = tw_vault_make();
    }
    tw_vault_put(vault, "file:/secret", text);
    kept = tw_vault_get(vault, "file:/secret", pool);
    HOLDS(!kept || !strcmp(kept, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = fuzz_text(pool, data, size);

    try_client(text, pool);
    try_names(text, pool);
    try_event(text, pool);
    try_catalogue((const char *)data, size, pool);
    try_directive(text, pool);
    try_secret((const char *)data, size, pool);
    try_database(text, pool);
    try_reply((const char *)data, size, pool);
    try_kept(text, pool);
    fuzz_clear();
    return 0;
}
