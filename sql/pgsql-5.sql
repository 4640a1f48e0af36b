-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: roles, accounts that wait,
-- invitations; and which version they are of is written down from here on.
-- Once, after pgsql-4.sql and before or after the module is exchanged; the
-- server may go on meanwhile.  Said twice it does no harm.
--
--   sudo runuser -u postgres -- psql -d twauth < pgsql-5.sql
--
-- The tables must be in the search_path of whoever runs it.

BEGIN;

-- where the tables are, the new ones go; those without what pgsql-4.sql
-- brings stop here
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(n.nspname) || ', pg_temp',
                       true)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = 'twauth_account'::regclass;
    PERFORM keep FROM twauth_session WHERE false;
END $$;

CREATE TABLE IF NOT EXISTS twauth_schema (
    version    integer NOT NULL,
    applied_at bigint NOT NULL DEFAULT extract(epoch FROM now())::bigint
);

GRANT SELECT ON twauth_schema TO PUBLIC;

-- in the order in which statements take them
LOCK TABLE twauth_session, twauth_account IN ACCESS EXCLUSIVE MODE;

ALTER TABLE twauth_account
    ADD COLUMN IF NOT EXISTS roles text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS waiting_since bigint;

CREATE INDEX IF NOT EXISTS twauth_account_waiting
    ON twauth_account (waiting_since) WHERE waiting_since IS NOT NULL;

-- Roles of accounts, for Require twitter-role.
CREATE TABLE IF NOT EXISTS twauth_role (
    account_id bigint NOT NULL REFERENCES twauth_account (id) ON DELETE CASCADE,
    role       text   NOT NULL
        CONSTRAINT "role is 1 to 64 of a-z, 0-9, _ and -"
        CHECK (role COLLATE "C" ~ '^[a-z0-9_-]{1,64}$'),
    PRIMARY KEY (account_id, role)
);

-- Invitations.  A link has a secret, and the row its digest (BLAKE2b of 128
-- bits, as b2sum -l 128 has it): who reads the table has no links.
CREATE TABLE IF NOT EXISTS twauth_invitation (
    id         text   PRIMARY KEY
        CONSTRAINT "id is 32 hexadecimal digits"
        CHECK (id COLLATE "C" ~ '^[0-9a-f]{32}$'),
    role       text   NOT NULL DEFAULT ''             -- empty: none
        CONSTRAINT "role is at most 64 of a-z, 0-9, _ and -"
        CHECK (role COLLATE "C" ~ '^[a-z0-9_-]{0,64}$'),
    note       text   NOT NULL DEFAULT '',            -- whom it is for
    created_at bigint NOT NULL DEFAULT extract(epoch FROM now())::bigint,
    expires_at bigint NOT NULL,
    used_by    text,                                  -- X's number of who did
    used_at    bigint
);

-- What an account's roles are stands in its own row too, in order, for whoever
-- asks who somebody is.  It is kept here, and cannot be changed but by roles.
CREATE OR REPLACE FUNCTION twauth_account_roles() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    IF octet_length(NEW.roles) > 200 THEN
        RAISE EXCEPTION 'an account has at most 200 bytes of roles'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.roles <> (SELECT COALESCE(string_agg(role, ',' ORDER BY role COLLATE "C"), '')
                     FROM twauth_role WHERE account_id = NEW.id) THEN
        RAISE EXCEPTION 'roles are what twauth_role says'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS twauth_account_roles ON twauth_account;
CREATE TRIGGER twauth_account_roles BEFORE UPDATE OF roles ON twauth_account
FOR EACH ROW EXECUTE FUNCTION twauth_account_roles();

