-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: tables for SQLite 3.35 or later.
--
--   sudo install -d -m 0700 -o www-data -g www-data /var/lib/twauth
--   sudo runuser -u www-data -- sqlite3 /var/lib/twauth/twauth.db < sqlite3.sql
--
-- Times are seconds since 1970.  The rules about names and sessions live
-- here, in triggers, so that they hold for whoever writes to the tables.

-- readers and the writer do not wait for each other; the file remembers it
PRAGMA busy_timeout = 10000;
PRAGMA journal_mode = WAL;

BEGIN IMMEDIATE;

CREATE TABLE twauth_account (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again
    twitter_id   TEXT    NOT NULL UNIQUE,            -- X's numeric id, or
                                                     -- handle:jack until then
    username     TEXT    UNIQUE
        CONSTRAINT "username is in lower case"
        CHECK (username = lower(username)),
    screen_name  TEXT    NOT NULL DEFAULT '',        -- at the last sign-in
    token        TEXT,
    secret       TEXT,                               -- 2.0: refresh token
    token_kind       TEXT NOT NULL DEFAULT '',       -- oauth1 or oauth2
    token_expires_at INTEGER,                        -- empty: never
    token_refresh_at INTEGER,                        -- no refresh before
    active       INTEGER NOT NULL DEFAULT 1,
    created_at   INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    signed_in_at INTEGER,
    name         TEXT    NOT NULL DEFAULT '',        -- the profile, to be shown
    avatar       TEXT    NOT NULL DEFAULT '',        -- a URL
    email        TEXT    NOT NULL DEFAULT '',
    verified     INTEGER NOT NULL DEFAULT 0,
    roles        TEXT    NOT NULL DEFAULT '',        -- of twauth_role, kept by
                                                     -- triggers: a,b,c
    waiting_since INTEGER                            -- not let in since then;
                                                     -- empty: a member
);

CREATE INDEX twauth_account_screen_name
    ON twauth_account (lower(screen_name));
CREATE INDEX twauth_account_waiting
    ON twauth_account (waiting_since) WHERE waiting_since IS NOT NULL;

-- Every username ever given, and names that nobody gets (twitter_id empty).
CREATE TABLE twauth_username (
    name       TEXT PRIMARY KEY,
    twitter_id TEXT NOT NULL DEFAULT ''
);

INSERT INTO twauth_username (name) VALUES
    ('admin'), ('administrator'), ('root'), ('system'), ('guest'),
    ('anonymous'), ('nobody'), ('www-data');

CREATE TABLE twauth_session (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES twauth_account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address    TEXT    NOT NULL DEFAULT '',
    user_agent TEXT    NOT NULL DEFAULT '',
    keep       INTEGER NOT NULL DEFAULT 50      -- so many the account may have
        CHECK (keep > 0)
);

CREATE INDEX twauth_session_account ON twauth_session (account_id, created_at);
CREATE INDEX twauth_session_expires ON twauth_session (expires_at);

-- Which of the files sqlite3-N.sql are in these tables: the highest counts.  No
-- row stands in the way of another, as a restore may bring it.
CREATE TABLE twauth_schema (
    version    INTEGER NOT NULL,
    applied_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
);

INSERT INTO twauth_schema (version) VALUES (6);


-- Roles of accounts, for Require twitter-role.
CREATE TABLE twauth_role (
    account_id INTEGER NOT NULL REFERENCES twauth_account (id) ON DELETE CASCADE,
    role       TEXT    NOT NULL
        CONSTRAINT "role is 1 to 64 of a-z, 0-9, _ and -"
        CHECK (role NOT GLOB '*[^a-z0-9_-]*' AND length(role) BETWEEN 1 AND 64),
    PRIMARY KEY (account_id, role)
);

