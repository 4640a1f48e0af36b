/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sign_form.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

static ap_filter_rec_t *filter;

/* Gives the form out, as much at a time as is asked for. */
static apr_status_t put_back(ap_filter_t *f, apr_bucket_brigade *brigade,
                             ap_input_mode_t mode, apr_read_type_e block,
                             apr_off_t bytes)
{
    apr_bucket_brigade *kept = f->ctx;
    apr_bucket *e;
    apr_status_t rv;

    (void)block;
    if (mode == AP_MODE_INIT) {
        return APR_SUCCESS;
    }
    if (mode != AP_MODE_READBYTES && mode != AP_MODE_EXHAUSTIVE) {
        return APR_ENOTIMPL;
    }
    if (APR_BRIGADE_EMPTY(kept)) {
        e = apr_bucket_eos_create(f->c->bucket_alloc);
        APR_BRIGADE_INSERT_TAIL(brigade, e);
        return APR_SUCCESS;
    }
    rv = mode == AP_MODE_EXHAUSTIVE
         ? APR_INCOMPLETE : apr_brigade_partition(kept, bytes, &e);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    /* less than was asked for is all there is, and its end */
    while (!APR_BRIGADE_EMPTY(kept)
           && (rv == APR_INCOMPLETE || APR_BRIGADE_FIRST(kept) != e)) {
        apr_bucket *first = APR_BRIGADE_FIRST(kept);

        APR_BUCKET_REMOVE(first);
        APR_BRIGADE_INSERT_TAIL(brigade, first);
    }
    return APR_SUCCESS;
}

void tw_sign_form_register_filter(void)
{
    filter = ap_register_input_filter("TW_SIGN_FORM", put_back, NULL,
                                      AP_FTYPE_RESOURCE);
}

int tw_sign_form_is(const request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t len = sizeof(FORM_TYPE) - 1;

    return type && !strncasecmp(type, FORM_TYPE, len)
           && strchr("; \t,", type[len])
           && (apr_table_get(r->headers_in, "Content-Length")
               || apr_table_get(r->headers_in, "Transfer-Encoding"));
}

static void keep(request_rec *r, const char *text, apr_size_t len)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *kept = apr_brigade_create(r->pool, alloc);

    if (len) {
        APR_BRIGADE_INSERT_TAIL(kept, apr_bucket_pool_create(text, len,
                                                             r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(kept, apr_bucket_eos_create(alloc));
    ap_add_input_filter_handle(filter, kept, r, r->connection);
}

/* Takes what is there of a brigade: OK, or the status to answer with. */
static int take(char *text, apr_size_t *len, apr_size_t most,
                apr_bucket_brigade *brigade, int *done)
{
    apr_bucket *e;

    for (e = APR_BRIGADE_FIRST(brigade); e != APR_BRIGADE_SENTINEL(brigade);
         e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t n;

        if (APR_BUCKET_IS_EOS(e)) {
            *done = 1;
            return OK;
        }
        if (APR_BUCKET_IS_METADATA(e)) {
            continue;
        }
        if (apr_bucket_read(e, &data, &n, APR_BLOCK_READ) != APR_SUCCESS) {
            return HTTP_BAD_REQUEST;
        }
        if (n > most - *len) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
        memcpy(text + *len, data, n);
        *len += n;
    }
    return OK;
}

int tw_sign_form_read(tw_signed_text_t *form, request_rec *r, apr_off_t most)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    const char *coding = apr_table_get(r->headers_in, "Content-Encoding");
    apr_off_t announced = length ? apr_atoi64(length) : 0;
    apr_bucket_brigade *brigade;
    char *text;
    int status = OK, done = 0;

    if (coding && strcasecmp(coding, "identity")) {
        return HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    if (announced > most) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    text = apr_palloc(r->pool, (apr_size_t)most + 1);
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    form->text = text;
    form->len = 0;
    while (status == OK && !done) {
        apr_status_t rv = ap_get_brigade(r->input_filters, brigade,
                                         AP_MODE_READBYTES, APR_BLOCK_READ,
                                         HUGE_STRING_LEN);

        status = rv != APR_SUCCESS
                 ? ap_map_http_request_error(rv, HTTP_BAD_REQUEST)
                 : take(text, &form->len, (apr_size_t)most, brigade, &done);
        apr_brigade_cleanup(brigade);
    }
    if (status == OK) {
        keep(r, text, form->len);
    }
    return status;
}