-- Two who change the roles of one account take turns.
CREATE OR REPLACE FUNCTION twauth_role_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
    account bigint;
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    IF TG_OP = 'DELETE' THEN
        account := OLD.account_id;
    ELSE
        account := NEW.account_id;
    END IF;
    PERFORM 1 FROM twauth_account WHERE id = account FOR NO KEY UPDATE;
    UPDATE twauth_account SET roles = (
        SELECT COALESCE(string_agg(role, ',' ORDER BY role COLLATE "C"), '')
        FROM twauth_role WHERE account_id = account)
    WHERE id = account;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_role_changed ON twauth_role;
CREATE TRIGGER twauth_role_changed AFTER INSERT OR DELETE ON twauth_role
FOR EACH ROW EXECUTE FUNCTION twauth_role_changed();

CREATE OR REPLACE FUNCTION twauth_role_kept() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    RAISE EXCEPTION 'a role is given and taken, not changed: INSERT and DELETE';
END $$;

DROP TRIGGER IF EXISTS twauth_role_kept ON twauth_role;
CREATE TRIGGER twauth_role_kept BEFORE UPDATE ON twauth_role
FOR EACH ROW EXECUTE FUNCTION twauth_role_kept();

-- Whoever uses an invitation has an account from that moment on, and its role.
CREATE OR REPLACE FUNCTION twauth_invitation_used() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    INSERT INTO twauth_account (twitter_id, created_at)
    VALUES (NEW.used_by, COALESCE(NEW.used_at, extract(epoch FROM now())::bigint))
    ON CONFLICT (twitter_id) DO UPDATE SET waiting_since = NULL;
    INSERT INTO twauth_role (account_id, role)
    SELECT id, NEW.role FROM twauth_account
    WHERE twitter_id = NEW.used_by AND NEW.role <> ''
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_invitation_used ON twauth_invitation;
CREATE TRIGGER twauth_invitation_used AFTER UPDATE OF used_by ON twauth_invitation
FOR EACH ROW WHEN (OLD.used_by IS NULL AND NEW.used_by IS NOT NULL)
EXECUTE FUNCTION twauth_invitation_used();

-- No more than 1000 wait: the oldest go.  Who was refused stays.  Who waits comes
-- one after the other, so that each sees all who came before.
CREATE OR REPLACE FUNCTION twauth_account_waits() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path',
                       quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    PERFORM pg_advisory_xact_lock(TG_RELID::bigint);
    DELETE FROM twauth_account WHERE waiting_since IS NOT NULL AND id IN (
        SELECT id FROM twauth_account
        WHERE waiting_since IS NOT NULL AND active = 1
        ORDER BY waiting_since DESC, id DESC OFFSET 1000
        FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS twauth_account_waits ON twauth_account;
CREATE TRIGGER twauth_account_waits AFTER INSERT ON twauth_account
FOR EACH ROW WHEN (NEW.waiting_since IS NOT NULL)
EXECUTE FUNCTION twauth_account_waits();

-- New tables belong to the owner of the others, and whoever may read or write
-- accounts may do so there: the server's user needs no GRANT for them.
DO $$
DECLARE
    made text;
    may record;
BEGIN
    FOREACH made IN ARRAY ARRAY['twauth_schema', 'twauth_role',
                               'twauth_invitation'] LOOP
        FOR may IN
            SELECT r.privilege_type AS right,
                   CASE r.grantee WHEN 0 THEN 'PUBLIC'
                   ELSE quote_ident(pg_get_userbyid(r.grantee)) END AS whose
            FROM pg_class c, aclexplode(c.relacl) r
            WHERE c.oid = 'twauth_account'::regclass AND r.grantee <> c.relowner
              AND r.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        LOOP
            EXECUTE format('GRANT %s ON %I TO %s', may.right, made, may.whose);
        END LOOP;
        EXECUTE format('ALTER TABLE %I OWNER TO %I', made,
                       pg_get_userbyid(relowner))
        FROM pg_class WHERE oid = 'twauth_account'::regclass;
    END LOOP;
END $$;

INSERT INTO twauth_schema (version) VALUES (5);

COMMIT;
