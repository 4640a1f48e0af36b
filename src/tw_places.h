/*
 * tw_places: is what is protected at one place open at another?
 *
 * For each section of the configuration that asks for a sign-in: what is there
 * (files, or an application behind mod_proxy), by which other ways it can be
 * had, and whom these let in.  As a visitor meets it, host by host.
 */
#ifndef TW_PLACES_H
#define TW_PLACES_H

#include "tw_findings.h"
#include "tw_tree.h"

void tw_places_check(tw_findings_t *findings, const tw_tree_t *tree);

#endif
