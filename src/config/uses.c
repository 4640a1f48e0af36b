/* SPDX-License-Identifier: Apache-2.0 */
#include "config/uses.h"

#include <string.h>

/* Whether d lets .htaccess say TwAuthFresh, or might. */
static int opens_htaccess(const ap_directive_t *d)
{
    return (tw_conftree_is(d, "AllowOverrideList")
            || tw_conftree_is(d, "AllowOverride"))
           && strcasecmp(d->args, "None");
}

static int compares(const ap_directive_t *d)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, "TwAuthFresh") || opens_htaccess(d)
            || (tw_conftree_is(d, "TwAuthSessionProtection")
                && !strcasecmp(d->args, "Strong"))
            || (d->first_child && compares(d->first_child))) {
            return 1;
        }
    }
    return 0;
}

int tw_uses_comparison(const tw_conftree_t *tree)
{
    const server_rec *s;

    for (s = tw_conftree_base_server(tree); s; s = s->next) {
        if (compares(tw_conftree_part(tree, s))) {
            return 1;
        }
    }
    return compares(tw_conftree_outside(tree));
}
