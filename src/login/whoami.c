/* SPDX-License-Identifier: Apache-2.0 */
#include "login/whoami.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>

#include "base/json.h"
#include "private.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/profile.h"

static const char *time_text(apr_pool_t *pool, apr_time_t t)
{
    char *text = apr_palloc(pool, 32);
    apr_time_exp_t exploded;
    apr_size_t len;

    apr_time_exp_gmt(&exploded, t);
    apr_strftime(text, &len, 32, "%Y-%m-%dT%H:%M:%SZ", &exploded);
    return text;
}

#define SESSION_MEMBERS 7
#define ROLE_MEMBERS 1
#define PROFILE_MEMBERS 4

/* What is known of the profile, behind the others; how many there are then. */
static int add_profile(tw_json_member_t *members, int n,
                       const tw_profile_t *profile)
{
    const tw_json_member_t texts[] = {
        { "name", profile->name, 0, 0 },
        { "avatar", profile->avatar, 0, 0 },
        { "email", profile->email, 0, 0 },
    };
    const tw_json_member_t verified = { "verified", NULL, profile->verified,
                                        TW_JSON_BOOL };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i].text) {
            members[n++] = texts[i];
        }
    }
    members[n++] = verified;
    return n;
}

/* NULL: there is no memory. */
static const char *described(const tw_session_t *s, apr_time_t end,
                             const tw_profile_t *profile, apr_pool_t *pool)
{
    const tw_json_member_t roles = { "roles", tw_session_roles(s), 0,
                                     TW_JSON_LIST };
    tw_json_member_t members[SESSION_MEMBERS + ROLE_MEMBERS
                             + PROFILE_MEMBERS] = {
        { "signed_in", NULL, 1, TW_JSON_BOOL },
        { "username", s->username, 0, 0 },
        { "screen_name", s->screen_name, 0, 0 },
        { "id", s->twitter_id, 0, 0 },
        { "account", NULL, s->account, 0 },
        { "signed_in_at", time_text(pool, s->signed_in_at), 0, 0 },
        { "expires_at", time_text(pool, end), 0, 0 },
    };
    int n = SESSION_MEMBERS;

    if (roles.text) {
        members[n++] = roles;
    }
    if (profile && profile->known) {
        n = add_profile(members, n, profile);
    }
    return tw_json_object(members, n, pool);
}

/* Whether anybody has a use for a profile here: else nothing is asked. */
static int has_profiles(const tw_site_t *site)
{
    return site->provider.client.fields || site->store.database.profiles;
}

int tw_whoami_get(request_rec *r, tw_visitor_t *visitor)
{
    const char *json = "{\"signed_in\":false}";
    tw_page_t page = { 0 };

    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Cross-Origin-Resource-Policy",
                   "same-origin");
    if (tw_navigation_from(r) == TW_FROM_ELSEWHERE) {
        page.kind = TW_PAGE_FOR_SCRIPTS;
        return tw_navigation_is_read(r) ? tw_page_answer(r, visitor, &page)
                                        : HTTP_FORBIDDEN;
    }
    switch (tw_visitor_authenticate(visitor, r,
                                    visitor->site->session.recheck, 0)) {
    case TW_VISITOR_UNVERIFIED:
        if (tw_navigation_is_read(r)) {
            page.kind = TW_PAGE_DATABASE;
            page.retry_after = TW_RETRY_AFTER;
            return tw_page_answer(r, visitor, &page);
        }
        apr_table_setn(r->err_headers_out, "Retry-After",
                       APR_STRINGIFY(TW_RETRY_AFTER));
        return HTTP_SERVICE_UNAVAILABLE;
    case TW_VISITOR_SIGNED_IN:
        json = described(&visitor->session,
                         tw_visitor_end(visitor->site, &visitor->session),
                         has_profiles(visitor->site)
                         ? tw_profile_of(visitor) : NULL, r->pool);
        break;
    default:
        break;
    }
    if (!json) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0605)
                      "who is signed in cannot be said: the system is out of "
                      "memory");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(json));
    ap_rputs(json, r);
    return OK;
}
