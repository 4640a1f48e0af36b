/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/alive: that there is somebody at the other end of a connection.
 *
 * mod_dbd keeps connections for as long as a process lives.  A connection to
 * PostgreSQL may have ended meanwhile, with a word or without; SQLite's file
 * may be another one than was opened.  So a connection is tried before it is
 * used when it lay idle, and a new one takes the place of the old inside of
 * what mod_dbd knows, without costing memory for the life of the process.
 */
#ifndef TW_STORE_ALIVE_H
#define TW_STORE_ALIVE_H

#include "store/link.h"

/* Makes sure that there is somebody at the other end; 0: nobody. */
int tw_alive_ready(tw_link_t *link, tw_failed_t *failed);

/* Puts a new connection in the place of this one; 0: there is none. */
int tw_alive_renew(tw_link_t *link, tw_failed_t *failed);

#endif
