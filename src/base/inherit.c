/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inherit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Other threads open descriptors too, but not so many at one moment. */
#define PAIR_WITHIN 64

int tw_inherit_lowest(void)
{
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    if (lowest >= 0) {
        close(lowest);
    }
    return lowest;
}

/* A pair of sockets of this process, in the state in which libcurl leaves it
 * to programs that are started. */
static int is_inherited_pair(int fd)
{
    union {
        struct sockaddr any;
        char bytes[128];
    } name;
    socklen_t len = sizeof(name);
    int flags = fcntl(fd, F_GETFD);

    memset(&name, 0, sizeof(name));
    return flags >= 0 && !(flags & FD_CLOEXEC)
           && getsockname(fd, &name.any, &len) == 0
           && name.any.sa_family == AF_UNIX
           && len == sizeof(name.any.sa_family)
           && getpeername(fd, &name.any, &len) == 0;
}

void tw_inherit_close_pairs(int lowest)
{
    int fd;

    for (fd = lowest; lowest >= 0 && fd < lowest + PAIR_WITHIN; fd++) {
        if (is_inherited_pair(fd)) {
            fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
    }
}
