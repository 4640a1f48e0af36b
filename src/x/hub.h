/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/hub: a sign-in by way of a hub (TwAuthHub), which is at X in this host's
 * place.
 *
 * For the rest it is a protocol like X's two: begin sends the browser to the
 * hub, finish reads what it brings back.  Neither makes a call.
 */
#ifndef TW_X_HUB_H
#define TW_X_HUB_H

#include "x/protocol.h"

extern const tw_protocol_t tw_hub;

#endif