-- Invitations.  A link has a secret, and the row its digest (BLAKE2b of 128
-- bits, as b2sum -l 128 has it): who reads the table has no links.
CREATE TABLE twauth_invitation (
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

-- What is put in by hand: by triggers, for they can be given to tables that
-- are there already, which a CHECK cannot.
CREATE TRIGGER twauth_account_id_new BEFORE INSERT ON twauth_account
WHEN (NEW.twitter_id NOT GLOB '[1-9]*' OR NEW.twitter_id GLOB '*[^0-9]*'
      OR length(NEW.twitter_id) > 20)
     AND (NEW.twitter_id NOT GLOB 'handle:[a-z0-9_]*'
          OR substr(NEW.twitter_id, 8) GLOB '*[^a-z0-9_]*'
          OR length(NEW.twitter_id) > 27)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: twitter_id is digits only');
END;

CREATE TRIGGER twauth_account_id_changed
BEFORE UPDATE OF twitter_id ON twauth_account
WHEN (NEW.twitter_id NOT GLOB '[1-9]*' OR NEW.twitter_id GLOB '*[^0-9]*'
      OR length(NEW.twitter_id) > 20)
     AND (NEW.twitter_id NOT GLOB 'handle:[a-z0-9_]*'
          OR substr(NEW.twitter_id, 8) GLOB '*[^a-z0-9_]*'
          OR length(NEW.twitter_id) > 27)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: twitter_id is digits only');
END;

-- A row that is there already is not another one, as in a restore.
CREATE TRIGGER twauth_username_new BEFORE INSERT ON twauth_username
BEGIN
    SELECT RAISE(IGNORE)
    WHERE EXISTS (SELECT 1 FROM twauth_username
                  WHERE name = NEW.name AND twitter_id = NEW.twitter_id);
    SELECT RAISE(ABORT, 'CHECK constraint failed: name is in lower case')
    WHERE NEW.name <> lower(NEW.name);
    SELECT RAISE(ABORT, 'CHECK constraint failed: twitter_id is digits only or empty')
    WHERE NEW.twitter_id <> ''
      AND (NEW.twitter_id NOT GLOB '[1-9]*' OR NEW.twitter_id GLOB '*[^0-9]*'
           OR length(NEW.twitter_id) > 20)
      AND (NEW.twitter_id NOT GLOB 'handle:[a-z0-9_]*'
           OR substr(NEW.twitter_id, 8) GLOB '*[^a-z0-9_]*'
           OR length(NEW.twitter_id) > 27);
    SELECT RAISE(ABORT, 'CHECK constraint failed: reserved name has no blank and no @')
    WHERE NEW.twitter_id = ''
      AND (COALESCE(NEW.name, '') = '' OR NEW.name GLOB '*[^!-?A-~]*');
END;

CREATE TRIGGER twauth_username_edited BEFORE UPDATE ON twauth_username
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: name is in lower case')
    WHERE NEW.name <> lower(NEW.name);
    SELECT RAISE(ABORT, 'CHECK constraint failed: twitter_id is digits only or empty')
    WHERE NEW.twitter_id <> ''
      AND (NEW.twitter_id NOT GLOB '[1-9]*' OR NEW.twitter_id GLOB '*[^0-9]*'
           OR length(NEW.twitter_id) > 20)
      AND (NEW.twitter_id NOT GLOB 'handle:[a-z0-9_]*'
           OR substr(NEW.twitter_id, 8) GLOB '*[^a-z0-9_]*'
           OR length(NEW.twitter_id) > 27);
    SELECT RAISE(ABORT, 'CHECK constraint failed: reserved name has no blank and no @')
    WHERE NEW.twitter_id = ''
      AND (COALESCE(NEW.name, '') = '' OR NEW.name GLOB '*[^!-?A-~]*');
END;

-- A username is written down when it is given, and never given to another.
CREATE TRIGGER twauth_username_given AFTER INSERT ON twauth_account
WHEN NEW.username <> ''
BEGIN
    SELECT RAISE(ABORT, 'username belongs to another account')
    WHERE EXISTS (SELECT 1 FROM twauth_username
                  WHERE name = NEW.username AND twitter_id <> NEW.twitter_id);
    INSERT INTO twauth_username (name, twitter_id)
    SELECT NEW.username, NEW.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = NEW.username);
END;

