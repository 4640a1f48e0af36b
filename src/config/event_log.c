/* SPDX-License-Identifier: Apache-2.0 */
#include "config/event_log.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <unixd.h>

#include "config/phase.h"
#include "config/site.h"
#include "config/values.h"
#include "private.h"

/* Events say who somebody is. */
#define MODE (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)
#define FLAGS                                                               \
    (APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_CREATE                  \
     | APR_FOPEN_LARGEFILE)

/* A program that is not there would be found by nobody: httpd starts it in a
 * process of its own. */
static const char *wrong_program(const char *to, apr_pool_t *pool)
{
    const char *command = tw_values_command(to);
    char *program;
    apr_finfo_t info;

    if (*command != '/') {
        return NULL;        /* searched for, or for a shell */
    }
    program = apr_pstrmemdup(pool, command, strcspn(command, " \t"));
    return apr_stat(&info, program, APR_FINFO_TYPE | APR_FINFO_PROT, pool)
           == APR_SUCCESS && info.filetype == APR_REG
           && (info.protection & (APR_FPROT_UEXECUTE | APR_FPROT_GEXECUTE
                                  | APR_FPROT_WEXECUTE))
           ? NULL : "must have a program behind the | that is there and can be "
                    "run, such as \"|/usr/bin/rotatelogs FILE 86400\"";
}

const char *tw_event_log_wrong(const char *to, apr_pool_t *pool)
{
    char *file, *name;
    apr_finfo_t info;

    if (*to == '|') {
        return wrong_program(to, pool);
    }
    file = ap_server_root_relative(pool, to);
    if (!file) {
        return "must be the path of a file, or a command behind |";
    }
    if (apr_stat(&info, file, APR_FINFO_TYPE, pool) == APR_SUCCESS
        && info.filetype == APR_DIR) {
        return "must be a file: a folder stands there";
    }
    name = strrchr(file, '/');
    if (!name || name == file) {
        return NULL;
    }
    *name = '\0';
    return apr_stat(&info, file, APR_FINFO_TYPE, pool) == APR_SUCCESS
           && info.filetype == APR_DIR
           ? NULL : "must be a file in a folder that exists: make the folder, "
                    "as root, before httpd starts";
}

/*
 * Programs, kept over restarts: httpd ends those of its own pool by a signal,
 * while children of before still have lines for them.  One that is named no
 * more is ended at the second restart after.
 */
#define RETAINED "mod_twauth event programs 1"
#define RESTARTS 2

typedef struct {
    const char *to;
    piped_log *pipe;
    apr_pool_t *pool;       /* its own */
    int unused;             /* restarts */
} kept_t;

/* Those that run, in the pool of the process. */
static apr_array_header_t *kept_programs(const server_rec *s)
{
    struct {
        apr_array_header_t *programs;       /* of kept_t */
    } *kept = ap_retained_data_get(RETAINED);

    if (!kept) {
        kept = ap_retained_data_create(RETAINED, sizeof(*kept));
        kept->programs = apr_array_make(s->process->pool, 2, sizeof(kept_t));
    }
    return kept->programs;
}

/* NULL: it cannot be started. */
static piped_log *program_for(const server_rec *s, const char *to)
{
    apr_array_header_t *list = kept_programs(s);
    kept_t program = { .unused = 0 };
    int i;

    for (i = 0; i < list->nelts; i++) {
        kept_t *kept = &APR_ARRAY_IDX(list, i, kept_t);

        if (!strcmp(kept->to, to)) {
            kept->unused = 0;
            return kept->pipe;
        }
    }
    apr_pool_create(&program.pool, s->process->pool);
    program.to = apr_pstrdup(program.pool, to);
    program.pipe = ap_open_piped_log(program.pool, program.to + 1);
    if (program.pipe) {
        APR_ARRAY_PUSH(list, kept_t) = program;
    }
    else {
        apr_pool_destroy(program.pool);
    }
    return program.pipe;
}

/* Before any is asked for: each has been unused once more.  A restart that is
 * not graceful has ended all children, and the programs too. */
static void end_unused(const server_rec *s)
{
    apr_array_header_t *list = kept_programs(s);
    int ended = !ap_unixd_mpm_get_retained_data()->was_graceful;
    int i, left = 0;

    for (i = 0; i < list->nelts; i++) {
        kept_t kept = APR_ARRAY_IDX(list, i, kept_t);

        if (ended || ++kept.unused > RESTARTS) {
            apr_pool_destroy(kept.pool);
        }
        else {
            APR_ARRAY_IDX(list, left++, kept_t) = kept;
        }
    }
    list->nelts = left;
}

/* NULL: it could not be, which has been logged. */
static apr_file_t *open_one(server_rec *s, const char *to, apr_pool_t *pconf,
                            apr_pool_t *ptemp)
{
    apr_file_t *file = NULL;
    apr_status_t rv;
    piped_log *pipe;

    if (*to == '|') {
        pipe = program_for(s, to);
        if (!pipe) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                         TWLOGNO(0505) "the command of TwAuthEventLog cannot "
                         "be started");
        }
        return pipe ? ap_piped_log_write_fd(pipe) : NULL;
    }
    to = ap_server_root_relative(ptemp, to);
    rv = apr_file_open(&file, to, FLAGS, MODE, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, rv, s,
                     TWLOGNO(0506) "the file of TwAuthEventLog cannot be "
                     "opened: %s", to);
        return NULL;
    }
    return file;
}

int tw_event_log_open(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *base_server)
{
    apr_hash_t *opened = apr_hash_make(ptemp);
    server_rec *s;

    (void)plog;
    if (tw_phase_is_trial()) {
        return OK;
    }
    end_unused(base_server);
    for (s = base_server; s; s = s->next) {
        tw_site_t *site = tw_conf_server(s)->site;
        const char *to = site ? site->log.events_to : NULL;
        apr_file_t *file;

        if (!to || site->off) {
            continue;
        }
        file = apr_hash_get(opened, to, APR_HASH_KEY_STRING);
        if (!file) {
            file = open_one(s, to, pconf, ptemp);
        }
        if (!file) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        apr_hash_set(opened, to, APR_HASH_KEY_STRING, file);
        site->log.events.file = file;
    }
    return OK;
}

int tw_event_log_started(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *base_server)
{
    tw_event_t event = { .kind = tw_phase_is_restart()
                                 ? TW_EVENT_ADMIN_RESTARTED
                                 : TW_EVENT_ADMIN_STARTED };
    server_rec *s;

    (void)pconf;
    (void)plog;
    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);
        apr_status_t rv;

        if (!site) {
            continue;
        }
        tw_counters_event(tw_shared_counters(site->shared), event.kind);
        rv = tw_event_write(&event, &site->log.events, ptemp);
        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, s, TWLOGNO(0507)
                         "TwAuthEventLog takes no events");
        }
    }
    return OK;
}

apr_status_t tw_event_log_join(tw_event_log_t *log, const tw_site_t *site,
                               apr_pool_t *pool)
{
    const char *to = site->log.events_to;
    piped_log *pipe;

    *log = site->log.events;
    if (!to) {
        return APR_SUCCESS;
    }
    if (*to != '|') {
        return apr_file_open(&log->file, ap_server_root_relative(pool, to),
                             FLAGS, MODE, pool);
    }
    pipe = ap_open_piped_log(pool, to + 1);
    log->file = pipe ? ap_piped_log_write_fd(pipe) : NULL;
    return pipe ? APR_SUCCESS : APR_EGENERAL;
}
