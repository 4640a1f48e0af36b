-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: profiles, names of accounts
-- whose number at X becomes known, and how many sessions an account may have.
-- Once, after sqlite3-3.sql and before or after the module is exchanged; the
-- server may go on meanwhile.
--
--   sudo runuser -u www-data -- \
--       sqlite3 -bail /var/lib/twauth/twauth.db < sqlite3-4.sql

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

ALTER TABLE twauth_account ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN avatar TEXT NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE twauth_account ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER IF EXISTS twauth_account_claimed;
CREATE TRIGGER twauth_account_claimed AFTER UPDATE OF twitter_id ON twauth_account
WHEN OLD.twitter_id GLOB 'handle:*' AND NEW.twitter_id <> OLD.twitter_id
BEGIN
    UPDATE twauth_username SET twitter_id = NEW.twitter_id
    WHERE twitter_id = OLD.twitter_id;
END;

-- How many sessions an account may have comes with each new one.
ALTER TABLE twauth_session ADD COLUMN keep INTEGER NOT NULL DEFAULT 50
    CHECK (keep > 0);

DROP TRIGGER IF EXISTS twauth_session_new;
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

COMMIT;
