/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/texts: a list of texts as one, each with a NUL at its end, behind a
 * first byte that says which list it is.
 */
#ifndef TW_SEALED_TEXTS_H
#define TW_SEALED_TEXTS_H

#include "sealed/seal.h"

/* Seals count texts behind the byte format; what was put together for it is
 * wiped.  The text lives in pool. */
char *tw_texts_seal(char format, const char *const *texts, int count,
                    const tw_sealer_t *sealer, apr_pool_t *pool);

/* The texts behind the first byte, as many as there must be, in what was
 * unsealed; 0: not as many. */
int tw_texts_read(const char **texts, int count, const tw_plain_t *plain);

/* A time as such a text, in milliseconds, and back; 0: it is one that no clock
 * shows, or from which it is not far to where numbers end. */
const char *tw_texts_time(apr_time_t time, apr_pool_t *pool);
int tw_texts_read_time(apr_time_t *time, const char *text);

#endif
