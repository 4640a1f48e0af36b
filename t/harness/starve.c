/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into httpd: its children fail to get memory or descriptors, as often
 * as the two numbers in the file $STARVE say: one time in so many, 0 never.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static volatile uint32_t *one_in;
static uint32_t calls;

static __attribute__((constructor)) void begin(void)
{
    const char *path = getenv("STARVE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

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
    return fails(0) ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(0) ? no_memory() : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(0) ? no_memory() : __libc_realloc(old, size);
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
