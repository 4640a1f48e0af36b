/* SPDX-License-Identifier: Apache-2.0 */
#include "store/column.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "sealed/session.h"

const char *tw_column_number(apr_int64_t number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, number);
}

const char *tw_column_seconds(apr_time_t time, apr_pool_t *pool)
{
    return tw_column_number(apr_time_sec(time), pool);
}

apr_time_t tw_column_time(const char *text)
{
    static const apr_int64_t most = APR_INT64_MAX / 2 / APR_USEC_PER_SEC;
    apr_int64_t seconds = apr_atoi64(text);

    return apr_time_from_sec(seconds < 0 ? 0
                             : seconds > most ? most : seconds);
}

void tw_column_profile(tw_profile_t *profile, const char *const *columns,
                       apr_pool_t *pool)
{
    profile->known = 1;
    profile->name = columns[0];
    profile->avatar = columns[1];
    profile->email = columns[2];
    profile->verified = !strcmp(columns[3], "1");
    tw_profile_clean(profile, pool);
}

void tw_column_profile_args(const char **args, const tw_profile_t *profile,
                            apr_pool_t *pool)
{
    args[0] = profile->known ? profile->name : "";
    args[1] = profile->known ? profile->avatar : "";
    args[2] = profile->known ? profile->email : "";
    args[3] = tw_column_number(profile->verified, pool);
}

int tw_column_is_name(const char *name)
{
    const char *c = name;

    while (*c && !apr_iscntrl(*c)) {
        c++;
    }
    return !*c && c - name <= TW_USERNAME_MAX;
}
