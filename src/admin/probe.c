/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/probe.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>

/* A stranger comes from an address of documentation (RFC 5737). */
#define STRANGER "192.0.2.1"

const char *tw_probe_root(const server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);

    return core->ap_document_root;
}

apr_port_t tw_probe_port(const server_rec *s)
{
    return s->addrs ? s->addrs->host_port : s->port;
}

int tw_probe_match(const tw_probe_t *p, const char *regex, const char *text,
                   int nocase)
{
    ap_regex_t *compiled = ap_pregcomp(p->pool, regex, AP_REG_EXTENDED
                                       | (nocase ? AP_REG_ICASE : 0));
    int found = compiled && !ap_regexec(compiled, text, 0, NULL, 0);

    if (compiled) {
        ap_pregfree(p->pool, compiled);
    }
    return found;
}

static const char *address_value(const tw_probe_t *p, const char *name)
{
    int tls = tw_conftree_tls(p->tree, p->server);
    apr_port_t port = tw_probe_port(p->server);

    if (!strcasecmp(name, "HTTPS")) {
        return tls ? "on" : "off";
    }
    if (!strcasecmp(name, "REQUEST_SCHEME")) {
        return tls ? "https" : "http";
    }
    port = port ? port : tls ? 443 : 80;
    if (!strcasecmp(name, "SERVER_PORT")) {
        return apr_psprintf(p->pool, "%u", port);
    }
    return port == (tls ? 443 : 80) ? p->name
           : apr_psprintf(p->pool, "%s:%u", p->name, port);
}

const char *tw_probe_value(const tw_probe_t *p, const char *name)
{
    static const char *const address[] = {
        "HTTPS", "REQUEST_SCHEME", "SERVER_PORT", "HTTP_HOST", "HTTP:Host",
        NULL
    };
    static const char *const path[] = {
        "REQUEST_URI", "REQUEST_FILENAME", "SCRIPT_FILENAME", NULL
    };
    static const char *const empty[] = {
        "QUERY_STRING", "REMOTE_USER", "PATH_INFO", "AUTH_TYPE",
        "HTTP_COOKIE", "HTTP_REFERER", "HTTP_FORWARDED", "REMOTE_IDENT", NULL
    };

    if (tw_conftree_one_of(name, address)) {
        return address_value(p, name);
    }
    if (tw_conftree_one_of(name, path)) {
        return p->url;
    }
    if (tw_conftree_one_of(name, empty) || !strncasecmp(name, "HTTP:", 5)
        || !strncasecmp(name, "ENV:", 4)) {
        return "";
    }
    if (!strcasecmp(name, "SERVER_NAME")) {
        return p->name;
    }
    if (!strcasecmp(name, "REQUEST_METHOD")) {
        return "GET";
    }
    if (!strcasecmp(name, "THE_REQUEST")) {
        return apr_pstrcat(p->pool, "GET ", p->url, " HTTP/1.1", NULL);
    }
    if (!strcasecmp(name, "REMOTE_ADDR")) {
        return STRANGER;
    }
    if (!strcasecmp(name, "HTTP_USER_AGENT")) {
        return "Mozilla/5.0";
    }
    return !strcasecmp(name, "DOCUMENT_ROOT") ? tw_probe_root(p->server)
                                              : NULL;
}

const char *tw_probe_expand(const tw_probe_t *p, const char *text)
{
    const char *out = "", *from = text, *begin;

    while ((begin = strstr(from, "%{"))) {
        const char *end = strchr(begin, '}');
        const char *value = end ? tw_probe_value(p, apr_pstrmemdup(
            p->pool, begin + 2, (apr_size_t)(end - begin - 2))) : NULL;

        if (!value) {
            return NULL;
        }
        out = apr_pstrcat(p->pool, out,
                          apr_pstrmemdup(p->pool, from,
                                         (apr_size_t)(begin - from)),
                          value, NULL);
        from = end + 1;
    }
    return apr_pstrcat(p->pool, out, from, NULL);
}
