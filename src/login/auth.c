/* SPDX-License-Identifier: Apache-2.0 */
#include "login/auth.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>

#include "private.h"
#include "request/auth_type.h"

int tw_auth_answer(request_rec *r, tw_visitor_t *visitor)
{
    (void)visitor;
    if (!tw_auth_type_is_ours(r) || !ap_some_auth_required(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0317)
                      "no rule says who may pass: a server in front asks for "
                      "%s, which needs a <Location> with AuthType Twitter and "
                      "Require", r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    r->status = HTTP_NO_CONTENT;
    return OK;
}
