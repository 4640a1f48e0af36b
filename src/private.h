/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private: what every file of the glue shares, and nothing else.
 *
 * Numbers of log lines: TW01xx configuration, TW02xx own locations, TW03xx
 * authentication, TW04xx database,
 * TW05xx events.  Each call site has its own; a number is
 * never used again for something else.  The table is docs/messages.md.
 */
#ifndef TW_PRIVATE_H
#define TW_PRIVATE_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

extern module AP_MODULE_DECLARE_DATA twauth_module;
APLOG_USE_MODULE(twauth);

#define TWLOGNO(n) "TW" #n ": "

#endif
