/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/status_text.h"

#include <http_protocol.h>
#include <apr_strings.h>

#include "admin/metrics.h"
#include "request/style.h"

/* Microseconds as seconds. */
static const char *seconds(apr_pool_t *pool, apr_uint64_t time)
{
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ".%06" APR_UINT64_T_FMT,
                        time / 1000000, time % 1000000);
}

/* The upper end of a bucket, as short as it can be written. */
static const char *bound(apr_pool_t *pool, int i)
{
    char *text = apr_pstrdup(pool, seconds(pool, tw_counters_bounds[i]));
    char *end = text + strlen(text);

    while (end[-1] == '0') {
        *--end = '\0';
    }
    if (end[-1] == '.') {
        end[-1] = '\0';
    }
    return text;
}

#define FAMILY(families, i) (&APR_ARRAY_IDX(families, i, const tw_family_t))
#define SAMPLE(family, i)                                                   \
    (&APR_ARRAY_IDX((family)->samples, i, const tw_sample_t))

static int is_histogram(const tw_family_t *family)
{
    return family->info->kind == TW_KIND_HISTOGRAM;
}

/* What is worth a place where there is little of it. */
static int is_told(const tw_family_t *family, const tw_sample_t *sample)
{
    return sample->number || !strcmp(family->info->label[0], "site");
}

/* The values of a sample's labels, with what stands between two. */
static const char *values(apr_pool_t *pool, const tw_sample_t *sample,
                          const char *between)
{
    return apr_pstrcat(pool, sample->value[0],
                       *sample->value[1] ? between : "", sample->value[1],
                       NULL);
}

/* ---- lines -------------------------------------------------------------- */

static void line(request_rec *r, const tw_family_t *family,
                 const tw_sample_t *sample)
{
    const char *said = values(r->pool, sample, ",");
    const char *what = *said ? apr_pstrcat(r->pool, "[", said, "]", NULL) : "";

    if (is_histogram(family)) {
        ap_rprintf(r, "%s_sum%s: %s\n", family->info->name, what,
                   seconds(r->pool, sample->sum));
    }
    ap_rprintf(r, "%s%s%s: %" APR_UINT64_T_FMT "\n", family->info->name,
               is_histogram(family) ? "_count" : "", what, sample->number);
}

static void lines(request_rec *r, const apr_array_header_t *families,
                  int brief)
{
    int i, j;

    for (i = 0; i < families->nelts; i++) {
        const tw_family_t *family = FAMILY(families, i);

        for (j = 0; j < family->samples->nelts; j++) {
            if (!brief || is_told(family, SAMPLE(family, j))) {
                line(r, family, SAMPLE(family, j));
            }
        }
    }
}

void tw_status_text_auto(request_rec *r, const apr_array_header_t *families)
{
    lines(r, families, 0);
}

void tw_status_text_brief(request_rec *r, const apr_array_header_t *families)
{
    lines(r, families, 1);
}

/* ---- JSON --------------------------------------------------------------- */

static void json_sample(request_rec *r, const tw_family_t *family,
                        const tw_sample_t *sample)
{
    int i;

    ap_rputs("{", r);
    for (i = 0; i < 2; i++) {
        if (*family->info->label[i]) {
            ap_rvputs(r, "\"", family->info->label[i], "\":\"",
                      sample->value[i], "\",", NULL);
        }
    }
    if (!is_histogram(family)) {
        ap_rprintf(r, "\"value\":%" APR_UINT64_T_FMT "}", sample->number);
        return;
    }
    ap_rprintf(r, "\"count\":%" APR_UINT64_T_FMT ",\"sum\":%s,\"buckets\":{",
               sample->number, seconds(r->pool, sample->sum));
    for (i = 0; i < TW_BUCKETS - 1; i++) {
        ap_rprintf(r, "%s\"%s\":%" APR_UINT64_T_FMT, i ? "," : "",
                   bound(r->pool, i), sample->bucket[i]);
    }
    ap_rputs("}}", r);
}

void tw_status_text_json(request_rec *r, const apr_array_header_t *families)
{
    int i, j;

    for (i = 0; i < families->nelts; i++) {
        const tw_family_t *family = FAMILY(families, i);

        ap_rvputs(r, i ? ",\n\"" : "{\"", family->info->name, "\":[", NULL);
        for (j = 0; j < family->samples->nelts; j++) {
            ap_rputs(j ? ",\n  " : "\n  ", r);
            json_sample(r, family, SAMPLE(family, j));
        }
        ap_rputs("]", r);
    }
    ap_rputs("}\n", r);
}

/* ---- Prometheus --------------------------------------------------------- */

/* The labels of a sample, and le where it is one of a bucket; labels that say
 * nothing are none. */
