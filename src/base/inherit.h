/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/inherit: descriptors that programs which are started do not inherit.
 */
#ifndef TW_BASE_INHERIT_H
#define TW_BASE_INHERIT_H

/* The lowest descriptor that is free now, negative: none is. */
int tw_inherit_lowest(void);

/* Closes in programs, from now on, the pairs of sockets that were made since
 * lowest was the lowest. */
void tw_inherit_close_pairs(int lowest);

#endif
