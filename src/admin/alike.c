/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/alike.h"

#include <string.h>

#include <apr_strings.h>

/* A host is compared with so many that have its realm or its name. */
#define MAX_ALIKE 20

static int has_other_keys(const tw_site_t *a, const tw_site_t *b)
{
    return !a->sealers.ring || !b->sealers.ring
           || !tw_ring_same(a->sealers.ring, b->sealers.ring);
}

static void tell_apart(tw_findings_t *to, const tw_site_t *site,
                       const tw_site_t *other, const char *by,
                       const char *advice)
{
    tw_finding_t finding = { site->server, site->realm.name, NULL, advice, 0 };

    tw_findings_add(to, &finding, "%s has the same realm %s but %s",
                    tw_findings_host(other->server, to->pool),
                    site->realm.name, by);
}

static void check_pair_of_realm(tw_findings_t *to, const tw_site_t *site,
                                const tw_site_t *other)
{
    static const char once[] = "say it once, outside of all hosts";

    if (has_other_keys(site, other)) {
        tell_apart(to, site, other, "other keys: sessions are not shared",
                   "give both the same TwAuthKey, or each its TwAuthRealm");
    }
    if (strcmp(site->realm.audience, other->realm.audience)) {
        tell_apart(to, site, other, "another database: sessions are not shared",
                   "give both the same DBDParams, or each its TwAuthRealm");
    }
    if (strcmp(other->cookies.name, site->cookies.name)) {
        tell_apart(to, site, other, "another TwAuthCookieName", once);
    }
    if (other->session.recheck != site->session.recheck) {
        tell_apart(to, site, other, "another TwAuthSessionRecheck: what has "
                   "ended is known for as long as the longer one says", once);
    }
    if (other->session.remember != site->session.remember
        || (site->session.remember != TW_REMEMBER_OFF
            && other->session.limits[1].max != site->session.limits[1].max)) {
        tell_apart(to, site, other, "another TwAuthRemember or "
                   "TwAuthRememberFor: who goes to both stays signed in for "
                   "as long as the shorter one says", once);
    }
    if (other->session.grace != site->session.grace) {
        tell_apart(to, site, other, "another TwAuthSessionGrace: what has "
                   "ended is known for as long as the longer one says", once);
    }
}

/* Cookies know no ports. */
static void check_pair_of_ports(tw_findings_t *to, const tw_site_t *site,
                                const tw_site_t *other)
{
    tw_finding_t finding = { site->server, site->address.origin, NULL, NULL,
                             0 };

    if (strcmp(site->address.host, other->address.host)
        || site->address.port == other->address.port
        || !strcmp(site->realm.name, other->realm.name)
        || strcmp(site->cookies.session.text, other->cookies.session.text)) {
        return;
    }
    finding.advice = "give them the same TwAuthRealm, or each its "
                     "TwAuthCookieName";
    tw_findings_add(to, &finding, "%s is another port of this host, "
                    "and a browser has one session cookie for both: a sign-in "
                    "at one is the end of the session at the other",
                    tw_findings_host(other->server, to->pool));
}

typedef void (*pair_t)(tw_findings_t *to, const tw_site_t *site,
                       const tw_site_t *other);

/* Each of two is told of the other, of which there may be thousands. */
static void compare(tw_findings_t *to, apr_hash_t *seen, const char *key,
                    const tw_site_t *site, pair_t check)
{
    apr_array_header_t *alike = apr_hash_get(seen, key, APR_HASH_KEY_STRING);
    int i;

    if (!alike) {
        alike = apr_array_make(to->pool, 2, sizeof(tw_site_t *));
        apr_hash_set(seen, key, APR_HASH_KEY_STRING, alike);
    }
    for (i = 0; i < alike->nelts && i < MAX_ALIKE; i++) {
        const tw_site_t *other = APR_ARRAY_IDX(alike, i, const tw_site_t *);

        check(to, site, other);
        check(to, other, site);
    }
    APR_ARRAY_PUSH(alike, const tw_site_t *) = site;
}

void tw_alike_check(tw_findings_t *to, apr_hash_t *seen,
                    const tw_site_t *site)
{
    compare(to, seen, apr_pstrcat(to->pool, "realm ", site->realm.name, NULL),
            site, check_pair_of_realm);
    if (!site->address.plain_http) {
        compare(to, seen,
                apr_pstrcat(to->pool, "host ", site->address.host, NULL),
                site, check_pair_of_ports);
    }
}
