/* SPDX-License-Identifier: Apache-2.0 */
#include "request/front.h"

#include <string.h>

int tw_front_asks(const request_rec *r, const tw_site_t *site)
{
    return r->uri && tw_site_path_is_at(r->uri, site->paths.auth);
}

const char *tw_front_url(const request_rec *r)
{
    static const char *const names[] = {
        "X-Forwarded-Uri", "X-Original-URL", "X-Original-URI"
    };
    const char *url = NULL;
    apr_size_t i;

    for (i = 0; !url && i < sizeof(names) / sizeof(names[0]); i++) {
        url = apr_table_get(r->headers_in, names[i]);
    }
    return url;
}

int tw_front_redirects(const request_rec *r)
{
    return r->args && !strcmp(r->args, "redirect=1");
}
