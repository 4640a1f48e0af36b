/* SPDX-License-Identifier: Apache-2.0 */
#include "login/auth.h"

#include <apr_cstr.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>

#include "private.h"

/* Whether there is an AuthType Twitter and a Require for r. */
static int is_ruled(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && !apr_cstr_casecmp(type, "Twitter")
           && ap_some_auth_required(r);
}

int tw_auth_answer(request_rec *r, tw_visitor_t *visitor)
{
    (void)visitor;
    if (!is_ruled(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0317)
                      "no rule says who may pass: a server in front asks for "
                      "%s, which needs a <Location> with AuthType Twitter and "
                      "Require", r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    r->status = HTTP_NO_CONTENT;
    return OK;
}
