/* SPDX-License-Identifier: Apache-2.0 */
#include "config/pages.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/catalogue.h"
#include "base/language.h"
#include "base/secret.h"

#ifndef TW_PAGES_DIR
#define TW_PAGES_DIR "/usr/share/mod_twauth/pages"
#endif

#define SUFFIX ".txt"
#define FILE_MAX (256 * 1024)

typedef struct {
    tw_pages_t *pages;
    apr_pool_t *pool;
    apr_pool_t *ptemp;
    int own;                    /* the site's own folder */
} reading_t;

/* Why a file or folder cannot be read. */
static const char *unreadable(const reading_t *reading, const char *path,
                              apr_status_t rv)
{
    char why[120];

    return apr_psprintf(reading->ptemp, "%s cannot be read (%s)",
                        tw_secret_path(reading->ptemp, path),
                        apr_strerror(rv, why, sizeof(why)));
}

/* The names of the catalogues in folder, in their order; what else is there
 * is nobody's affair. */
static apr_status_t list_files(apr_array_header_t **names,
                               const reading_t *reading, const char *folder)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, folder, reading->ptemp);

    *names = apr_array_make(reading->ptemp, 10, sizeof(const char *));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_size_t len = strlen(info.name);

        if (info.name[0] != '.' && len > strlen(SUFFIX)
            && !strcmp(info.name + len - strlen(SUFFIX), SUFFIX)) {
            APR_ARRAY_PUSH(*names, const char *) =
                apr_pstrdup(reading->ptemp, info.name);
        }
    }
    apr_dir_close(dir);
    return APR_SUCCESS;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static apr_status_t read_file(char **text, apr_size_t *len, const char *path,
                              apr_pool_t *ptemp)
{
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_READ | APR_BINARY,
                                    APR_OS_DEFAULT, ptemp);

    *len = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_SIZE, file);
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        rv = APR_EINVAL;
    }
    if (rv == APR_SUCCESS && info.size > FILE_MAX) {
        rv = APR_ENOSPC;
    }
    if (rv == APR_SUCCESS) {
        *text = apr_palloc(ptemp, (apr_size_t)info.size + 1);
        rv = apr_file_read_full(file, *text, (apr_size_t)info.size, len);
        rv = APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
    }
    apr_file_close(file);
    return rv;
}

/* Where the catalogue of a language is; -1: there is none yet. */
static int find(const tw_pages_t *pages, const char *language)
{
    int i;

    for (i = 0; i < pages->languages->nelts; i++) {
        if (!strcasecmp(APR_ARRAY_IDX(pages->languages, i, const char *),
                        language)) {
            return i;
        }
    }
    return -1;
}

static void keep(tw_pages_t *pages, int at, const tw_catalogue_t *catalogue)
{
    if (at < 0) {
        APR_ARRAY_PUSH(pages->catalogues, const tw_catalogue_t *) = catalogue;
        APR_ARRAY_PUSH(pages->languages, const char *) = catalogue->language;
    }
    else {
        APR_ARRAY_IDX(pages->catalogues, at, const tw_catalogue_t *) =
            catalogue;
    }
}

/* One file; NULL, or what is wrong with it. */
static const char *read_catalogue(const reading_t *reading,
                                  const char *folder, const char *name)
{
    apr_pool_t *ptemp = reading->ptemp;
    const char *path = apr_pstrcat(ptemp, folder, "/", name, NULL);
    const char *language = apr_pstrmemdup(ptemp, name,
                                          strlen(name) - strlen(SUFFIX));
    const char *missing;
    tw_catalogue_t *catalogue;
    tw_err_t err = { 0 };
    apr_size_t len;
    char *text;
    apr_status_t rv;
    int at, line;

    if (!tw_language_ok(language)) {
        return apr_pstrcat(ptemp, path, " must be named after a language, "
                           "such as nl.txt or pt-BR.txt", NULL);
    }
    rv = read_file(&text, &len, path, ptemp);
    if (rv != APR_SUCCESS) {
        return unreadable(reading, path, rv);
    }
    at = find(reading->pages, language);
    catalogue = tw_catalogue_make(language, reading->pool);
    if (at >= 0) {
        *catalogue = *APR_ARRAY_IDX(reading->pages->catalogues, at,
                                    const tw_catalogue_t *);
    }
    if (tw_catalogue_read(catalogue, &line, text, len, reading->pool, &err)
        != APR_SUCCESS) {
        return apr_psprintf(ptemp, "%s, line %d: %s", path, line, err.why);
    }
    missing = at == 0 ? NULL : tw_catalogue_missing(catalogue, ptemp);
    if (missing) {
        return apr_psprintf(ptemp, "%s must have a sentence for %s as well",
                            path, missing);
    }
    keep(reading->pages, at, catalogue);
    return NULL;
}

static const char *read_folder(const reading_t *reading, const char *folder)
{
    apr_array_header_t *names;
    apr_status_t rv = list_files(&names, reading, folder);
    int i;

    if (rv != APR_SUCCESS) {
        return !reading->own && APR_STATUS_IS_ENOENT(rv)
               ? NULL : unreadable(reading, folder, rv);
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), by_name);
    for (i = 0; i < names->nelts; i++) {
        const char *wrong = read_catalogue(reading, folder, APR_ARRAY_IDX(
            names, i, const char *));

        if (wrong && reading->own) {
            return wrong;
        }
        if (wrong) {
            reading->pages->left_out = wrong;
        }
    }
    return NULL;
}

const char *tw_pages_read(tw_pages_t *pages, const char *folder,
                          apr_pool_t *pool, apr_pool_t *ptemp)
{
    reading_t reading = { pages, pool, ptemp, 0 };
    const char *wrong;

    pages->catalogues = apr_array_make(pool, 8,
                                       sizeof(const tw_catalogue_t *));
    pages->languages = apr_array_make(pool, 8, sizeof(const char *));
    pages->left_out = NULL;
    keep(pages, -1, &tw_catalogue_english);
    wrong = read_folder(&reading, TW_PAGES_DIR);
    if (wrong) {
        pages->left_out = wrong;
    }
    reading.own = 1;
    return folder ? read_folder(&reading, folder) : NULL;
}
