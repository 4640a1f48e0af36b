-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of the first version, which knew OAuth 1.0a alone.
-- Once, before the module is exchanged; the server may go on meanwhile.
--
--   sudo runuser -u postgres -- psql -d twauth < pgsql-2.sql

BEGIN;

ALTER TABLE twauth_account ADD COLUMN token_kind text NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN token_expires_at bigint;
ALTER TABLE twauth_account ADD COLUMN token_refresh_at bigint;

UPDATE twauth_account SET token_kind = 'oauth1'
WHERE token <> '' AND token_kind = '';

COMMIT;
