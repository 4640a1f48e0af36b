/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/http_init: how libcurl starts in a process.
 */
#ifndef TW_BASE_HTTP_INIT_H
#define TW_BASE_HTTP_INIT_H

#include <apr_errno.h>

/* Readies libcurl; once in each process, before there are threads. */
apr_status_t tw_http_init(void);

/*
 * Where that failed, once more, though there are threads by now.  Where that
 * is not safe it fails: by a libcurl before 7.84, and where the environment
 * would have to be changed.
 */
apr_status_t tw_http_init_late(void);

#endif
