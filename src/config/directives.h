/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/directives: the directives, parsed and checked line by line.
 */
#ifndef TW_CONFIG_DIRECTIVES_H
#define TW_CONFIG_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

#include "config/conf.h"

extern const command_rec tw_conf_commands[];

#endif
