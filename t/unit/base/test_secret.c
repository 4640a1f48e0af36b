/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_secret: what is taken of a file or a command, and what is refused.
 */
#include "unit.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

static int fd;
static const char *path, *from;

/* What the file has now, from its beginning. */
static void write_file(const char *bytes, apr_size_t len, mode_t mode)
{
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, bytes, len, 0), len);
    assert_int_equal(fchmod(fd, mode), 0);
}

/* What is read from there, or of why it is not. */
static const char *read_from(const char *where)
{
    tw_err_t err = { 0 };
    char *text;

    if (tw_secret_read(&text, where, pool, &err) == APR_SUCCESS) {
        return text;
    }
    assert_null(text);
    assert_non_null(strstr(err.why, tw_secret_name(pool, where)));
    return tw_err_text(pool, &err);
}

#define TEXT(text) text, sizeof(text) - 1

static void test_content(void **state)
{
    static const struct {
        const char *bytes;
        apr_size_t len;
        const char *text;           /* or a part of why not */
        int good;
    } rows[] = {
        { TEXT("secret"), "secret", 1 }, { TEXT("secret\n"), "secret", 1 },
        { TEXT("two words\r\n\n"), "two words", 1 },
        { TEXT("\xef\xbb\xbfsecret \t\v\f"), "secret", 1 },
        { TEXT("\n\nsecret\xc2\xa0"), "secret", 1 },
        { TEXT("\xe2\x80\x8b\xe3\x80\x80secret\xe2\x81\xa0"), "secret", 1 },
        { TEXT("~\x80"), "~\x80", 1 }, { TEXT("x"), "x", 1 },
        { TEXT(""), "is empty", 0 }, { TEXT(" \n"), "is empty", 0 },
        { TEXT(" secret"), "begins with a blank", 0 },
        { TEXT("\tsecret"), "begins with a blank", 0 },
        { TEXT("\xef\xbb\xbf secret"), "begins with a blank", 0 },
        { TEXT("a\0b"), "a NUL", 0 }, { TEXT("a\nb"), "more than one", 0 },
        { TEXT("a\rb"), "more than one", 0 },
        { TEXT("a\x1f" "b"), "(byte 2 is 0x1f): write it anew", 0 },
        { TEXT("\x01"), "(byte 1 is 0x01)", 0 },
        { TEXT("ab\x7f" "c"), "(byte 3 is 0x7f)", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *text;

        write_file(rows[i].bytes, rows[i].len, 0600);
        text = read_from(from);
        CHECK(rows[i].good ? !strcmp(text, rows[i].text)
              : strstr(text, rows[i].text) != NULL, "%d: %s", i, text);
    }
}

static void test_size(void **state)
{
    char *text = apr_pcalloc(pool, TW_SECRET_MAX + 2);
    const char *whole;

    (void)state;
    memset(text, 'x', TW_SECRET_MAX + 1);
    write_file(text, TW_SECRET_MAX, 0600);
    whole = read_from(from);
    memset(apr_palloc(pool, 64), 'y', 64);      /* its end is its own */
    assert_int_equal(strlen(whole), TW_SECRET_MAX);
    write_file(text, TW_SECRET_MAX + 1, 0600);
    assert_non_null(strstr(read_from(from), "larger than 4 kB"));
    assert_non_null(strstr(read_from(apr_pstrcat(pool, "exec:/bin/cat ", path,
                                                 NULL)),
                           "first line of more than 4 kB"));
    text[TW_SECRET_MAX] = '\n';
    write_file(text, TW_SECRET_MAX + 1, 0600);
    assert_int_equal(strlen(read_from(apr_pstrcat(pool, "exec:/bin/cat ",
                                                  path, NULL))),
                     TW_SECRET_MAX);
}

static void test_mode(void **state)
{
    static const struct {
        mode_t mode;
        int good;
    } rows[] = {
        { 0600, 1 }, { 0640, 1 }, { 0400, 1 }, { 0700, 1 }, { 0604, 0 },
        { 0602, 0 }, { 0601, 0 }, { 0620, 0 }, { 0660, 0 }, { 0644, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *text;

        write_file("secret", 6, rows[i].mode);
        text = read_from(from);
        CHECK(rows[i].good ? !strcmp(text, "secret")
              : strstr(text, "read or written by others: chmod 0600") != NULL,
              "%o: %s", (unsigned)rows[i].mode, text);
    }
    assert_non_null(strstr(read_from("file:/proc/self"),
                           "is not a regular file"));
    assert_non_null(strstr(read_from("file:/proc/self/no"),
                           "cannot be read (No such file"));
    /* to be root helps where rights are missing, and not where a file is */
    assert_null(strstr(read_from("file:/proc/self/no"), "root"));
}

static void test_command(void **state)
{
    static const struct {
        const char *from, *text;
        int good;
    } rows[] = {
        { "exec:/bin/echo two words", "two words", 1 },
        { "exec:/bin/printf a\\\\nb\\\\n", "a", 1 },
        { "exec:/bin/printf a", "a", 1 },
        { "exec:/bin/true", "is empty", 0 },
        { "exec:/bin/false", "did not end well", 0 },
        { "exec:/usr/bin/printenv TW_TEST", "set here", 1 },
        { "exec:/bin/no-such-program", "cannot be run", 0 },
    };
    int i;

    (void)state;
    setenv("TW_TEST", "set here", 1);
    for (i = 0; i < COUNT(rows); i++) {
        const char *text = read_from(rows[i].from);

        CHECK(rows[i].good ? !strcmp(text, rows[i].text)
              : strstr(text, rows[i].text) != NULL, "%s: %s", rows[i].from,
              text);
    }
}

/* Who owns it, a group that may read it, or everybody. */
static void test_exposed(void **state)
{
    apr_uint32_t user = geteuid(), group, groups[2];
    tw_secret_file_t file;
    struct stat st;

    (void)state;
    write_file("secret", 6, 0600);
    assert_int_equal(stat(path, &st), 0);
    group = st.st_gid;
    groups[0] = group + 1;
    groups[1] = group;
    assert_true(tw_secret_is_exposed(&file, from, user, groups, 2));
    assert_int_equal(file.mode, 0600);
    assert_int_equal(file.user, user);
    assert_int_equal(file.group, group);
    assert_false(tw_secret_is_exposed(&file, from, user + 1, groups, 2));
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_true(tw_secret_is_exposed(&file, from, user + 1, groups, 2));
    assert_false(tw_secret_is_exposed(&file, from, user + 1, groups, 1));
    assert_int_equal(fchmod(fd, 0604), 0);
    assert_true(tw_secret_is_exposed(&file, from, user + 1, groups, 0));
    assert_false(tw_secret_is_exposed(&file, "exec:/bin/true", user, NULL, 0));
    assert_false(tw_secret_is_exposed(&file, "file:/proc/self/no", user, NULL,
                                      0));
}

/* No more of a path is told than is there, nor what a command is given. */
static void test_name(void **state)
{
    const char *why;

    (void)state;
    assert_true(tw_secret_ok(&why, "file:/x"));
    assert_true(tw_secret_ok(&why, "exec:/x"));
    assert_false(tw_secret_ok(&why, "file:x"));
    assert_false(tw_secret_ok(&why, "exec:x"));
    assert_false(tw_secret_ok(&why, "secret"));
    assert_non_null(strstr(why, "file:/absolute/path"));
    assert_string_equal(tw_secret_name(pool, "exec:/bin/true hidden"),
                        "exec:/bin/true ...");
    assert_string_equal(tw_secret_name(pool, "exec:/bin/true"),
                        "exec:/bin/true");
    assert_string_equal(tw_secret_name(pool, "file:/bin/no such"),
                        "file:/bin/no such");
    assert_string_equal(tw_secret_name(pool, "file:/bin/hid/den"),
                        "file:/bin/...");
    assert_string_equal(tw_secret_path(pool, "/hidden"), "/...");
    assert_string_equal(tw_secret_path(pool, "/bin"), "/bin");
    assert_string_equal(tw_secret_path(pool, "//bin/hid/den"), "//bin/...");
}

static void test_wipe(void **state)
{
    char text[] = "secret";
    unsigned i;

    (void)state;
    tw_secret_wipe(NULL);
    tw_secret_wipe(text);
    for (i = 0; i < sizeof(text); i++) {
        assert_int_equal(text[i], 0);
    }
}

/* A file without a name, by this process's list of what it has open. */
static void make_file(void)
{
    fd = memfd_create("secret", MFD_CLOEXEC);
    path = apr_psprintf(pool, "/proc/%d/fd/%d", (int)getpid(), fd);
    from = apr_pstrcat(pool, "file:", path, NULL);
}

UNIT_MAIN(make_file,
          cmocka_unit_test(test_content),
          cmocka_unit_test(test_size),
          cmocka_unit_test(test_mode),
          cmocka_unit_test(test_command),
          cmocka_unit_test(test_exposed),
          cmocka_unit_test(test_name),
          cmocka_unit_test(test_wipe))
