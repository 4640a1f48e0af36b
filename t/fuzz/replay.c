/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for a fuzz target without a fuzzer: runs it once on each file
 * named, and on each file of each directory named.  Says how many it ran; 2
 * when there was none.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int ran;

static void replay_file(const char *path, size_t size)
{
    /* of exactly this size, so that a sanitizer sees a byte too far */
    uint8_t *data = malloc(size + !size);
    FILE *file = fopen(path, "rb");

    if (!data || !file || fread(data, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    ran++;
}

static void replay(const char *path)
{
    struct stat info;
    struct dirent *entry;
    DIR *dir;

    if (stat(path, &info) != 0) {
        perror(path);
        exit(2);
    }
    if (!S_ISDIR(info.st_mode)) {
        replay_file(path, (size_t)info.st_size);
        return;
    }
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        char name[4096];

        if (entry->d_name[0] != '.') {
            snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
            replay(name);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    printf("%d inputs\n", ran);
    return ran ? 0 : 2;
}
