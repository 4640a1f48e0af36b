/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <string.h>

#include <apr_strings.h>

#include "config/values.h"

static const char **text_at(void *conf, const tw_setting_t *setting)
{
    return (const char **)((char *)conf + setting->offset);
}

static apr_int64_t *number_at(void *conf, const tw_setting_t *setting)
{
    return (apr_int64_t *)((char *)conf + setting->offset);
}

void tw_settings_unset(void *conf, const tw_setting_t *settings, apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if (settings[i].kind == TW_SETTINGS_TEXT) {
            *text_at(conf, &settings[i]) = NULL;
        }
        else if (settings[i].kind != TW_SETTINGS_NONE) {
            *number_at(conf, &settings[i]) = TW_UNSET;
        }
    }
}

static void fill_text(const char **text, void *base,
                      const tw_setting_t *setting)
{
    if (!*text) {
        *text = base ? *text_at(base, setting) : setting->text_default;
    }
}

static void fill_number(apr_int64_t *number, void *base,
                        const tw_setting_t *setting)
{
    if (*number == TW_UNSET) {
        *number = base ? *number_at(base, setting) : setting->number_default;
    }
}

/* What is not set comes from base; where that is NULL, it is the default.
 * Sections are merged at requests. */
static void fill(void *conf, void *base, const tw_setting_t *settings,
                 apr_size_t n)
{
    const tw_setting_t *end = settings + n;

    for (; settings < end; settings++) {
        if (settings->kind == TW_SETTINGS_TEXT) {
            fill_text(text_at(conf, settings), base, settings);
        }
        else if (settings->kind != TW_SETTINGS_NONE) {
            fill_number(number_at(conf, settings), base, settings);
        }
    }
}

void tw_settings_inherit(void *conf, const void *base,
                         const tw_setting_t *settings, apr_size_t n)
{
    fill(conf, (void *)base, settings, n);
}

void tw_settings_defaults(void *conf, const tw_setting_t *settings,
                          apr_size_t n)
{
    fill(conf, NULL, settings, n);
}

const char *tw_settings_wrong(cmd_parms *cmd, const char *right)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", right, NULL);
}

static const char *set_choice(cmd_parms *cmd, void *conf,
                              const tw_setting_t *setting, const char *text)
{
    const char *list = NULL;
    const tw_choice_t *choice;

    for (choice = setting->choices; choice->text; choice++) {
        if (!strcasecmp(choice->text, text)) {
            *number_at(conf, setting) = choice->value;
            return NULL;
        }
        list = list ? apr_pstrcat(cmd->pool, list, ", ", choice->text, NULL)
                    : choice->text;
    }
    return tw_settings_wrong(cmd, apr_pstrcat(cmd->pool, "must be one of: ",
                                              list, NULL));
}

const char *tw_settings_set(cmd_parms *cmd, void *conf,
                            const tw_setting_t *setting, const char *text)
{
    const char *why;
    apr_int64_t number;

    switch (setting->kind) {
    case TW_SETTINGS_TEXT:
        why = setting->check(text);
        if (why) {
            return tw_settings_wrong(cmd, why);
        }
        *text_at(conf, setting) = text;
        return NULL;
    case TW_SETTINGS_CHOICE:
        return set_choice(cmd, conf, setting, text);
    case TW_SETTINGS_TIME:
        if (!tw_values_time(&number, text) || number < setting->least
            || number > setting->most) {
            return tw_settings_wrong(cmd, apr_psprintf(
                cmd->pool, "must be a time of %s to %s: digits and one of ms, "
                "s, min, h, d, without a blank",
                tw_values_time_text(cmd->pool, setting->least),
                tw_values_time_text(cmd->pool, setting->most)));
        }
        break;
    case TW_SETTINGS_SIZE:
        if (!tw_values_size(&number, text) || number < setting->least
            || number > setting->most) {
            return tw_settings_wrong(cmd, apr_psprintf(
                cmd->pool, "must be a size of %s to %s: digits, and k or m "
                "for kilobytes or megabytes",
                tw_values_size_text(cmd->pool, setting->least),
                tw_values_size_text(cmd->pool, setting->most)));
        }
        break;
    default:
        number = apr_atoi64(text);
        if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 9
            || number < setting->least || number > setting->most) {
            return tw_settings_wrong(cmd, apr_psprintf(
                cmd->pool, "must be a whole number of %" APR_INT64_T_FMT
                " to %" APR_INT64_T_FMT, setting->least, setting->most));
        }
    }
    *number_at(conf, setting) = number;
    return NULL;
}
