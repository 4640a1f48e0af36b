/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that refuse: see refuse.py. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

/* liboauth without its NSS: no signature, and no error either. */
char *oauth_sign_hmac_sha1(const char *text, const char *key)
{
    char *(*proper)(const char *, const char *) =
        dlsym(dlopen("liboauth.so.0", RTLD_LAZY | RTLD_NOLOAD),
              "oauth_sign_hmac_sha1");

    return getenv("REFUSE_TO_SIGN") ? NULL : proper(text, key);
}

/* A libcurl that does not know an option: 48 is CURLE_UNKNOWN_OPTION. */
int curl_easy_setopt(void *curl, int option, ...)
{
    int (*proper)(void *, int, ...) =
        dlsym(dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD),
              "curl_easy_setopt");
    const char *refused = getenv("REFUSE_OPTION");
    va_list ap;
    void *value;

    if (refused && option == atoi(refused)) {
        return 48;
    }
    va_start(ap, option);
    value = va_arg(ap, void *);
    va_end(ap);
    return proper(curl, option, value);
}
