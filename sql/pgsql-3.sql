-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version, those of OAuth 1.0a and 2.0:
-- rules that hold with whatever search_path and in each kind of restore, and
-- checks of what is put in by hand.  Once, before or after the module is
-- exchanged; the server may go on meanwhile.  Said twice it does no harm.
--
--   sudo runuser -u postgres -- psql -d twauth < pgsql-3.sql
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

-- in the order in which sign-ins take them
LOCK TABLE twauth_session, twauth_account, twauth_username
    IN ACCESS EXCLUSIVE MODE;

ALTER TABLE twauth_username DROP CONSTRAINT IF EXISTS twauth_username_pkey;
CREATE INDEX IF NOT EXISTS twauth_username_name ON twauth_username (name);
ALTER TABLE twauth_username REPLICA IDENTITY FULL;

-- what can be mended is: capitals, blanks, @
UPDATE twauth_username
SET name = lower(translate(name, E' \t\r\n@', '') COLLATE "C")
WHERE twitter_id = ''
  AND name <> lower(translate(name, E' \t\r\n@', '') COLLATE "C");
DELETE FROM twauth_username WHERE name = '';
UPDATE twauth_account a SET twitter_id = translate(twitter_id, E' \t\r\n', '')
WHERE twitter_id <> translate(twitter_id, E' \t\r\n', '')
  AND NOT EXISTS (SELECT 1 FROM twauth_account o WHERE o.twitter_id =
                  translate(a.twitter_id, E' \t\r\n', ''));
UPDATE twauth_username SET twitter_id = translate(twitter_id, E' \t\r\n', '')
WHERE twitter_id <> translate(twitter_id, E' \t\r\n', '');

DO $$
DECLARE
    void text;
BEGIN
    SELECT string_agg(quote_literal(twitter_id), ', ') INTO void
    FROM twauth_account WHERE twitter_id COLLATE "C" !~ '^([1-9][0-9]{0,19}|handle:[a-z0-9_]{1,20})$';
    IF void IS NOT NULL THEN
        RAISE EXCEPTION 'nobody can sign in to these rows of twauth_account, for twitter_id is not the number of somebody at X: %', void
            USING HINT = 'Correct or delete them, then run this again.';
    END IF;
    SELECT string_agg(quote_literal(name), ', ') INTO void
    FROM twauth_username
    WHERE twitter_id = '' AND name COLLATE "C" !~ '^[!-?A-~]+$';
    IF void IS NOT NULL THEN
        RAISE EXCEPTION 'these reserved names in twauth_username can be nobody''s handle: %', void
            USING HINT = 'Correct or delete them, then run this again.';
    END IF;
END $$;

ALTER TABLE twauth_account
    DROP CONSTRAINT IF EXISTS twauth_account_username_check,
    DROP CONSTRAINT IF EXISTS "username is in lower case",
    DROP CONSTRAINT IF EXISTS "twitter_id is digits only",
    ADD CONSTRAINT "username is in lower case"
        CHECK (username = lower(username COLLATE "C")),
    ADD CONSTRAINT "twitter_id is digits only"
        CHECK (twitter_id COLLATE "C" ~ '^([1-9][0-9]{0,19}|handle:[a-z0-9_]{1,20})$');

ALTER TABLE twauth_username
    DROP CONSTRAINT IF EXISTS "name is in lower case",
    DROP CONSTRAINT IF EXISTS "twitter_id is digits only or empty",
    DROP CONSTRAINT IF EXISTS "reserved name has no blank and no @",
    ADD CONSTRAINT "name is in lower case"
        CHECK (name = lower(name COLLATE "C")),
    ADD CONSTRAINT "twitter_id is digits only or empty"
        CHECK (twitter_id COLLATE "C" ~ '^([1-9][0-9]{0,19}|handle:[a-z0-9_]{1,20})?$'),
    ADD CONSTRAINT "reserved name has no blank and no @"
        CHECK (twitter_id <> '' OR name COLLATE "C" ~ '^[!-?A-~]+$');

-- One row for each name and owner is enough.
CREATE OR REPLACE FUNCTION twauth_username_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    IF EXISTS (SELECT 1 FROM twauth_username
               WHERE name = NEW.name AND twitter_id = NEW.twitter_id) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS twauth_username_once ON twauth_username;
