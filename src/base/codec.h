/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/codec: the three spellings in which values travel.
 *
 * Percent (RFC 3986 section 2.1, in OAuth's strict form RFC 5849 section
 * 3.6), application/x-www-form-urlencoded (a query, a posted form, X's
 * replies) and base64url without padding (RFC 4648 section 5, one accepted
 * spelling per value: section 3.5).  Every decoder is strict, linear, and
 * decodes exactly once.
 */
#ifndef TW_BASE_CODEC_H
#define TW_BASE_CODEC_H

#include <apr_pools.h>
#include <apr_tables.h>

/* text with everything but A-Z a-z 0-9 - . _ ~ as %XX (upper case). */
char *tw_codec_percent(apr_pool_t *pool, const char *text);

/*
 * Decodes len bytes of text into *out (pool, NUL-terminated).  plus: '+' is
 * a blank, as in forms.  APR_EINVAL, *out NULL: a '%' without two hex digits,
 * or a NUL among the decoded bytes (it would end the string early).
 */
apr_status_t tw_codec_unpercent(char **out, const char *text, apr_size_t len,
                                int plus, apr_pool_t *pool);

/*
 * A piece of a form in OAuth's strict form: decoded ('+' is a blank) and
 * encoded again, so that all its spellings are one.  NULL: it is malformed, a
 * '%' without two hex digits; a NUL is as good as any other byte.
 */
const char *tw_codec_respell(apr_pool_t *pool, const char *text,
                             apr_size_t len);

/* One name=value of a form. */
typedef struct tw_pair_t {
    const char *name;
    const char *value;      /* decoded; NULL: the text was malformed */
} tw_pair_t;

/*
 * Parses len bytes of form text (NULL: no form) into an array of tw_pair_t
 * in order.  '&' separates, nothing else does; a field without '=' has the
 * value ""; empty fields are skipped; a field with a malformed name is left
 * out.  APR_ENOSPC when there are more than max fields (*pairs NULL).
 */
apr_status_t tw_codec_form(apr_array_header_t **pairs, const char *text,
                           apr_size_t len, int max, apr_pool_t *pool);

/* The same for a query, which ends with its NUL (NULL: there is none). */
apr_status_t tw_codec_query(apr_array_header_t **pairs, const char *query,
                            int max, apr_pool_t *pool);

/*
 * The value of the field called name (compared byte by byte), NULL when it
 * is absent or malformed.  *count, which may be NULL, says how often the
 * field occurred: more than once, the value is NULL too, so that nobody
 * picks one of two (RFC 5849 section 3.1, RFC 6749 section 3.1).
 */
const char *tw_codec_form_get(const apr_array_header_t *pairs,
                              const char *name, int *count);

/* Whether any of the names (NULL ends them) occurs among the fields. */
int tw_codec_form_has_any(const apr_array_header_t *pairs,
                          const char *const *names);

/* Characters of the base64url text of len bytes, without the NUL. */
#define TW_CODEC_BASE64_LEN(len) (((len) * 4 + 2) / 3)

/* Writes the base64url text of data, and a NUL, to text. */
void tw_codec_base64(char *text, const unsigned char *data, apr_size_t len);

/* The base64 of text in the other alphabet, padded (RFC 4648 section 4): what
 * HTTP's Basic credentials want. */
char *tw_codec_base64_padded(apr_pool_t *pool, const char *text);

/*
 * Decodes len characters of base64url into data, which has room for
 * len * 3 / 4 bytes; *data_len is set.  APR_EINVAL for anything but the one
 * canonical spelling: other characters, padding, bits left over.
 */
apr_status_t tw_codec_unbase64(unsigned char *data, apr_size_t *data_len,
                               const char *text, apr_size_t len);

/* Writes 2 * len lower-case hex digits and a NUL to text. */
void tw_codec_hex(char *text, const unsigned char *data, apr_size_t len);

#endif
