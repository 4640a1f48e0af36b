/* SPDX-License-Identifier: Apache-2.0 */
#include "login/asked.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/target.h"
#include "request/address.h"
#include "request/html.h"
#include "store/invitation.h"

#define QUERY_FIELDS_MAX 200

const char *tw_asked_field(const tw_asked_t *asked, const char *name)
{
    return tw_codec_form_get(asked->query, name, NULL);
}

static int is_one(const tw_asked_t *asked, const char *name)
{
    const char *value = tw_asked_field(asked, name);

    return value && !strcmp(value, "1");
}

/* Where nobody new is let in, there are no invitations. */
static void read_invite(tw_asked_t *asked, const tw_site_t *site)
{
    const char *invite = tw_asked_field(asked, "invite");

    if (!invite || asked->fresh || site->sign_in.sign_up == TW_SIGN_UP_OFF) {
        return;
    }
    if (tw_invitation_ok(invite)) {
        asked->invite = invite;
    }
    else {
        asked->bad_invite = 1;
    }
}

void tw_asked_read(tw_asked_t *asked, request_rec *r, const tw_site_t *site)
{
    static const char *const answered[] = { "remember", TW_PAGE_BOX, NULL };
    int given;

    /* more fields than anybody needs: none of them counts */
    if (tw_codec_query(&asked->query, r->args, QUERY_FIELDS_MAX, r->pool)
        != APR_SUCCESS) {
        asked->query = apr_array_make(r->pool, 1, sizeof(tw_pair_t));
    }
    asked->next = tw_address_read_next(r, site, asked->query, &given);
    if (!given) {
        const char *referer = tw_address_referer(r, site);

        asked->next = tw_target_ok(referer, &site->paths.own) ? referer : NULL;
    }
    if (!asked->next) {
        asked->next = "/";
    }
    asked->switched = is_one(asked, "switch");
    asked->fresh = !asked->switched && is_one(asked, "fresh");
    read_invite(asked, site);
    if (tw_codec_form_has_any(asked->query, answered)) {
        asked->remember = is_one(asked, "remember") ? TW_ASKED_REMEMBER
                                                    : TW_ASKED_FORGET;
    }
}

const char *tw_asked_again(const tw_asked_t *asked, request_rec *r,
                           const tw_site_t *site, const char *name,
                           const char *value)
{
    return apr_pstrcat(
        r->pool, asked->switched ? "switch=1&" : asked->fresh ? "fresh=1&"
                                                              : "",
        asked->remember == TW_ASKED_REMEMBER ? "remember=1&"
        : asked->remember == TW_ASKED_FORGET ? "remember=0&" : "",
        asked->invite ? "invite=" : "", asked->invite ? asked->invite : "",
        asked->invite ? "&" : "", tw_address_next(r, site, asked->next),
        value ? "&" : "", value ? name : "", value ? "=" : "",
        value ? tw_codec_percent(r->pool, value) : "", NULL);
}
