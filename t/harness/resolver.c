/* SPDX-License-Identifier: Apache-2.0 */
/* A resolver that stalls: see resolver.py. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int lookup_t(const char *, const char *, const struct addrinfo *,
                     struct addrinfo **);

/* Each name that is looked up, a line, where somebody wants to know. */
static void write_down(const char *name)
{
    const char *path = getenv("NAMES_FILE");
    FILE *file = path && name ? fopen(path, "a") : NULL;

    if (file) {
        fprintf(file, "%s\n", name);
        fclose(file);
    }
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    const char *end = getenv("LOCAL_NAMES"), *file = getenv("STALL_FILE");
    lookup_t *proper = (lookup_t *)dlsym(RTLD_NEXT, "getaddrinfo");
    size_t len = name ? strlen(name) : 0;
    struct timespec left = { 0, 0 };
    int seconds = 0;
    FILE *stall;

    write_down(name);
    if (name && !strncmp(name, "gone.", 5)) {
        return EAI_NONAME;
    }
    if (!end || !name || len < strlen(end) || strcmp(name + len - strlen(end), end)) {
        return proper(name, service, hints, found);
    }
    stall = file ? fopen(file, "r") : NULL;
    if (stall) {
        if (fscanf(stall, "%d", &seconds) != 1) {
            seconds = 0;
        }
        fclose(stall);
    }
    left.tv_sec = seconds;
    nanosleep(&left, NULL);
    return proper("127.0.0.1", service, hints, found);
}
