/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/doctor.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <http_core.h>

#include "admin/check.h"
#include "admin/exam_client.h"
#include "admin/exam_configuration.h"
#include "admin/exam_database.h"
#include "admin/exam_folders.h"
#include "admin/exam_person.h"
#include "admin/exam_way.h"
#include "base/watchdog.h"
#include "store/rights.h"

/* With what a call may take beyond it, all is done within a minute. */
#define TIME_MAX apr_time_from_sec(30)

/* The name service may say nothing: seconds a server, and how often. */
#define NAMES_VARIABLE "RES_OPTIONS"
#define NAMES_MAX "timeout:2 attempts:2"

/* What a check needs. */
enum {
    ROOT = 1,               /* is done before rights are dropped */
    X = 2,                  /* asks X; left out where nobody is asked */
    DATABASE = 4,           /* asks the database, likewise but for a file */
    ANY = 8,                /* is for hosts too that have no site */
    CALLS = 16              /* is about calls to X, which a host behind a hub
                               does not make */
};

typedef struct {
    const char *name;
    void (*look)(tw_exam_t *exam);
    int needs;
} check_t;

/* In the order in which they are told, which is that of mending. */
static const check_t checks[] = {
    { "settings", tw_exam_settings, ROOT | ANY },
    { "open", tw_exam_open, ROOT | ANY },
    { "visitors", tw_exam_visitors, ROOT },
    { "secrets", tw_exam_secrets, ROOT },
    { "authorities", tw_exam_authorities, CALLS },
    { "names", tw_exam_names, X | CALLS },
    { "proxy", tw_exam_proxy, X | CALLS },
    { "provider", tw_exam_provider, X | CALLS },
    { "clock", tw_exam_clock, X | CALLS },
    { "credentials", tw_exam_credentials, X | CALLS },
    { "callback", tw_exam_callback, X | CALLS },
    { "folder", tw_exam_folder, ROOT },
    { "database", tw_exam_database, DATABASE },
    { "tables", tw_exam_tables, DATABASE },
    { "rights", tw_exam_rights, DATABASE },
    { "connections", tw_exam_connections, 0 },
    { NULL, NULL, 0 }
};

/* In their place, where it is about one person. */
static const check_t checks_of_person[] = {
    { "account", tw_exam_account, DATABASE },
    { "rules", tw_exam_rules, DATABASE },
    { "elsewhere", tw_exam_elsewhere, 0 },
    { NULL, NULL, 0 }
};

typedef struct {
    const tw_doctor_t *doctor;
    apr_pool_t *pool;
    const check_t *checks;
    apr_array_header_t *exams;          /* of tw_exam_t */
    apr_interval_time_t until;
    int wrong, warnings;
} round_t;

/* ---- who is looked at ---------------------------------------------------- */

static int is_named(const round_t *round, const tw_site_t *site)
{
    const apr_array_header_t *sites = round->doctor->sites;
    int i;

    for (i = 0; sites && i < sites->nelts; i++) {
        if (APR_ARRAY_IDX(sites, i, const tw_site_t *) == site) {
            return 1;
        }
    }
    return !sites;
}

static int has_findings(const tw_findings_t *findings, const server_rec *s)
{
    int i;

    for (i = 0; i < findings->list->nelts; i++) {
        if (APR_ARRAY_IDX(findings->list, i, tw_finding_t).server == s) {
            return 1;
        }
    }
    return 0;
}

static void begin(round_t *round)
{
    tw_exam_t exam = { 0 };
    const server_rec *s;

    exam.tree = tw_conftree_read(round->doctor->base_server, round->pool);
    exam.findings = tw_check(exam.tree, round->pool);
    exam.user = tw_exposed_user(round->pool);
    exam.known = apr_hash_make(round->pool);
    exam.offline = round->doctor->offline;
    exam.who = round->doctor->who;
    exam.pool = round->pool;
    for (s = round->doctor->base_server; s; s = s->next) {
        exam.server = s;
        exam.site = tw_site(s);
        exam.verdicts = apr_array_make(round->pool, 20, sizeof(tw_verdict_t));
        if (is_named(round, exam.site)
            && (exam.site || has_findings(exam.findings, s))
            && (!exam.who || tw_site_is_on(s))) {
            APR_ARRAY_PUSH(round->exams, tw_exam_t) = exam;
        }
    }
}