static const char *labels(apr_pool_t *pool, const tw_family_t *family,
                          const tw_sample_t *sample, const char *le)
{
    const char *text = "";
    int i;

    for (i = 0; i < 3; i++) {
        const char *name = i < 2 ? family->info->label[i] : "le";
        const char *value = i < 2 ? sample->value[i] : le;

        if (*name && *value) {
            text = apr_pstrcat(pool, text, *text ? "," : "{", name, "=\"",
                               value, "\"", NULL);
        }
    }
    return *text ? apr_pstrcat(pool, text, "}", NULL) : "";
}

static void prometheus_sample(request_rec *r, const tw_family_t *family,
                              const tw_sample_t *sample)
{
    const char *name = family->info->name;
    const char *own = labels(r->pool, family, sample, "");
    int i;

    if (!is_histogram(family)) {
        ap_rprintf(r, "%s%s %" APR_UINT64_T_FMT "\n", name, own,
                   sample->number);
        return;
    }
    for (i = 0; i < TW_BUCKETS; i++) {
        ap_rprintf(r, "%s_bucket%s %" APR_UINT64_T_FMT "\n", name,
                   labels(r->pool, family, sample, i < TW_BUCKETS - 1
                                                   ? bound(r->pool, i)
                                                   : "+Inf"),
                   sample->bucket[i]);
    }
    ap_rprintf(r, "%s_sum%s %s\n%s_count%s %" APR_UINT64_T_FMT "\n", name, own,
               seconds(r->pool, sample->sum), name, own, sample->number);
}

void tw_status_text_prometheus(request_rec *r,
                               const apr_array_header_t *families)
{
    static const char *const types[] = {
        [TW_KIND_COUNTER] = "counter", [TW_KIND_HISTOGRAM] = "histogram",
        [TW_KIND_TOTAL] = "counter", [TW_KIND_GAUGE] = "gauge"
    };
    int i, j;

    for (i = 0; i < families->nelts; i++) {
        const tw_family_t *family = FAMILY(families, i);
        const tw_metric_info_t *info = family->info;

        ap_rvputs(r, "# HELP ", info->name, " ", info->help, "\n# TYPE ",
                  info->name, " ", types[info->kind], "\n", NULL);
        for (j = 0; j < family->samples->nelts; j++) {
            prometheus_sample(r, family, SAMPLE(family, j));
        }
    }
}

/* ---- a page ------------------------------------------------------------- */

static const char *said_number(apr_pool_t *pool, const tw_family_t *family,
                               const tw_sample_t *sample)
{
    char date[APR_RFC822_DATE_LEN];

    if (family->info->kind == TW_KIND_GAUGE && sample->number > 1000000000) {
        apr_rfc822_date(date, apr_time_from_sec((apr_time_t)sample->number));
        return apr_pstrdup(pool, date);
    }
    return is_histogram(family)
           ? apr_psprintf(pool, "%" APR_UINT64_T_FMT ", on average %s s",
                          sample->number, seconds(pool, sample->sum
                                                        / sample->number))
           : apr_psprintf(pool, "%" APR_UINT64_T_FMT, sample->number);
}

static void html_family(request_rec *r, const tw_family_t *family)
{
    int i, any = 0;

    ap_rvputs(r, "<h2>", family->info->name, "</h2>\n<p class=\"soft\">",
              ap_escape_html(r->pool, family->info->help),
              "</p>\n<ul class=\"rows\">\n", NULL);
    for (i = 0; i < family->samples->nelts; i++) {
        const tw_sample_t *sample = SAMPLE(family, i);

        if (is_told(family, sample)) {
            ap_rvputs(r, "<li><span>", ap_escape_html(
                          r->pool, values(r->pool, sample, ", ")),
                      "</span> <b>", said_number(r->pool, family, sample),
                      "</b></li>\n", NULL);
            any = 1;
        }
    }
    ap_rputs(any ? "</ul>\n" : "<li>none</li>\n</ul>\n", r);
}

void tw_status_text_html(request_rec *r, const apr_array_header_t *families)
{
    int i;

    ap_rvputs(r, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
              "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
              "content=\"width=device-width, initial-scale=1\">\n"
              "<title>mod_twauth: status</title>\n<style>", tw_style,
              "</style>\n</head>\n<body>\n<main>\n<h1>Sign in with X: "
              "status</h1>\n<p>What has happened on this server, all hosts "
              "together. For programs: ?prometheus, ?json, ?auto, ?ready."
              "</p>\n", NULL);
    for (i = 0; i < families->nelts; i++) {
        html_family(r, FAMILY(families, i));
    }
    ap_rputs("</main>\n</body>\n</html>\n", r);
}