CREATE TRIGGER twauth_username_changed AFTER UPDATE OF username ON twauth_account
WHEN NEW.username <> '' AND NEW.username IS NOT OLD.username
BEGIN
    SELECT RAISE(ABORT, 'username belongs to another account')
    WHERE EXISTS (SELECT 1 FROM twauth_username
                  WHERE name = NEW.username AND twitter_id <> NEW.twitter_id);
    INSERT INTO twauth_username (name, twitter_id)
    SELECT NEW.username, NEW.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = NEW.username);
END;

-- And again when it is given up, for an account whose name was not.
CREATE TRIGGER twauth_username_left AFTER DELETE ON twauth_account
WHEN OLD.username <> ''
BEGIN
    INSERT INTO twauth_username (name, twitter_id)
    SELECT OLD.username, OLD.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = OLD.username);
END;

CREATE TRIGGER twauth_username_given_up AFTER UPDATE OF username ON twauth_account
WHEN OLD.username <> '' AND NEW.username IS NOT OLD.username
BEGIN
    INSERT INTO twauth_username (name, twitter_id)
    SELECT OLD.username, OLD.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = OLD.username);
END;

-- An account whose number becomes known keeps its name.
CREATE TRIGGER twauth_account_claimed AFTER UPDATE OF twitter_id ON twauth_account
WHEN OLD.twitter_id GLOB 'handle:*' AND NEW.twitter_id <> OLD.twitter_id
BEGIN
    UPDATE twauth_username SET twitter_id = NEW.twitter_id
    WHERE twitter_id = OLD.twitter_id;
END;

-- A handle belongs to the account that signed in with it last.
CREATE TRIGGER twauth_handle_new AFTER INSERT ON twauth_account
WHEN NEW.screen_name <> ''
BEGIN
    UPDATE twauth_account SET screen_name = ''
    WHERE lower(screen_name) = lower(NEW.screen_name) AND id <> NEW.id;
END;

CREATE TRIGGER twauth_handle_changed AFTER UPDATE OF screen_name ON twauth_account
WHEN NEW.screen_name <> '' AND lower(NEW.screen_name) <> lower(OLD.screen_name)
BEGIN
    UPDATE twauth_account SET screen_name = ''
    WHERE lower(screen_name) = lower(NEW.screen_name) AND id <> NEW.id;
END;

-- Foreign keys are off in SQLite unless a connection asks for them.
CREATE TRIGGER twauth_account_gone AFTER DELETE ON twauth_account
BEGIN
    DELETE FROM twauth_session WHERE account_id = OLD.id;
END;

-- Each new session sweeps a few that are over, and those of its account that
-- are too many.
CREATE TRIGGER twauth_session_new AFTER INSERT ON twauth_session
BEGIN
    DELETE FROM twauth_session WHERE id IN (
        SELECT id FROM twauth_session WHERE expires_at < NEW.created_at
        ORDER BY expires_at LIMIT 10);
    DELETE FROM twauth_session WHERE id IN (
        SELECT id FROM twauth_session
        WHERE account_id = NEW.account_id AND id <> NEW.id
        ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET NEW.keep - 1);
END;

-- What an account's roles are stands in its own row too, in order, for whoever
-- asks who somebody is.  It is kept here, and cannot be changed but by roles.
CREATE TRIGGER twauth_account_roles BEFORE UPDATE OF roles ON twauth_account
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: an account has at most 200 bytes of roles')
    WHERE length(NEW.roles) > 200;
    SELECT RAISE(ABORT, 'CHECK constraint failed: roles are what twauth_role says')
    WHERE NEW.roles <> (SELECT COALESCE(group_concat(role), '') FROM (
        SELECT role FROM twauth_role WHERE account_id = NEW.id ORDER BY role));
END;

CREATE TRIGGER twauth_role_new AFTER INSERT ON twauth_role
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: there is no such account')
    WHERE NOT EXISTS (SELECT 1 FROM twauth_account WHERE id = NEW.account_id);
    UPDATE twauth_account SET roles = (SELECT group_concat(role) FROM (
        SELECT role FROM twauth_role WHERE account_id = NEW.account_id
        ORDER BY role))
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER twauth_role_gone AFTER DELETE ON twauth_role
BEGIN
    UPDATE twauth_account SET roles = (
        SELECT COALESCE(group_concat(role), '') FROM (
            SELECT role FROM twauth_role WHERE account_id = OLD.account_id
            ORDER BY role))
    WHERE id = OLD.account_id;
