/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_init.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

/* libcurl would write the keys of every connection to this file */
static const char key_log[] = "SSLKEYLOGFILE";

static apr_status_t init(void)
{
    return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? APR_SUCCESS
                                                         : APR_EGENERAL;
}

apr_status_t tw_http_init(void)
{
    const char *value = getenv(key_log);
    char *kept = value ? strdup(value) : NULL;
    apr_status_t rv;

    unsetenv(key_log);
    rv = init();
    if (kept) {
        setenv(key_log, kept, 1);
        free(kept);
    }
    return rv;
}

apr_status_t tw_http_init_late(void)
{
#ifdef CURL_VERSION_THREADSAFE
    if (!getenv(key_log) && (curl_version_info(CURLVERSION_NOW)->features
                             & CURL_VERSION_THREADSAFE)) {
        return init();
    }
#endif
    return APR_EGENERAL;
}
