/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/metrics: all of shared/counters as it is at this moment.
 */
#ifndef TW_ADMIN_METRICS_H
#define TW_ADMIN_METRICS_H

#include <httpd.h>

#include "config/site.h"

/* One row of a metric: what its labels say, and what it is. */
typedef struct tw_sample_t {
    const char *value[2];           /* "": that label says nothing */
    apr_uint64_t number;            /* of a HISTOGRAM how many in all */
    apr_uint64_t bucket[TW_BUCKETS];    /* see tw_counters_get_times() */
    apr_uint64_t sum;               /* microseconds */
} tw_sample_t;

typedef struct tw_family_t {
    const tw_metric_info_t *info;
    apr_array_header_t *samples;    /* of tw_sample_t */
} tw_family_t;

/* The first site of the server that is on; NULL: there is none. */
const tw_site_t *tw_metrics_any_site(const server_rec *base_server);

/*
 * All metrics in their order, as tw_family_t.  Samples with the same labels
 * are there once.
 */
apr_array_header_t *tw_metrics_read(const server_rec *base_server,
                                    const tw_shared_t *shared,
                                    apr_pool_t *pool);

/* What a site that is on needs and is known to be down; NULL: nothing. */
const char *tw_metrics_down(const tw_site_t *site);

#endif
