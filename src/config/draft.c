/* SPDX-License-Identifier: Apache-2.0 */
#include "config/draft.h"

#include <apr_strings.h>

#include "config/uses.h"
#include "private.h"

tw_draft_t *tw_draft_begin(server_rec *base_server, tw_vault_t *vault,
                           apr_pool_t *pconf, apr_pool_t *ptemp)
{
    tw_draft_t *draft = apr_pcalloc(ptemp, sizeof(*draft));

    draft->pconf = pconf;
    draft->ptemp = ptemp;
    draft->base_server = base_server;
    draft->tree = tw_conftree_read(base_server, ptemp);
    draft->vault = vault;
    draft->secrets = apr_hash_make(ptemp);
    draft->rings = apr_hash_make(ptemp);
    draft->realms = apr_hash_make(ptemp);
    draft->pages = apr_hash_make(ptemp);
    draft->compares = tw_uses_comparison(draft->tree);
    return draft;
}

int tw_draft_refuse(const tw_draft_t *draft, const char *fmt, ...)
{
    const server_rec *s = draft->site->server;
    va_list ap;
    const char *text;

    va_start(ap, fmt);
    text = apr_pvsprintf(draft->ptemp, fmt, ap);
    va_end(ap);
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, TWLOGNO(0101)
                 "%s (%s:%u): %s",
                 s->server_hostname ? s->server_hostname : "main server",
                 s->defn_name ? s->defn_name : "httpd.conf",
                 s->defn_line_number, text);
    return 0;
}
