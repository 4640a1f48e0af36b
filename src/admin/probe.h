/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/probe: a plain visitor's request, as far as the configuration shows
 * it.
 *
 * A GET for one path of one host by one of its names: by a stranger, without
 * cookies and without headers that a browser does not send.
 */
#ifndef TW_ADMIN_PROBE_H
#define TW_ADMIN_PROBE_H

#include <httpd.h>

#include "config/conftree.h"

typedef struct {
    const tw_conftree_t *tree;
    apr_pool_t *pool;
    server_rec *server;
    const char *name;                   /* of the host, as asked for */
    const char *url;                    /* decoded path */
} tw_probe_t;

/* The folder of the host's files. */
const char *tw_probe_root(const server_rec *s);

/* The port that the host listens on; 0: any. */
apr_port_t tw_probe_port(const server_rec *s);

/* Whether text matches the regular expression; a broken one matches nothing. */
int tw_probe_match(const tw_probe_t *p, const char *regex, const char *text,
                   int nocase);

/* A variable's value; NULL: only a real request tells. */
const char *tw_probe_value(const tw_probe_t *p, const char *name);

/* text with its %{VARIABLES} put in; NULL: one of them is not known. */
const char *tw_probe_expand(const tw_probe_t *p, const char *text);

#endif
