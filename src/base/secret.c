/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#define COMMAND_TIME apr_time_from_sec(10)

int tw_secret_ok(const char **why, const char *from)
{
    if (strncmp(from, "file:/", 6) && strncmp(from, "exec:/", 6)) {
        *why = "must be file:/absolute/path or exec:/absolute/command; the "
               "secret itself does not belong into the configuration";
        return 0;
    }
    return 1;
}

int tw_secret_is_command(const char *from)
{
    return !strncmp(from, "exec:", 5);
}

/* How much of path is there, up to and with a slash; the root, which is
 * always there, says nothing, and is not counted. */
static apr_size_t existing_part(const char *path, apr_pool_t *pool)
{
    apr_size_t len = strlen(path), root = strspn(path, "/");
    struct stat st;

    while (len > root) {
        len--;
        if (path[len] == '/'
            && stat(apr_pstrmemdup(pool, path, len), &st) == 0) {
            return len + 1;
        }
    }
    return 0;
}

const char *tw_secret_path(apr_pool_t *pool, const char *path)
{
    apr_size_t part = existing_part(path, pool);
    struct stat st;

    if (lstat(path, &st) == 0 || (part && !strchr(path + part, '/'))) {
        part = strlen(path);
    }
    return apr_pstrcat(pool, part ? "" : "/",
                       tw_err_quote(pool, path, part, 300),
                       path[part] ? "..." : "", NULL);
}

const char *tw_secret_name(apr_pool_t *pool, const char *from)
{
    apr_size_t prefix = strlen("file:");
    apr_size_t len = tw_secret_is_command(from) ? strcspn(from, " \t")
                                                : strlen(from);

    return apr_pstrcat(pool, apr_pstrmemdup(pool, from, prefix),
                       tw_secret_path(pool, apr_pstrmemdup(
                           pool, from + prefix, len - prefix)),
                       from[len] ? " ..." : "", NULL);
}

static apr_status_t refuse(tw_err_t *err, apr_pool_t *pool, apr_status_t rv,
                           const char *from, const char *why,
                           const char *advice)
{
    tw_err_set(err, pool, TW_ERR_INTERNAL, rv, "%s %s",
               tw_secret_name(pool, from), why);
    err->advice = advice;
    return rv == APR_SUCCESS ? APR_EGENERAL : rv;
}

/* The same, with the system's own word for why. */
static apr_status_t refuse_system(tw_err_t *err, apr_pool_t *pool,
                                  apr_status_t rv, const char *from,
                                  const char *why)
{
    char reason[120];

    apr_strerror(rv, reason, sizeof(reason));
    refuse(err, pool, rv, from,
           apr_pstrcat(pool, why, " (", reason, ")", NULL),
           !APR_STATUS_IS_EACCES(rv) ? NULL
           : geteuid() != 0 ? "run it as root, who alone may read the file"
           : "even root may not: look at AppArmor or SELinux, and at the "
             "folder's file system");
    return rv;
}

/*
 * The length of what text begins with, or with end ends with, and what an
 * editor or a paste leaves around a secret: a blank or line end, a byte order
 * mark, or one of the spaces that cannot be seen.
 */
static apr_size_t margin(const char *text, apr_size_t len, int end)
{
    static const char *const margins[] = {
        " ", "\t", "\r", "\n", "\v", "\f", "\xc2\xa0",
        "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",
        "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
        "\xe2\x81\xa0", "\xe3\x80\x80", "\xef\xbb\xbf"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(margins) / sizeof(margins[0]); i++) {
        apr_size_t n = strlen(margins[i]);

        if (n <= len && !memcmp(end ? text + len - n : text, margins[i], n)) {
            return n;
        }
    }
    return 0;
}

/* Drops what is around the secret, and refuses what cannot be one.  A blank
 * in front is no slip of an editor: it was cut from a longer line. */
static apr_status_t one_line(char **secret, char *text, apr_size_t len,
                             const char *from, apr_pool_t *pool,
                             tw_err_t *err)
{
    apr_size_t n, i;

    while ((n = margin(text, len, 1)) > 0) {
        len -= n;
    }
    text[len] = '\0';
    while (*text != ' ' && *text != '\t' && (n = margin(text, len, 0)) > 0) {
        text += n;
        len -= n;
    }
    if (!len) {
        return refuse(err, pool, APR_EGENERAL, from, "is empty", NULL);
    }
    if (*text == ' ' || *text == '\t') {
        return refuse(err, pool, APR_EGENERAL, from, "begins with a blank",
                      "the secret stands alone in its line");
    }
    if (memchr(text, '\0', len)) {
        return refuse(err, pool, APR_EGENERAL, from, "has a NUL in it: it "
                      "must be a text file, and not UTF-16", NULL);
    }
    if (memchr(text, '\n', len) || memchr(text, '\r', len)) {
        return refuse(err, pool, APR_EGENERAL, from, "has more than one line",
                      NULL);
    }
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == 0x7f) {
            return refuse(err, pool, APR_EGENERAL, from, apr_psprintf(
                pool, "has a control character, which no secret has (byte %"
                APR_SIZE_T_FMT " is 0x%02x)", i + 1, c), "write it anew");
        }
    }
    *secret = text;
    return APR_SUCCESS;
}