END;

CREATE TRIGGER twauth_role_changed BEFORE UPDATE ON twauth_role
BEGIN
    SELECT RAISE(ABORT, 'a role is given and taken, not changed: INSERT and DELETE');
END;

CREATE TRIGGER twauth_account_gone_roles AFTER DELETE ON twauth_account
BEGIN
    DELETE FROM twauth_role WHERE account_id = OLD.id;
END;

-- Whoever uses an invitation has an account from that moment on, and its role.
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
CREATE TRIGGER twauth_account_waits AFTER INSERT ON twauth_account
WHEN NEW.waiting_since IS NOT NULL
BEGIN
    DELETE FROM twauth_account WHERE id IN (
        SELECT id FROM twauth_account
        WHERE waiting_since IS NOT NULL AND active = 1
        ORDER BY waiting_since DESC, id DESC LIMIT -1 OFFSET 1000);
END;

-- What ends sessions, or makes the copies of an account's sessions wrong, for
-- servers that follow it (TwAuthSessionFeed).  A row names a session that was
-- ended, or an account that was changed; or neither: it may be anything.  Rows
-- go after an hour: a server that was away for longer asks about each session.
CREATE TABLE twauth_change (
    version    INTEGER PRIMARY KEY AUTOINCREMENT,    -- never used again
    session_id TEXT,
    account_id INTEGER,
    changed_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
    txid       INTEGER,                              -- this and the next are
    begun      INTEGER                               -- for PostgreSQL alone
);

CREATE INDEX twauth_change_at ON twauth_change (changed_at, version);

-- there is always one to go on from
INSERT INTO twauth_change DEFAULT VALUES;

-- what is over by its own time needs no word
CREATE TRIGGER twauth_session_ended AFTER DELETE ON twauth_session
WHEN OLD.expires_at > CAST(strftime('%s', 'now') AS INTEGER)
BEGIN
    INSERT INTO twauth_change (session_id) VALUES (OLD.id);
END;

CREATE TRIGGER twauth_session_moved
AFTER UPDATE OF id, account_id, expires_at ON twauth_session
WHEN OLD.id IS NOT NEW.id OR OLD.account_id IS NOT NEW.account_id
     OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    INSERT INTO twauth_change (account_id) VALUES (OLD.account_id);
END;

CREATE TRIGGER twauth_account_ended AFTER DELETE ON twauth_account
BEGIN
    INSERT INTO twauth_change (account_id) VALUES (OLD.id);
END;

CREATE TRIGGER twauth_account_changed AFTER UPDATE ON twauth_account
WHEN (OLD.id, OLD.twitter_id, OLD.username, OLD.screen_name, OLD.active,
      OLD.name, OLD.avatar, OLD.email, OLD.verified, OLD.roles,
      OLD.waiting_since) IS NOT
     (NEW.id, NEW.twitter_id, NEW.username, NEW.screen_name, NEW.active,
      NEW.name, NEW.avatar, NEW.email, NEW.verified, NEW.roles,
      NEW.waiting_since)
BEGIN
    INSERT INTO twauth_change (account_id) VALUES (OLD.id);
END;

-- Now and then a few that nobody needs go; the newest of them stays, for a
-- server may have read that one last.
CREATE TRIGGER twauth_change_new AFTER INSERT ON twauth_change
WHEN NEW.version % 16 = 0
BEGIN
    DELETE FROM twauth_change WHERE version IN (
        SELECT version FROM twauth_change
        WHERE changed_at < NEW.changed_at - 3600
        ORDER BY changed_at, version LIMIT 64)
    AND version <> (
        SELECT version FROM twauth_change
        WHERE changed_at < NEW.changed_at - 3600
        ORDER BY changed_at DESC, version DESC LIMIT 1);
END;

COMMIT;
