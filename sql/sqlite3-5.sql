-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: which version they are of is
-- written down from here on.
-- Once, after sqlite3-4.sql and before or after the module is exchanged; the
-- server may go on meanwhile.
--
--   sudo runuser -u www-data -- \
--       sqlite3 -bail /var/lib/twauth/twauth.db < sqlite3-5.sql

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

-- what sqlite3-4.sql brings must be there
SELECT keep FROM twauth_session WHERE 0;

CREATE TABLE IF NOT EXISTS twauth_schema (
    version    INTEGER NOT NULL,
    applied_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);

INSERT INTO twauth_schema (version)
SELECT 5 FROM pragma_table_info('twauth_session') WHERE name = 'keep';

COMMIT;
