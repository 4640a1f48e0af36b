/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/metrics.h"

#include <string.h>

#include <apr_hash.h>

typedef struct {
    const server_rec *base_server;
    const tw_shared_t *shared;
    const tw_counters_t *counters;
    apr_pool_t *pool;
    apr_time_t now;
} reading_t;

const tw_site_t *tw_metrics_any_site(const server_rec *base_server)
{
    const server_rec *s;

    for (s = base_server; s; s = s->next) {
        if (tw_site_is_on(s)) {
            return tw_site(s);
        }
    }
    return NULL;
}

static int is_up(const tw_site_t *site, int slot, apr_time_t now)
{
    return !tw_shared_breaker_is_down(site->shared, slot, now);
}

const char *tw_metrics_down(const tw_site_t *site)
{
    apr_time_t now = apr_time_now();

    return !is_up(site, site->store.database.slot, now) ? "the database"
           : !is_up(site, site->provider.slot, now) ? "X" : NULL;
}

/* Hosts with one address are one site. */
static void read_sites(tw_family_t *family, const reading_t *reading,
                       tw_metric_t metric)
{
    apr_hash_t *seen = apr_hash_make(reading->pool);
    const server_rec *s;

    for (s = reading->base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);
        tw_sample_t *sample;

        if (!tw_site_is_on(s)
            || apr_hash_get(seen, site->address.origin,
                            APR_HASH_KEY_STRING)) {
            continue;
        }
        apr_hash_set(seen, site->address.origin, APR_HASH_KEY_STRING, site);
        sample = apr_array_push(family->samples);
        sample->value[0] = site->address.origin;
        sample->value[1] = "";
        sample->number = (apr_uint64_t)is_up(
            site, metric == TW_METRIC_PROVIDER_UP ? site->provider.slot
                                                  : site->store.database.slot,
            reading->now);
    }
}

static void read_table(tw_sample_t *sample, const reading_t *reading,
                       tw_metric_t metric, int row)
{
    tw_room_t room = tw_shared_room(reading->shared, (tw_table_t)row,
                                    reading->now);

    sample->number = metric == TW_METRIC_TABLE_LOST ? room.lost
                     : (apr_uint64_t)(metric == TW_METRIC_TABLE_ROOM
                                      ? room.room : room.used);
}

static void read_row(tw_sample_t *sample, const reading_t *reading,
                     tw_metric_t metric, int row)
{
    const tw_metric_info_t *info = tw_counters_info(metric);

    tw_counters_values(sample->value, metric, row);
    switch (info->kind) {
    case TW_KIND_COUNTER:
        sample->number = tw_counters_get(reading->counters, info->place, row);
        return;
    case TW_KIND_HISTOGRAM:
        tw_counters_get_times(sample->bucket, &sample->sum, reading->counters,
                              info->place, row);
        sample->number = sample->bucket[TW_BUCKETS - 1];
        return;
    default:
        break;
    }
    if (metric == TW_METRIC_SINCE) {
        sample->number = (apr_uint64_t)apr_time_sec(
            (apr_time_t)tw_cell_get(&reading->counters->since));
    }
    else if (metric == TW_METRIC_REVALIDATE) {
        sample->number = (apr_uint64_t)apr_time_sec(
            tw_shared_revalidate_before(reading->shared));
    }
    else {
        read_table(sample, reading, metric, row);
    }
}

apr_array_header_t *tw_metrics_read(const server_rec *base_server,
                                    const tw_shared_t *shared,
                                    apr_pool_t *pool)
{
    apr_array_header_t *families = apr_array_make(pool, TW_METRIC_COUNT,
                                                  sizeof(tw_family_t));
    reading_t reading = { base_server, shared,
                          tw_shared_counters((tw_shared_t *)shared), pool,
                          apr_time_now() };
    int metric, row;

    for (metric = 0; metric < TW_METRIC_COUNT; metric++) {
        tw_family_t *family = apr_array_push(families);

        family->info = tw_counters_info((tw_metric_t)metric);
        family->samples = apr_array_make(pool, family->info->rows + 1,
                                         sizeof(tw_sample_t));
        if (metric == TW_METRIC_PROVIDER_UP
            || metric == TW_METRIC_DATABASE_UP) {
            read_sites(family, &reading, (tw_metric_t)metric);
        }
        for (row = 0; row < family->info->rows; row++) {
            read_row(apr_array_push(family->samples), &reading,
                     (tw_metric_t)metric, row);
        }
    }
    return families;
}