CREATE TRIGGER twauth_username_once BEFORE INSERT ON twauth_username
FOR EACH ROW EXECUTE FUNCTION twauth_username_once();

-- A username is written down when it is given, and never given to another.
CREATE OR REPLACE FUNCTION twauth_username_given() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    IF EXISTS (SELECT 1 FROM twauth_username
               WHERE name = NEW.username AND twitter_id <> NEW.twitter_id) THEN
        RAISE EXCEPTION 'username belongs to another account'
            USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO twauth_username (name, twitter_id)
    VALUES (NEW.username, NEW.twitter_id);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_username_given ON twauth_account;
CREATE TRIGGER twauth_username_given AFTER INSERT ON twauth_account
FOR EACH ROW WHEN (NEW.username <> '')
EXECUTE FUNCTION twauth_username_given();

DROP TRIGGER IF EXISTS twauth_username_changed ON twauth_account;
CREATE TRIGGER twauth_username_changed AFTER UPDATE OF username ON twauth_account
FOR EACH ROW WHEN (NEW.username <> ''
                   AND NEW.username IS DISTINCT FROM OLD.username)
EXECUTE FUNCTION twauth_username_given();

-- And again when it is given up, for an account that came by a restore
-- without triggers.
CREATE OR REPLACE FUNCTION twauth_username_left() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    INSERT INTO twauth_username (name, twitter_id)
    VALUES (OLD.username, OLD.twitter_id);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_username_left ON twauth_account;
CREATE TRIGGER twauth_username_left AFTER DELETE ON twauth_account
FOR EACH ROW WHEN (OLD.username <> '')
EXECUTE FUNCTION twauth_username_left();

DROP TRIGGER IF EXISTS twauth_username_given_up ON twauth_account;
CREATE TRIGGER twauth_username_given_up AFTER UPDATE OF username ON twauth_account
FOR EACH ROW WHEN (OLD.username <> ''
                   AND NEW.username IS DISTINCT FROM OLD.username)
EXECUTE FUNCTION twauth_username_left();

-- Two accounts that exchange their handles may sign in at the same moment:
-- each locks all the rows that it will change before it changes one, in one
-- order.
CREATE OR REPLACE FUNCTION twauth_handle_wanted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    PERFORM 1 FROM twauth_account
    WHERE twitter_id = NEW.twitter_id
       OR lower(screen_name COLLATE "C") = lower(NEW.screen_name COLLATE "C")
    ORDER BY id FOR UPDATE;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS twauth_handle_wanted ON twauth_account;
CREATE TRIGGER twauth_handle_wanted BEFORE INSERT ON twauth_account
FOR EACH ROW WHEN (NEW.screen_name <> '')
EXECUTE FUNCTION twauth_handle_wanted();

-- A handle belongs to the account that signed in with it last.
CREATE OR REPLACE FUNCTION twauth_handle_taken() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    UPDATE twauth_account SET screen_name = ''
    WHERE lower(screen_name COLLATE "C") = lower(NEW.screen_name COLLATE "C")
      AND id <> NEW.id;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_handle_new ON twauth_account;
CREATE TRIGGER twauth_handle_new AFTER INSERT ON twauth_account
FOR EACH ROW WHEN (NEW.screen_name <> '')
EXECUTE FUNCTION twauth_handle_taken();

DROP TRIGGER IF EXISTS twauth_handle_changed ON twauth_account;
CREATE TRIGGER twauth_handle_changed AFTER UPDATE OF screen_name ON twauth_account
FOR EACH ROW WHEN (NEW.screen_name <> ''
                   AND lower(NEW.screen_name COLLATE "C") <> lower(OLD.screen_name COLLATE "C"))
EXECUTE FUNCTION twauth_handle_taken();

-- Each new session sweeps a few that are over, and keeps an account at 50.
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
        ORDER BY created_at DESC OFFSET 49 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_session_new ON twauth_session;
CREATE TRIGGER twauth_session_new AFTER INSERT ON twauth_session
FOR EACH ROW EXECUTE FUNCTION twauth_session_new();

COMMIT;
