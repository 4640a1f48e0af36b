/* SPDX-License-Identifier: Apache-2.0 */
#include "config/phase.h"

#include <http_core.h>

int tw_phase_is_test(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL;
}

int tw_phase_is_trial(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

int tw_phase_is_restart(void)
{
    return ap_state_query(AP_SQ_CONFIG_GEN) > 1;
}