static apr_status_t read_file(char **text, const char *from,
                              apr_pool_t *pool, tw_err_t *err)
{
    const char *path = from + strlen("file:");
    /* a FIFO must not hang the start */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char *buf = apr_palloc(pool, TW_SECRET_MAX + 2);
    apr_status_t rv = APR_SUCCESS;
    struct stat st;
    ssize_t n, len = 0;

    if (fd < 0) {
        return refuse_system(err, pool, errno, from, "cannot be read");
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        rv = refuse(err, pool, APR_EGENERAL, from, "is not a regular file",
                    NULL);
    }
    else if (st.st_mode & (S_IRWXO | S_IWGRP)) {
        rv = refuse(err, pool, APR_EGENERAL, from,
                    "can be read or written by others",
                    "chmod 0600, or 0640 for a group of your own");
    }
    while (rv == APR_SUCCESS && len <= TW_SECRET_MAX) {
        n = read(fd, buf + len, (size_t)(TW_SECRET_MAX + 1 - len));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            rv = refuse_system(err, pool, errno, from, "cannot be read");
        }
        if (n <= 0) {
            break;
        }
        len += n;
    }
    close(fd);
    if (rv == APR_SUCCESS && len > TW_SECRET_MAX) {
        rv = refuse(err, pool, APR_EGENERAL, from, "is larger than 4 kB",
                    NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = one_line(text, buf, (apr_size_t)len, from, pool, err);
    }
    return rv;
}

static apr_status_t start_command(apr_proc_t *proc, const char *from,
                                  apr_pool_t *pool)
{
    apr_procattr_t *attr;
    apr_status_t rv;
    char **argv;

    apr_tokenize_to_argv(from + strlen("exec:"), &argv, pool);
    if ((rv = apr_procattr_create(&attr, pool)) != APR_SUCCESS
        || (rv = apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK,
                                     APR_NO_PIPE)) != APR_SUCCESS
        || (rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV))
           != APR_SUCCESS
        || (rv = apr_procattr_error_check_set(attr, 1)) != APR_SUCCESS) {
        return rv;
    }
    return apr_proc_create(proc, argv[0], (const char *const *)argv, NULL,
                           attr, pool);
}

/* Reads to the end, so that the command need not stop at a line; what is
 * beyond the buffer is thrown away.  APR_SUCCESS: it came in time. */
static apr_status_t read_output(apr_proc_t *proc, char *buf, apr_size_t *len,
                                apr_time_t until)
{
    apr_status_t rv;
    char rest[256] = "";

    *len = 0;
    do {
        apr_interval_time_t left = until - apr_time_now();
        apr_size_t room = TW_SECRET_MAX + 1 - *len;
        apr_size_t n = room ? room : sizeof(rest);

        apr_file_pipe_timeout_set(proc->out, left > 0 ? left : 1);
        rv = apr_file_read(proc->out, room ? buf + *len : rest, &n);
        if (rv == APR_SUCCESS && room) {
            *len += n;
        }
    } while (rv == APR_SUCCESS);
    apr_file_close(proc->out);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* Waits for its end, or makes one; whether it ended well. */
static int reap_command(apr_proc_t *proc, apr_time_t until)
{
    apr_exit_why_e why = APR_PROC_SIGNAL;
    int code = 0;

    /* it may have closed its output and stayed */
    while (apr_proc_wait(proc, &code, &why, APR_NOWAIT)
           == APR_CHILD_NOTDONE) {
        if (apr_time_now() >= until) {
            apr_proc_kill(proc, SIGKILL);
            apr_proc_wait(proc, &code, &why, APR_WAIT);
            break;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    return why == APR_PROC_EXIT && code == 0;
}

static apr_status_t run_command(char **text, const char *from,
                                apr_pool_t *pool, tw_err_t *err)
{
    char *buf = apr_palloc(pool, TW_SECRET_MAX + 2);
    apr_time_t until = apr_time_now() + COMMAND_TIME;
    apr_status_t rv;
    apr_proc_t proc;
    apr_size_t len;
    char *end;

    rv = start_command(&proc, from, pool);
    if (rv != APR_SUCCESS) {
        return refuse_system(err, pool, rv, from, "cannot be run");
    }
    rv = read_output(&proc, buf, &len, until);
    if (rv != APR_SUCCESS) {
        reap_command(&proc, 0);
        return refuse(err, pool, rv, from, "did not end within 10 seconds",
                      NULL);
    }
    if (!reap_command(&proc, until)) {
        return refuse(err, pool, APR_EGENERAL, from,
                      "did not end well (its exit status must be 0)", NULL);
    }
    end = memchr(buf, '\n', len);
    if (!end && len > TW_SECRET_MAX) {
        return refuse(err, pool, APR_EGENERAL, from, "wrote a first line of "
                      "more than 4 kB", NULL);
    }
    return one_line(text, buf, end ? (apr_size_t)(end - buf) : len, from, pool,
                    err);
}

apr_status_t tw_secret_read(char **text, const char *from, apr_pool_t *pool,
                            tw_err_t *err)
{
    *text = NULL;
    return tw_secret_is_command(from) ? run_command(text, from, pool, err)
                                      : read_file(text, from, pool, err);
}

int tw_secret_is_exposed(tw_secret_file_t *file, const char *from,
                         apr_uint32_t user, const apr_uint32_t *groups,
                         int n)
{
    struct stat st;
    int i;

    if (tw_secret_is_command(from) || stat(from + strlen("file:"), &st)) {
        return 0;
    }
    file->mode = st.st_mode & 07777;
    file->user = st.st_uid;
    file->group = st.st_gid;
    if (st.st_uid == user) {
        return 1;       /* who owns it can also change the mode */
    }
    for (i = 0; i < n; i++) {
        if (st.st_gid == groups[i] && (st.st_mode & S_IRGRP)) {
            return 1;
        }
    }
    return (st.st_mode & S_IROTH) != 0;
}

/* explicit_bzero() is not everywhere. */
void tw_secret_wipe(const char *text)
{
    volatile char *at = (volatile char *)text;

    while (at && *at) {
        *at++ = '\0';
    }
}
