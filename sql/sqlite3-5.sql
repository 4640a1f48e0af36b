-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: roles, accounts that wait,
-- invitations; and which version they are of is written down from here on.
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

ALTER TABLE twauth_account ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN waiting_since INTEGER;

CREATE INDEX IF NOT EXISTS twauth_account_waiting
    ON twauth_account (waiting_since) WHERE waiting_since IS NOT NULL;

-- Roles of accounts, for Require twitter-role.
CREATE TABLE IF NOT EXISTS twauth_role (
    account_id INTEGER NOT NULL REFERENCES twauth_account (id) ON DELETE CASCADE,
    role       TEXT    NOT NULL
        CONSTRAINT "role is 1 to 64 of a-z, 0-9, _ and -"
        CHECK (role NOT GLOB '*[^a-z0-9_-]*' AND length(role) BETWEEN 1 AND 64),
    PRIMARY KEY (account_id, role)
);

-- Invitations.  A link has a secret, and the row its digest (BLAKE2b of 128
-- bits, as b2sum -l 128 has it): who reads the table has no links.
CREATE TABLE IF NOT EXISTS twauth_invitation (
    id         TEXT    NOT NULL PRIMARY KEY
        CONSTRAINT "id is 32 hexadecimal digits"
        CHECK (length(id) = 32 AND id NOT GLOB '*[^0-9a-f]*'),
    role       TEXT    NOT NULL DEFAULT ''             -- empty: none
        CONSTRAINT "role is at most 64 of a-z, 0-9, _ and -"
        CHECK (role NOT GLOB '*[^a-z0-9_-]*' AND length(role) <= 64),
    note       TEXT    NOT NULL DEFAULT '',            -- whom it is for
    created_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    expires_at INTEGER NOT NULL,
    used_by    TEXT,                                   -- X's number of who did
    used_at    INTEGER
);

-- What an account's roles are stands in its own row too, in order, for whoever
-- asks who somebody is.  It is kept here, and cannot be changed but by roles.
DROP TRIGGER IF EXISTS twauth_account_roles;
CREATE TRIGGER twauth_account_roles BEFORE UPDATE OF roles ON twauth_account
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: an account has at most 200 bytes of roles')
    WHERE length(NEW.roles) > 200;
    SELECT RAISE(ABORT, 'CHECK constraint failed: roles are what twauth_role says')
    WHERE NEW.roles <> (SELECT COALESCE(group_concat(role), '') FROM (
        SELECT role FROM twauth_role WHERE account_id = NEW.id ORDER BY role));
END;

DROP TRIGGER IF EXISTS twauth_role_new;
CREATE TRIGGER twauth_role_new AFTER INSERT ON twauth_role
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: there is no such account')
    WHERE NOT EXISTS (SELECT 1 FROM twauth_account WHERE id = NEW.account_id);
    UPDATE twauth_account SET roles = (SELECT group_concat(role) FROM (
        SELECT role FROM twauth_role WHERE account_id = NEW.account_id
        ORDER BY role))
    WHERE id = NEW.account_id;
END;

DROP TRIGGER IF EXISTS twauth_role_gone;
CREATE TRIGGER twauth_role_gone AFTER DELETE ON twauth_role
BEGIN
    UPDATE twauth_account SET roles = (
        SELECT COALESCE(group_concat(role), '') FROM (
            SELECT role FROM twauth_role WHERE account_id = OLD.account_id
            ORDER BY role))
    WHERE id = OLD.account_id;
END;

DROP TRIGGER IF EXISTS twauth_role_changed;
CREATE TRIGGER twauth_role_changed BEFORE UPDATE ON twauth_role
BEGIN
    SELECT RAISE(ABORT, 'a role is given and taken, not changed: INSERT and DELETE');
END;

DROP TRIGGER IF EXISTS twauth_account_gone_roles;
CREATE TRIGGER twauth_account_gone_roles AFTER DELETE ON twauth_account
BEGIN
    DELETE FROM twauth_role WHERE account_id = OLD.id;
END;

-- Whoever uses an invitation has an account from that moment on, and its role.
DROP TRIGGER IF EXISTS twauth_invitation_used;
CREATE TRIGGER twauth_invitation_used AFTER UPDATE OF used_by ON twauth_invitation
WHEN OLD.used_by IS NULL AND NEW.used_by IS NOT NULL
BEGIN
    INSERT INTO twauth_account (twitter_id, created_at)
    VALUES (NEW.used_by,
            COALESCE(NEW.used_at, CAST(strftime('%s', 'now') AS INTEGER)))
    ON CONFLICT (twitter_id) DO UPDATE SET waiting_since = NULL;
    INSERT INTO twauth_role (account_id, role)
    SELECT id, NEW.role FROM twauth_account
    WHERE twitter_id = NEW.used_by AND NEW.role <> ''
    ON CONFLICT DO NOTHING;
END;

-- No more than 1000 wait: the oldest go.  Who was refused stays.
DROP TRIGGER IF EXISTS twauth_account_waits;
CREATE TRIGGER twauth_account_waits AFTER INSERT ON twauth_account
WHEN NEW.waiting_since IS NOT NULL
BEGIN
    DELETE FROM twauth_account WHERE id IN (
        SELECT id FROM twauth_account
        WHERE waiting_since IS NOT NULL AND active = 1
        ORDER BY waiting_since DESC, id DESC LIMIT -1 OFFSET 1000);
END;

INSERT INTO twauth_schema (version)
SELECT 5 FROM pragma_table_info('twauth_session') WHERE name = 'keep';

COMMIT;
