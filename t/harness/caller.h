/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who made a call, for the libraries that are loaded into httpd to fail it,
 * and who is never refused memory.
 */
#ifndef CALLER_H
#define CALLER_H

#include <dlfcn.h>
#include <string.h>

/* NSS, by which liboauth signs: without memory it corrupts what it has, and
 * the process crashes later. */
static const char *const nss[] = { "libnss", "libnspr", "libplds", "libplc",
                                   "libsoftokn", "libfreebl", NULL };
/* The dynamic linker ends the process. */
static const char *const linker[] = { "ld-", NULL };

/* The file that an address is of, without its folder. */
static const char *file_of(const void *at, Dl_info *info)
{
    const char *slash;

    if (!dladdr(at, info) || !info->dli_fname) {
        return "?";
    }
    slash = strrchr(info->dli_fname, '/');
    return slash ? slash + 1 : info->dli_fname;
}

/* Whether a file's name begins with one of those. */
static int is_of(const char *file, const char *const *names)
{
    while (*names && strncmp(file, *names, strlen(*names)) != 0) {
        names++;
    }
    return *names != NULL;
}

#endif
