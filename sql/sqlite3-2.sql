-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of the first version, which knew OAuth 1.0a alone.
-- Once, before the module is exchanged; the server may go on meanwhile.
--
--   sudo runuser -u www-data -- \
--       sqlite3 -bail /var/lib/twauth/twauth.db < sqlite3-2.sql

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

ALTER TABLE twauth_account ADD COLUMN token_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN token_expires_at INTEGER;
ALTER TABLE twauth_account ADD COLUMN token_refresh_at INTEGER;

UPDATE twauth_account SET token_kind = 'oauth1'
WHERE token <> '' AND token_kind = '';

COMMIT;
