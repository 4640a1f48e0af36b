/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that refuse: see refuse.py. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Said by name: for good, or, where a file is named, while it is there. */
static int is_said(const char *name)
{
    const char *said = getenv(name);

    return said && (*said != '/' || !access(said, F_OK));
}

/* liboauth without its NSS: no signature, and no error either. */
char *oauth_sign_hmac_sha1(const char *text, const char *key)
{
    char *(*proper)(const char *, const char *) =
        dlsym(dlopen("liboauth.so.0", RTLD_LAZY | RTLD_NOLOAD),
              "oauth_sign_hmac_sha1");

    return is_said("REFUSE_TO_SIGN") ? NULL : proper(text, key);
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

/* A libcurl that does not start: 2 is CURLE_FAILED_INIT. */
int curl_global_init(long flags)
{
    int (*proper)(long) = dlsym(dlopen("libcurl.so.4",
                                       RTLD_LAZY | RTLD_NOLOAD),
                                "curl_global_init");

    return is_said("REFUSE_LIBCURL") ? 2 : proper(flags);
}

/* A libcurl that says of itself that it is not safe while other threads run:
 * bit 30 is CURL_VERSION_THREADSAFE. */
void *curl_version_info(int age)
{
    void *(*proper)(int) = dlsym(dlopen("libcurl.so.4",
                                        RTLD_LAZY | RTLD_NOLOAD),
                                 "curl_version_info");
    struct {
        int age;
        const char *version;
        unsigned number;
        const char *host;
        int features;
    } *info = proper(age);

    if (is_said("REFUSE_THREADS")) {
        info->features &= ~(1 << 30);
    }
    return info;
}

/* Only the module is refused, not httpd. */
static int is_module(const void *caller)
{
    Dl_info where;

    return dladdr(caller, &where) && strstr(where.dli_fname, "mod_twauth");
}

int apr_shm_create(void **shm, size_t size, const char *file, void *pool)
{
    int (*proper)(void **, size_t, const char *, void *) =
        dlsym(RTLD_NEXT, "apr_shm_create");
    const char *refused = getenv("REFUSE_SHARED");
    static int segments;

    if (refused && is_module(__builtin_return_address(0))
        && ++segments == atoi(refused)) {
        return ENOMEM;
    }
    return proper(shm, size, file, pool);
}

int apr_thread_mutex_create(void **mutex, unsigned flags, void *pool)
{
    int (*proper)(void **, unsigned, void *) =
        dlsym(RTLD_NEXT, "apr_thread_mutex_create");

    if (is_said("REFUSE_LOCK") && is_module(__builtin_return_address(0))) {
        return ENOMEM;
    }
    return proper(mutex, flags, pool);
}

/* No process for that program. */
int apr_proc_create(void *made, const char *program, const char *const *args,
                    const char *const *env, void *attr, void *pool)
{
    int (*proper)(void *, const char *, const char *const *,
                  const char *const *, void *, void *) =
        dlsym(RTLD_NEXT, "apr_proc_create");
    const char *refused = getenv("REFUSE_PROGRAM");

    if (refused && !strcmp(program, refused)) {
        return EAGAIN;
    }
    return proper(made, program, args, env, attr, pool);
}

#ifdef HIDDEN
/* A library inside of its driver: this function of it is not to be found. */
void *dlsym(void *handle, const char *name)
{
    void *(*proper)(void *, const char *) =
        dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");

    return strcmp(name, HIDDEN) ? proper(handle, name) : NULL;
}
#endif
