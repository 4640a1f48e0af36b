/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/stranger: somebody who is not let in: why, and asking to be
 * (TwAuthSignUp Ask).
 *
 * An account that waits has no username, for names are given once and for
 * good, no tokens, and no session.  How many wait at most is in the triggers
 * of sql/.
 */
#ifndef TW_STORE_STRANGER_H
#define TW_STORE_STRANGER_H

#include "sealed/session.h"
#include "store/db.h"
#include "x/protocol.h"

/*
 * Why there is no session for whom X names: TW_ERR_INACTIVE and
 * TW_ERR_WAITING fill in whose account it is; TW_ERR_NO_ACCOUNT: there is
 * none.  With may_ask one is made then that waits: *asks is 1.  Never
 * APR_SUCCESS.
 */
apr_status_t tw_stranger_refuse(tw_session_t *session, int *asks, tw_db_t *db,
                                const tw_identity_t *identity, int may_ask,
                                tw_err_t *err);

#endif
