/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/draft: a site while it is built.
 *
 * What building takes beside the configuration, and what the hosts of one
 * server have in common: secrets and keys are read once, for all that name
 * the same source.  Gone when the start is done.
 */
#ifndef TW_CONFIG_DRAFT_H
#define TW_CONFIG_DRAFT_H

#include <apr_hash.h>

#include "base/vault.h"
#include "config/conftree.h"
#include "config/site.h"

typedef struct tw_draft_t {
    apr_pool_t *pconf;                  /* what sites are made of */
    apr_pool_t *ptemp;
    server_rec *base_server;
    tw_conftree_t *tree;
    tw_vault_t *vault;                  /* the secrets of before; or NULL */

    /* of all hosts until now */
    apr_hash_t *secrets;                /* texts, by origin */
    apr_hash_t *rings;                  /* tw_ring_t, by their keys' origins */
    apr_hash_t *realms;                 /* see base/realm */
    apr_hash_t *pages;                  /* tw_pages_t, by their folders */
    int compares;                       /* see tw_uses_comparison() */

    /* the host in hand */
    tw_site_t *site;
    tw_server_conf_t *conf;
} tw_draft_t;

/* The draft for the hosts of a server; for each of them in turn the caller
 * sets site and conf. */
tw_draft_t *tw_draft_begin(server_rec *base_server, tw_vault_t *vault,
                           apr_pool_t *pconf, apr_pool_t *ptemp);

/* Refuses the configuration of the host in hand, in a line for its
 * administrator; returns 0. */
int tw_draft_refuse(const tw_draft_t *draft, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
