/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config/phase: where in its life httpd is.
 *
 * It reads its configuration twice at a start, once more at each restart, and
 * for tests and dumps that start nothing.
 */
#ifndef TW_CONFIG_PHASE_H
#define TW_CONFIG_PHASE_H

/* Whether this is a configuration test, or some dump: not a start. */
int tw_phase_is_test(void);

/* Whether httpd reads its configuration for the first time of the two that
 * it does at the start: a trial. */
int tw_phase_is_trial(void);

/* Whether it ran before with a configuration that was good. */
int tw_phase_is_restart(void);

#endif