/* ---- looking ------------------------------------------------------------- */

static int is_left_out(const tw_exam_t *exam, int needs)
{
    return exam->offline
           && ((needs & X)
               || ((needs & DATABASE) && exam->site
                   && tw_db_native_kind(exam->site->store.database.driver)
                      != TW_DB_NATIVE_SQLITE));
}

static void look(const round_t *round, tw_exam_t *exam, const check_t *check)
{
    exam->check = check->name;
    if ((!exam->site || exam->site->off) && !(check->needs & ANY)) {
        return;
    }
    if ((check->needs & CALLS) && exam->site
        && exam->site->provider.client.hub) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "this host does not call "
                    "X: people sign in at its hub, %s",
                    exam->site->provider.client.api);
    }
    else if (is_left_out(exam, check->needs)) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "not asked (--offline)");
    }
    else if (!(check->needs & ROOT) && tw_watchdog_clock() > round->until) {
        tw_exam_say(exam, TW_VERDICT_UNKNOWN, NULL, "no time was left: look "
                    "at this host alone (--host)");
    }
    else {
        check->look(exam);
    }
}

static void look_at_all(const round_t *round, int as_root)
{
    const check_t *check;
    int i;

    for (i = 0; i < round->exams->nelts; i++) {
        tw_exam_t *exam = &APR_ARRAY_IDX(round->exams, i, tw_exam_t);

        for (check = round->checks; check->name; check++) {
            if (!(check->needs & ROOT) == !as_root) {
                look(round, exam, check);
            }
        }
    }
}

/* ---- telling ------------------------------------------------------------- */

static const tw_output_column_t columns[] = {
    { "host", TW_OUTPUT_TEXT }, { "check", TW_OUTPUT_TEXT },
    { "verdict", TW_OUTPUT_TEXT }, { "says", TW_OUTPUT_TEXT },
    { "fix", TW_OUTPUT_TEXT }, { NULL, TW_OUTPUT_TEXT }
};
static const char *const kinds[] = { "ok", "unknown", "warning", "wrong" };
static const char *const shouts[] = { "OK", "--", "WARNING", "WRONG" };

#define INDENT 25
#define WIDTH 79

/* A paragraph behind head, which is as wide as the indent. */
static void put(tw_output_t *out, const char *head, const char *text,
                apr_pool_t *pool)
{
    const char *line = head;

    while (*text) {
        apr_size_t len = strlen(text), room = WIDTH - INDENT;

        if (len > room) {
            for (len = room; len && text[len] != ' '; len--) {
                continue;
            }
            len = len ? len : strcspn(text, " ");
        }
        tw_output_say(out, "%s%.*s", line, (int)len, text);
        text += len;
        text += strspn(text, " ");
        line = apr_psprintf(pool, "%*s", INDENT, "");
    }
}

static void tell(round_t *round, const char *host, const tw_verdict_t *verdict)
{
    tw_output_t *out = round->doctor->out;
    const char *const row[] = { host, verdict->check, kinds[verdict->kind],
                                verdict->says, verdict->fix };

    round->wrong += verdict->kind == TW_VERDICT_WRONG;
    round->warnings += verdict->kind == TW_VERDICT_WARNING;
    if (tw_output_is_json(out)) {
        tw_output_row(out, row);
        return;
    }
    put(out, apr_psprintf(round->pool, "  %-9s%-*s", shouts[verdict->kind],
                          INDENT - 11, verdict->check),
        verdict->says, round->pool);
    if (verdict->fix) {
        put(out, apr_psprintf(round->pool, "%*s", INDENT, "=> "),
            verdict->fix, round->pool);
    }
}

