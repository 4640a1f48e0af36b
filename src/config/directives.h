/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/directives: the table of the directives: where each may stand, the
 * function that httpd calls for it (config/setters), and its help.
 *
 * A directive has a row here, a field in config/conf.h, a row of its value in
 * config/conf.c, a line in conf/twauth.conf and a section in
 * docs/directives.md; a test holds them together.
 */
#ifndef TW_CONFIG_DIRECTIVES_H
#define TW_CONFIG_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

extern const command_rec tw_directives[];

#endif
