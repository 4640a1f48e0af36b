/* SPDX-License-Identifier: Apache-2.0 */
#include "login/error_answer.h"

#include <string.h>

#include "private.h"
#include "request/line.h"

void tw_error_answer_log(request_rec *r, const tw_site_t *site,
                         const char *error)
{
    static const char *const blames[] = {
        "invalid_scope", "invalid_request", "unauthorized_client",
        "unsupported_response_type"
    };
    int level = APLOG_INFO;
    apr_size_t i;

    for (i = 0; i < sizeof(blames) / sizeof(blames[0]); i++) {
        if (!strcmp(error, blames[i])
            && tw_line_is_due(site, TW_LINE_ANSWER)) {
            level = APLOG_ERR;
        }
    }
    ap_log_rerror(APLOG_MARK, level, 0, r, TWLOGNO(0223)
                  "X sent the browser back with \"%s\": look at TwAuthScope, "
                  "and at the application's settings at X",
                  tw_err_quote(r->pool, error, strlen(error), 100));
}
