/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/settings: directives with one value each, as rows of a table.
 *
 * A row says where the value is in a configuration and what may stand behind
 * the directive.  It drives parsing, merging and the default, so that a new
 * directive is a row and no code.  A table has its rows where TW_SETTINGS_ROW
 * puts them, with gaps between.
 */
#ifndef TW_CONFIG_SETTINGS_H
#define TW_CONFIG_SETTINGS_H

#include <stddef.h>

#include <httpd.h>
#include <http_config.h>

/* A number that nobody has set.  Texts are NULL then. */
#define TW_UNSET (-1)

/* A word that may stand there, and its number. */
typedef struct tw_choice_t {
    const char *text;
    apr_int64_t value;
} tw_choice_t;

typedef enum {
    TW_SETTINGS_NONE,           /* a gap */
    TW_SETTINGS_TEXT,           /* const char * */
    TW_SETTINGS_TIME,           /* apr_int64_t, microseconds */
    TW_SETTINGS_NUMBER,         /* apr_int64_t */
    TW_SETTINGS_SIZE,           /* apr_int64_t, bytes */
    TW_SETTINGS_CHOICE          /* apr_int64_t */
} tw_settings_kind_t;

typedef struct tw_setting_t {
    tw_settings_kind_t kind;
    apr_size_t offset;              /* in the configuration */
    apr_int64_t least, most;        /* times, numbers, sizes */
    const tw_choice_t *choices;     /* the last has no text */
    const char *(*check)(const char *text);     /* texts: NULL, or what would
                                                   be right; see tw_values */
    const char *text_default;
    apr_int64_t number_default;     /* TW_UNSET: none */
} tw_setting_t;

/* Where in a table the row of a field is. */
#define TW_SETTINGS_ROW(type, field) (offsetof(type, field) / sizeof(void *))

/* Nothing is set. */
void tw_settings_unset(void *conf, const tw_setting_t *settings, apr_size_t n);

/* What conf has not set comes from base. */
void tw_settings_inherit(void *conf, const void *base,
                         const tw_setting_t *settings, apr_size_t n);

/* What nobody has set is the default. */
void tw_settings_defaults(void *conf, const tw_setting_t *settings,
                          apr_size_t n);

/* Sets the value; else what would be right, for httpd to say. */
const char *tw_settings_set(cmd_parms *cmd, void *conf,
                            const tw_setting_t *setting, const char *text);

/*
 * What would be right, behind the directive's name; never what stands there:
 * a secret, or a URL with a password in it, may have been put behind any
 * directive, and configuration tests are copied and mailed.  httpd says which
 * line it is.
 */
const char *tw_settings_wrong(cmd_parms *cmd, const char *right);

#endif