static void tell_of(round_t *round, const tw_exam_t *exam)
{
    const char *place = tw_findings_host(exam->server, round->pool);
    int is_on = exam->site && !exam->site->off;
    const char *host = is_on ? exam->site->address.origin : place;
    const check_t *check;
    int i;

    tw_output_say(round->doctor->out, "%s%s%s%s", host, is_on ? " (" : " (off",
                  is_on ? place : "", ")");
    for (check = round->checks; check->name; check++) {
        for (i = 0; i < exam->verdicts->nelts; i++) {
            const tw_verdict_t *verdict = &APR_ARRAY_IDX(exam->verdicts, i,
                                                         tw_verdict_t);

            if (!strcmp(verdict->check, check->name)) {
                tell(round, host, verdict);
            }
        }
    }
}

static void tell_all(round_t *round)
{
    static const tw_verdict_t nobody = {
        TW_VERDICT_WARNING, "settings", "mod_twauth is off everywhere",
        "give a virtual host credentials, and TwAuthEngine On"
    };
    tw_output_t *out = round->doctor->out;
    int i;

    tw_output_table(out, columns);
    for (i = 0; i < round->exams->nelts; i++) {
        tell_of(round, &APR_ARRAY_IDX(round->exams, i, tw_exam_t));
    }
    if (!round->exams->nelts) {
        tell(round, "", &nobody);
    }
    if (round->wrong || round->warnings) {
        tw_output_say(out, "%d wrong, %d warning%s", round->wrong,
                      round->warnings, round->warnings == 1 ? "" : "s");
    }
    else {
        tw_output_say(out, "nothing is wrong, as far as it was looked at");
    }
}

static void go_round(round_t *round)
{
    tw_err_t err = { 0 };
    int i;

    begin(round);
    look_at_all(round, 1);
    if (tw_rights_drop(round->doctor->base_server, round->pool, &err)
        == APR_SUCCESS) {
        look_at_all(round, 0);
        return;
    }
    for (i = 0; i < round->exams->nelts; i++) {
        tw_exam_t *exam = &APR_ARRAY_IDX(round->exams, i, tw_exam_t);

        exam->check = round->checks == checks ? "rights" : "account";
        tw_exam_say_err(exam, TW_VERDICT_WRONG, NULL, &err);
    }
}

int tw_doctor_run(const tw_doctor_t *doctor, apr_pool_t *pool)
{
    round_t round = { doctor, NULL, doctor->who ? checks_of_person : checks,
                      NULL, tw_watchdog_clock() + TIME_MAX, 0, 0 };

    setenv(NAMES_VARIABLE, NAMES_MAX, 0);
    apr_pool_create(&round.pool, pool);
    round.exams = apr_array_make(round.pool, 4, sizeof(tw_exam_t));
    go_round(&round);
    tell_all(&round);
    /* closes what is open: SQLite leaves its files as they were */
    apr_pool_destroy(round.pool);
    return round.wrong ? 2 : round.warnings ? 1 : 0;
}

void tw_doctor(apr_pool_t *pconf, server_rec *base_server)
{
    tw_doctor_t doctor = { base_server, NULL, NULL, 0, NULL };
    apr_file_t *file;
    int status;

    if (!ap_exists_config_define("TWAUTH_CHECK")) {
        return;
    }
    apr_file_open_flags_stdout(&file, APR_FOPEN_BUFFERED, pconf);
    doctor.offline = ap_exists_config_define("TWAUTH_CHECK_OFFLINE");
    doctor.out = tw_output_make(
        file, ap_exists_config_define("TWAUTH_CHECK_JSON"), pconf);
    status = tw_doctor_run(&doctor, pconf);
    exit(tw_output_end(doctor.out) == APR_SUCCESS ? status : 2);
}
