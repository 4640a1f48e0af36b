/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/control.h"
#include "admin/doctor.h"

int tw_control_doctor(tw_control_t *c)
{
    tw_doctor_t doctor = { c->base_server, NULL, NULL, 0, c->out };

    /* without a name those too that are off */
    doctor.sites = tw_control_option(c, "host") ? c->sites : NULL;
    doctor.who = tw_control_option(c, "who");
    doctor.offline = tw_control_option(c, "offline") != NULL;
    return tw_control_end(c, tw_doctor_run(&doctor, c->pool));
}
