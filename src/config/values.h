/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/values: what may stand behind a directive.
 *
 * Each kind of text has a function that returns NULL where it is right, else
 * what would be right, as the end of a sentence: TwAuthPath must begin and
 * end with a slash.  Nothing ever repeats the text, which may be a secret.
 */
#ifndef TW_CONFIG_VALUES_H
#define TW_CONFIG_VALUES_H

#include <apr_pools.h>

#include "shared/segment.h"

const char *tw_values_key(const char *text);        /* as X shows it */
const char *tw_values_scope(const char *text);      /* RFC 6749 section 3.3 */
const char *tw_values_secret(const char *text);     /* file: or exec: */
const char *tw_values_path(const char *text);       /* of own locations */
const char *tw_values_realm(const char *text);
const char *tw_values_callback(const char *text);   /* a whole URL */
const char *tw_values_provider(const char *text);   /* a base URL */
const char *tw_values_origin(const char *text);     /* scheme, host, port */
const char *tw_values_proxy(const char *text);
const char *tw_values_file(const char *text);       /* an absolute path */
const char *tw_values_name(const char *text);       /* for people to read */
const char *tw_values_resource(const char *text);   /* what a page loads */
const char *tw_values_events(const char *text);     /* a file or command */
const char *tw_values_link(const char *text);       /* a URL or a path */
const char *tw_values_cookie_name(const char *text);
const char *tw_values_cookie_domain(const char *text);

/* The command of what begins with |, as httpd has its piped logs. */
const char *tw_values_command(const char *text);

/* A URL of anybody's configuration, for a message: without the user's name
 * and password, and without its query. */
const char *tw_values_shown_url(apr_pool_t *pool, const char *url);

/*
 * A base URL that is right, as RFC 5849 section 3.4.1.2 has it in what is
 * signed, and as a client sends its Host: scheme and host in lower case,
 * without the port that is the scheme's own.
 */
const char *tw_values_base_url(apr_pool_t *pool, const char *text);

/*
 * Digits, then one of ms, s, min, h, d or nothing (seconds), as *time in
 * microseconds; 0: it is no time.
 */
int tw_values_time(apr_int64_t *time, const char *text);

/* A time as tw_values_time() reads it, in its longest whole unit. */
const char *tw_values_time_text(apr_pool_t *pool, apr_int64_t time);

/* Digits, then k, m or nothing, as bytes; 0: it is no size. */
int tw_values_size(apr_int64_t *bytes, const char *text);

/* A size of whole kilobytes as tw_values_size() reads it. */
const char *tw_values_size_text(apr_pool_t *pool, apr_int64_t bytes);

/* 1 to TW_RATE_MAX, then /s, /min or /h; 0: it is no rate. */
int tw_values_rate(tw_rate_t *rate, const char *text);

#endif
