/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of httpd that the glue calls. */

#include "parts.h"

#include <ap_mpm.h>
#include <apr_lib.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <scoreboard.h>
#include <unixd.h>
#include <util_filter.h>

#define BODY_PIECE 100

/* The body of the request that is under way. */
static const char *body_left;
static apr_size_t body_len;

void httpd_body(const char *body, apr_size_t len)
{
    body_left = body;
    body_len = len;
}

apr_status_t ap_mpm_query(int what, int *result)
{
    (void)what;
    *result = 0;
    return APR_SUCCESS;
}

void ap_log_error_(const char *file, int line, int module_index, int level,
                   apr_status_t status, const server_rec *s, const char *fmt,
                   ...)
{
    va_list args;

    (void)file;
    (void)line;
    (void)module_index;
    (void)level;
    (void)status;
    (void)s;
    va_start(args, fmt);
    apr_pvsprintf(fuzz_pool(), fmt, args);
    va_end(args);
}

void ap_log_rerror_(const char *file, int line, int module_index, int level,
                    apr_status_t status, const request_rec *r,
                    const char *fmt, ...)
{
    va_list args;

    (void)file;
    (void)line;
    (void)module_index;
    (void)level;
    (void)status;
    /* for a sanitizer to see what the words are made of */
    va_start(args, fmt);
    apr_pvsprintf(r->pool, fmt, args);
    va_end(args);
}

int ap_some_auth_required(request_rec *r)
{
    (void)r;
    return 1;
}

const char *ap_auth_type(request_rec *r)
{
    (void)r;
    return "Twitter";
}

const char *ap_auth_name(request_rec *r)
{
    (void)r;
    return NULL;
}

const char *ap_run_http_scheme(const request_rec *r)
{
    (void)r;
    return "https";
}

char *ap_strcasestr(const char *s1, const char *s2)
{
    for (; *s1; s1++) {
        if (!strncasecmp(s1, s2, strlen(s2))) {
            return (char *)s1;
        }
    }
    return NULL;
}

char *ap_escape_html2(apr_pool_t *pool, const char *s, int toasc)
{
    char *out = apr_pstrdup(pool, "");

    (void)toasc;
    for (; *s; s++) {
        out = apr_pstrcat(pool, out, *s == '<' ? "&lt;" : *s == '>' ? "&gt;"
                          : *s == '&' ? "&amp;" : *s == '"' ? "&quot;"
                          : apr_pstrmemdup(pool, s, 1), NULL);
    }
    return out;
}

int ap_index_of_response(int status)
{
    return status;
}

char *ap_response_code_string(request_rec *r, int index)
{
    (void)r;
    (void)index;
    return NULL;
}

int ap_update_child_status(ap_sb_handle_t *handle, int status, request_rec *r)
{
    (void)handle;
    (void)status;
    (void)r;
    return 0;
}

void ap_custom_response(request_rec *r, int status, const char *text)
{
    (void)status;
    server_did.page = apr_pstrdup(r->pool, text);
}

int ap_rwrite(const void *buf, int nbyte, request_rec *r)
{
    HOLDS(nbyte >= 0);
    server_did.page = apr_pstrcat(r->pool, server_did.page,
                                  apr_pstrmemdup(r->pool, buf,
                                                 (apr_size_t)nbyte), NULL);
    return nbyte;
}

void ap_set_content_type(request_rec *r, const char *type)
{
    r->content_type = type;
}

void ap_set_content_length(request_rec *r, apr_off_t length)
{
    HOLDS(length >= 0);
    r->clength = length;
}

void ap_allow_standard_methods(request_rec *r, int reset, ...)
{
    (void)r;
    (void)reset;
}

int ap_setup_client_block(request_rec *r, int read_policy)
{
    HOLDS(read_policy == REQUEST_CHUNKED_DECHUNK);
    r->read_chunked = apr_table_get(r->headers_in, "Transfer-Encoding")
                      != NULL;
    r->remaining = r->read_chunked ? 0 : (apr_off_t)body_len;
    return OK;
}

int ap_should_client_block(request_rec *r)
{
    return r->read_chunked || r->remaining > 0;
}

long ap_get_client_block(request_rec *r, char *buffer, apr_size_t size)
{
    apr_size_t len = size < BODY_PIECE ? size : BODY_PIECE;

    (void)r;
    len = len < body_len ? len : body_len;
    memcpy(buffer, body_left, len);
    body_left += len;
    body_len -= len;
    return (long)len;
}

/* No filter runs here. */
ap_filter_rec_t *ap_register_input_filter(const char *name,
                                          ap_in_filter_func filter,
                                          ap_init_filter_func init,
                                          ap_filter_type type)
{
    (void)name;
    (void)filter;
    (void)init;
    (void)type;
    return NULL;
}

ap_filter_rec_t *ap_register_output_filter(const char *name,
                                           ap_out_filter_func filter,
                                           ap_init_filter_func init,
                                           ap_filter_type type)
{
    (void)name;
    (void)filter;
    (void)init;
    (void)type;
    return NULL;
}

ap_filter_t *ap_add_input_filter_handle(ap_filter_rec_t *f, void *ctx,
                                        request_rec *r, conn_rec *c)
{
    (void)f;
    (void)ctx;
    (void)r;
    (void)c;
    return NULL;
}

ap_filter_t *ap_add_output_filter_handle(ap_filter_rec_t *f, void *ctx,
                                         request_rec *r, conn_rec *c)
{
    return ap_add_input_filter_handle(f, ctx, r, c);
}

module *ap_find_linked_module(const char *name)
{
    (void)name;
    return NULL;
}

void ap_remove_output_filter(ap_filter_t *f)
{
    (void)f;
}

apr_status_t ap_pass_brigade(ap_filter_t *filter, apr_bucket_brigade *bucket)
{
    (void)filter;
    (void)bucket;
    return APR_SUCCESS;
}

apr_status_t ap_get_brigade(ap_filter_t *filter, apr_bucket_brigade *bucket,
                            ap_input_mode_t mode, apr_read_type_e block,
                            apr_off_t readbytes)
{
    (void)filter;
    (void)bucket;
    (void)mode;
    (void)block;
    (void)readbytes;
    return APR_EOF;
}

/* ---- its configuration and its state ------------------------------------ */

ap_directive_t *ap_conftree;

char *ap_getword_conf(apr_pool_t *pool, const char **line)
{
    const char *word = *line + strspn(*line, " \t");
    size_t len = strcspn(word, " \t");

    *line = word + len;
    return apr_pstrmemdup(pool, word, len);
}

int ap_state_query(int query)
{
    return query == AP_SQ_MAIN_STATE  ? AP_SQ_MS_CREATE_CONFIG
           : query == AP_SQ_RUN_MODE ? AP_SQ_RM_NORMAL
                                     : 1;
}

char *ap_server_root_relative(apr_pool_t *pool, const char *name)
{
    return apr_pstrdup(pool, name);
}

piped_log *ap_open_piped_log(apr_pool_t *pool, const char *program)
{
    (void)pool;
    (void)program;
    return NULL;
}

apr_file_t *ap_piped_log_write_fd(piped_log *pipe)
{
    (void)pipe;
    return NULL;
}

void *ap_retained_data_get(const char *key)
{
    (void)key;
    return NULL;
}

void *ap_retained_data_create(const char *key, apr_size_t size)
{
    (void)key;
    return apr_pcalloc(fuzz_pool(), size);
}

ap_unixd_mpm_retained_data *ap_unixd_mpm_get_retained_data(void)
{
    static ap_unixd_mpm_retained_data none;

    return &none;
}
