/* SPDX-License-Identifier: Apache-2.0 */
#include "login/account_page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/user_agent.h"
#include "request/address.h"
#include "request/profile.h"
#include "request/words.h"

/* The page as it is made. */
typedef struct {
    request_rec *r;
    apr_pool_t *pool;
    tw_visitor_t *visitor;
    tw_words_t words;
    const char *token;
} making_t;

/* ---- what a session is called ------------------------------------------- */

static const char *family_name(tw_family_t family)
{
    switch (family) {
    case TW_FAMILY_CHROME:
        return "Chrome";
    case TW_FAMILY_FIREFOX:
        return "Firefox";
    case TW_FAMILY_SAFARI:
        return "Safari";
    case TW_FAMILY_EDGE:
        return "Edge";
    case TW_FAMILY_OPERA:
        return "Opera";
    case TW_FAMILY_SAMSUNG:
        return "Samsung Internet";
    case TW_FAMILY_YANDEX:
        return "Yandex";
    case TW_FAMILY_UC:
        return "UC";
    case TW_FAMILY_DUCKDUCKGO:
        return "DuckDuckGo";
    case TW_FAMILY_EXPLORER:
        return "Internet Explorer";
    default:
        return NULL;
    }
}

/* The system that a User-Agent names, the narrower one first. */
static const char *system_name(const char *user_agent)
{
    static const char *const systems[][2] = {
        { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" },
        { "Windows", "Windows" }, { "CrOS", "ChromeOS" },
        { "Mac OS X", "macOS" }, { "Linux", "Linux" }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        if (strstr(user_agent, systems[i][0])) {
            return systems[i][1];
        }
    }
    return NULL;
}

/* "Firefox, Linux", or as much of it as is known. */
static const char *browser_name(const making_t *m,
                                const tw_session_seen_t *seen)
{
    const char *family = family_name(tw_user_agent_family(seen->user_agent));
    const char *system = system_name(seen->user_agent);

    if (!family && !system) {
        return tw_words_say(&m->words, TW_SAY_OTHER_BROWSER);
    }
    return apr_pstrcat(m->pool, family ? family : "", family && system ? ", "
                       : "", system ? system : "", NULL);
}

static tw_sealer_t sealer_of(const tw_visitor_t *visitor, apr_pool_t *pool)
{
    return tw_seal_bind(&visitor->site->sealers.form, apr_pstrcat(
        pool, "session\n", tw_id_text(&visitor->session.id, pool), NULL),
                        pool);
}

int tw_account_page_session(tw_id_t *id, const tw_visitor_t *visitor,
                            const char *text, apr_pool_t *pool)
{
    tw_sealer_t sealer = sealer_of(visitor, pool);
    tw_plain_t plain;

    if (!text || tw_unseal(&plain, &sealer, text, strlen(text), pool)
                 != APR_SUCCESS || plain.len != sizeof(*id)) {
        return 0;
    }
    memcpy(id, plain.data, sizeof(*id));
    return 1;
}

/* ---- parts of the page -------------------------------------------------- */

static const char *time_html(const making_t *m, tw_say_t say, apr_time_t t)
{
    char machine[32];
    apr_time_exp_t e;
    apr_size_t len;

    apr_time_exp_gmt(&e, t);
    apr_strftime(machine, &len, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &e);
    return tw_words_with(&m->words, say, "time", apr_pstrcat(
        m->pool, "<time datetime=\"", machine, "\">",
        tw_words_time(&m->words, t), "</time>", NULL));
}

/* A form that posts one action; more: its other fields and attributes. */
static const char *form(const making_t *m, const char *action, tw_say_t say,
                        const char *fields, const char *attributes)
{
    return apr_pstrcat(
        m->pool, "<form method=\"post\" action=\"",
        tw_address_url(m->r, m->visitor->site,
                       m->visitor->site->paths.account, ""), "\">"
        "<input type=\"hidden\" name=\"action\" value=\"", action, "\">"
        "<input type=\"hidden\" name=\"token\" value=\"", m->token, "\">",
        fields, "<button class=\"button\"", attributes, ">",
        tw_words_say(&m->words, say), "</button></form>\n", NULL);
}

static const char *section(const making_t *m, tw_say_t title,
                           const char *html)
{
    return apr_pstrcat(m->pool, "<h2>", tw_words_say(&m->words, title),
                       "</h2>\n", html, NULL);
}

static const char *paragraph(const making_t *m, tw_say_t say)
{
    return apr_pstrcat(m->pool, "<p>", tw_words_say(&m->words, say), "</p>\n",
                       NULL);
}

/* The button that ends a session which is not the one that asks. */
static const char *end_form(const making_t *m, const tw_session_seen_t *seen,
                            const char *label)
{
    tw_sealer_t sealer = sealer_of(m->visitor, m->pool);

    return form(m, "end", TW_SAY_END, apr_pstrcat(
        m->pool, "<input type=\"hidden\" name=\"session\" value=\"",
        tw_seal(&sealer, &seen->id, sizeof(seen->id), m->pool), "\">", NULL),
                apr_pstrcat(m->pool, " aria-describedby=\"", label, "\"",
                            NULL));
}

static const char *session_row(const making_t *m,
                               const tw_session_seen_t *seen, int n)
{
    int is_this = tw_id_equal(&seen->id, &m->visitor->session.id);
    const char *label = apr_psprintf(m->pool, "s%d", n);

    return apr_pstrcat(
        m->pool, "<li><div id=\"", label, "\"><b>", browser_name(m, seen),
        "</b>", is_this ? " - " : "",
        is_this ? tw_words_say(&m->words, TW_SAY_THIS_SESSION) : "",
        *seen->address ? "<small><bdi>" : "",
        ap_escape_html(m->pool, seen->address),
        *seen->address ? "</bdi></small>" : "", "<small>",
        time_html(m, TW_SAY_SIGNED_IN_AT, seen->signed_in_at),
        "</small><small>", time_html(m, TW_SAY_SEEN_AT, seen->seen_at),
        "</small></div>", is_this ? "" : end_form(m, seen, label), "</li>\n",
        NULL);
}

static const char *sessions(const making_t *m, const tw_self_service_t *view)
{
    apr_array_header_t *rows = apr_array_make(m->pool, view->sessions->nelts,
                                              sizeof(const char *));
    int i, others = 0;

    for (i = 0; i < view->sessions->nelts; i++) {
        const tw_session_seen_t *seen = &APR_ARRAY_IDX(view->sessions, i,
                                                       tw_session_seen_t);

        others += !tw_id_equal(&seen->id, &m->visitor->session.id);
        APR_ARRAY_PUSH(rows, const char *) = session_row(m, seen, i);
    }
    return section(m, TW_SAY_SESSIONS, apr_pstrcat(
        m->pool, "<ul class=\"rows\">\n",
        apr_array_pstrcat(m->pool, rows, '\0'), "</ul>\n",
        others ? form(m, "end-others", TW_SAY_END_OTHERS, "", "") : "", NULL));
}

static const char *permission(const making_t *m, const tw_self_service_t *view)
{
    if (strcmp(view->token_kind, m->visitor->site->provider.protocol->name)) {
        return "";
    }
    return section(m, TW_SAY_AT_X, apr_pstrcat(
        m->pool, paragraph(m, TW_SAY_AT_X_TEXT),
        form(m, "revoke", TW_SAY_REVOKE, "", ""), NULL));
}

static const char *deletion(const making_t *m)
{
    if (!m->visitor->site->pages.account_delete) {
        return "";
    }
    return section(m, TW_SAY_DELETION, apr_pstrcat(
        m->pool, paragraph(m, TW_SAY_DELETION_TEXT),
        form(m, "delete", TW_SAY_DELETE, "", ""), NULL));
}

/* What has just been done; anybody can write such a query, so it says no more
 * than that. */
static const char *notice(const making_t *m, const char *done)
{
    tw_say_t say = !done ? TW_SAY_NOTHING
                   : !strcmp(done, "end") ? TW_SAY_DONE_END
                   : !strcmp(done, "end-others") ? TW_SAY_DONE_END_OTHERS
                   : !strcmp(done, "revoke") ? TW_SAY_DONE_REVOKE
                   : TW_SAY_NOTHING;

    return say ? apr_pstrcat(m->pool, "<p class=\"done\" role=\"status\">",
                             tw_words_say(&m->words, say), "</p>\n", NULL)
               : "";
}

const char *tw_account_page_picture(tw_visitor_t *visitor)
{
    const tw_client_t *client = &visitor->site->provider.client;
    const char *avatar = tw_profile_of(visitor)->avatar;

    return tw_profile_is_image(avatar, client->api)
           || tw_profile_is_image(avatar, client->browser) ? avatar : NULL;
}

/* Name and picture, as far as they are known. */
static const char *person(const making_t *m)
{
    const char *name = tw_profile_of(m->visitor)->name;
    const char *picture = tw_account_page_picture(m->visitor);

    return !*name && !picture ? "" : apr_pstrcat(
        m->pool, "<p class=\"person\">", picture
        ? "<img alt=\"\" width=\"48\" height=\"48\" src=\"" : "",
        picture ? ap_escape_html(m->pool, picture) : "",
        picture ? "\">" : "", "<b><bdi>", ap_escape_html(m->pool, name),
        "</bdi></b></p>\n", NULL);
}

const char *tw_account_page(request_rec *r, tw_visitor_t *visitor,
                            const tw_self_service_t *view, const char *token,
                            const char *done)
{
    making_t m = { .r = r, .pool = r->pool, .visitor = visitor,
                   .token = token };

    tw_words_choose(&m.words, r, visitor->site);
    return apr_pstrcat(r->pool, notice(&m, done), person(&m),
                       "<p class=\"soft\">",
                       time_html(&m, TW_SAY_SINCE, view->since), "</p>\n",
                       sessions(&m, view), permission(&m, view),
                       deletion(&m), NULL);
}
