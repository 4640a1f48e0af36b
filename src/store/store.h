/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/store: where a site keeps accounts, and how it keeps users' tokens.
 *
 * One part of a site, so that no caller pairs a database with the keys of
 * another.
 */
#ifndef TW_STORE_STORE_H
#define TW_STORE_STORE_H

#include "sealed/seal.h"
#include "store/db.h"

typedef enum { TW_TOKENS_SEALED, TW_TOKENS_PLAIN, TW_TOKENS_NONE }
    tw_storage_t;

/* What becomes of somebody who has no account: an account at once; none; one
 * that waits to be let in; one by an invitation alone. */
typedef enum { TW_SIGN_UP_OFF, TW_SIGN_UP_ON, TW_SIGN_UP_ASK,
               TW_SIGN_UP_INVITE } tw_sign_up_t;

/* Read-only at run time. */
typedef struct tw_store_t {
    tw_database_t database;
    tw_sealer_t sealer;             /* of users' tokens: TW_SEAL_STORED; the
                                       account and the column are added */
    tw_storage_t tokens;
} tw_store_t;

#endif
