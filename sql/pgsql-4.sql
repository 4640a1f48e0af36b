-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: profiles, and names of accounts
-- whose number at X becomes known.  Once, after pgsql-3.sql and before or after
-- the module is exchanged; the server may go on meanwhile.  Said twice it does
-- no harm.
--
--   sudo runuser -u postgres -- psql -d twauth < pgsql-4.sql
--
-- The tables must be in the search_path of whoever runs it.

BEGIN;

-- where the tables are, the rules go
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(n.nspname) || ', pg_temp',
                       true)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = 'twauth_account'::regclass;
END $$;

ALTER TABLE twauth_account
    ADD COLUMN IF NOT EXISTS name text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS avatar text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS email text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS verified integer NOT NULL DEFAULT 0;

-- An account whose number becomes known keeps its name.
CREATE OR REPLACE FUNCTION twauth_account_claimed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    UPDATE twauth_username SET twitter_id = NEW.twitter_id
    WHERE twitter_id = OLD.twitter_id;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_account_claimed ON twauth_account;
CREATE TRIGGER twauth_account_claimed AFTER UPDATE OF twitter_id ON twauth_account
FOR EACH ROW WHEN (OLD.twitter_id LIKE 'handle:%'
                   AND NEW.twitter_id <> OLD.twitter_id)
EXECUTE FUNCTION twauth_account_claimed();

COMMIT;
