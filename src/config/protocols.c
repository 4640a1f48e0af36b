/* SPDX-License-Identifier: Apache-2.0 */
#include "config/protocols.h"

#include <http_core.h>
#include <http_log.h>

#include "private.h"
#include "x/hub.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

static const tw_protocol_t *const protocols[] = { &tw_oauth1, &tw_oauth2,
                                                  &tw_hub };
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* In this child; set by tw_protocols_child_init() alone. */
static int ready[PROTOCOLS];

int tw_protocols_is_ready(const tw_protocol_t *protocol)
{
    apr_size_t i;

    for (i = 0; i < PROTOCOLS; i++) {
        if (protocols[i] == protocol) {
            return ready[i];
        }
    }
    return 0;
}

void tw_protocols_off(server_rec *base_server, const tw_protocol_t *protocol,
                      apr_status_t rv, const tw_err_t *err)
{
    server_rec *s;

    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (tw_site_is_on(s)
            && (!protocol || site->provider.protocol == protocol)) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, rv, s, TWLOGNO(0106)
                         "no sign-in at %s can work in this process: %s",
                         site->address.origin,
                         err->why ? tw_err_text(s->process->pool, err)
                                  : "a library did not start");
        }
    }
}

static int is_used(server_rec *base_server, const tw_protocol_t *protocol)
{
    server_rec *s;

    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (tw_site_is_on(s) && site->provider.protocol == protocol) {
            return 1;
        }
    }
    return 0;
}

void tw_protocols_child_init(apr_pool_t *pchild, server_rec *base_server)
{
    apr_size_t i;

    for (i = 0; i < PROTOCOLS; i++) {
        tw_err_t err = { 0 };
        apr_status_t rv;

        if (!is_used(base_server, protocols[i])) {
            continue;
        }
        rv = protocols[i]->child_init(pchild, &err);
        ready[i] = rv == APR_SUCCESS;
        if (rv != APR_SUCCESS) {
            tw_protocols_off(base_server, protocols[i], rv, &err);
        }
    }
}
