#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For /docker-entrypoint-initdb.d, after the tables: the role that httpd has,
# which owns nothing and may do no more than read and write their rows.
set -eu
psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" << 'EOS'
\set password `cat /run/secrets/twauth_database`
CREATE ROLE twauth LOGIN PASSWORD :'password';
GRANT SELECT, INSERT, UPDATE, DELETE
    ON twauth_account, twauth_username, twauth_session, twauth_role,
       twauth_invitation, twauth_change TO twauth;
EOS
