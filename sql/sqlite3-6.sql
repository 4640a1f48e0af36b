-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: what has changed, so that what
-- is ended counts on all servers within seconds (TwAuthSessionFeed).
-- Once, after sqlite3-5.sql and before or after the module is exchanged; the
-- server may go on meanwhile.
--
--   sudo runuser -u www-data -- \
--       sqlite3 -bail /var/lib/twauth/twauth.db < sqlite3-6.sql

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

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

INSERT INTO twauth_schema (version) VALUES (6);

COMMIT;
