/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/self_service: what people see of their own account, and may do to it.
 *
 * Each statement names the account of the session that asks, so that nobody
 * reaches another's rows, whatever ids they bring.  Failures are
 * TW_ERR_DATABASE; nothing is half done.
 */
#ifndef TW_STORE_SELF_SERVICE_H
#define TW_STORE_SELF_SERVICE_H

#include "sealed/session.h"
#include "store/db.h"

/* One session of the account. */
typedef struct tw_session_seen_t {
    tw_id_t id;
    apr_time_t signed_in_at;
    apr_time_t seen_at;
    const char *address;            /* of the sign-in; may be "" */
    const char *user_agent;         /* likewise */
} tw_session_seen_t;

typedef struct tw_self_service_t {
    apr_time_t since;               /* when the account was made */
    const char *token_kind;         /* of the tokens that are kept, as
                                       protocols are called; "": none */
    apr_array_header_t *sessions;   /* of tw_session_seen_t: the asking one
                                       first, then those seen last */
} tw_self_service_t;

apr_status_t tw_self_service_read(tw_self_service_t *view,
                                  const tw_session_t *session,
                                  const tw_database_t *database,
                                  apr_pool_t *pool, tw_err_t *err);

/*
 * Ends one session of the account, or, where id is NULL, all but the asking
 * one; *ended lists (tw_id_t) what is gone.
 */
apr_status_t tw_self_service_end(apr_array_header_t **ended,
                                 const tw_session_t *session,
                                 const tw_id_t *id,
                                 const tw_database_t *database,
                                 apr_pool_t *pool, tw_err_t *err);

/*
 * Deletes the account with its sessions; its username stays reserved.  *done
 * is 0 where the account is not active: who was shut out does not come back
 * as somebody new.  It is 1 also where there is no such account any more, for
 * a statement whose answer was lost has deleted it, and is made again.
 */
apr_status_t tw_self_service_delete(int *done, const tw_session_t *session,
                                    const tw_database_t *database,
                                    apr_pool_t *pool, tw_err_t *err);

#endif
