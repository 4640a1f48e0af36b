/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into httpd: its children fail to get memory or descriptors, as often
 * as the two numbers in the file $STARVE say: one time in so many, 0 never.
 * Memory is refused to all but NSS and the dynamic linker: see caller.h.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "caller.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static volatile uint32_t *one_in;
static uint32_t calls;

static __attribute__((constructor)) void begin(void)
{
    const char *path = getenv("STARVE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *frame, *at = fd >= 0 ? mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    backtrace(&frame, 1);   /* has what it needs from now on */
    one_in = at != MAP_FAILED ? at : NULL;
    if (fd >= 0) {
        close(fd);
    }
}

/* The threads of children: the server and what begins a child are spared. */
static int fails(int which)
{
    uint32_t n = one_in ? one_in[which] : 0;

    return n && gettid() != getpid()
           && (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) * 2654435761U >> 8) % n == 0;
}

/* Whether it is NSS or the dynamic linker that needs what is asked for. */
static int is_spared(void)
{
    void *frames[40];
    int i, n = backtrace(frames, 40);
    Dl_info info;

    for (i = 2; i < n; i++) {
        const char *file = file_of(frames[i], &info);

        if (is_of(file, nss) || is_of(file, linker)) {
            return 1;
        }
    }
    return 0;
}

static int lacks_memory(void)
{
    return fails(0) && !is_spared();
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

static int no_descriptor(void)
{
    errno = EMFILE;
    return -1;
}

void *malloc(size_t size)
{
    return lacks_memory() ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return lacks_memory() ? no_memory() : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return lacks_memory() ? no_memory() : __libc_realloc(old, size);
}

/* not accept(): there httpd itself gives the whole child up */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
    return fails(1) ? no_descriptor() : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
    return fails(1) ? no_descriptor() : REAL(open64)(path, flags, mode);
}

int socket(int domain, int type, int protocol)
{
    return fails(1) ? no_descriptor() : REAL(socket)(domain, type, protocol);
}
