-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: profiles, names of accounts
-- whose number at X becomes known, and how many sessions an account may have.
-- Once, after pgsql-3.sql and before or after the module is exchanged; the
-- server may go on meanwhile.  Said twice it does no harm.
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

-- in the order in which statements take them
LOCK TABLE twauth_session, twauth_account IN ACCESS EXCLUSIVE MODE;

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

-- How many sessions an account may have comes with each new one.
ALTER TABLE twauth_session ADD COLUMN IF NOT EXISTS
    keep integer NOT NULL DEFAULT 50 CHECK (keep > 0);

CREATE OR REPLACE FUNCTION twauth_session_new() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    DELETE FROM twauth_session WHERE id IN (
        SELECT id FROM twauth_session WHERE expires_at < NEW.created_at
        ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    DELETE FROM twauth_session WHERE id IN (
        SELECT id FROM twauth_session
        WHERE account_id = NEW.account_id AND id <> NEW.id
        ORDER BY created_at DESC OFFSET NEW.keep - 1 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;

COMMIT;
