-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version, those of OAuth 1.0a and 2.0:
-- checks of what is put in by hand, and names that no restore loses.  Once,
-- before or after the module is exchanged; the server may go on meanwhile.
-- Said twice it does no harm.
--
--   sudo runuser -u www-data -- \
--       sqlite3 -bail /var/lib/twauth/twauth.db < sqlite3-3.sql

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

-- what can be mended is: capitals, blanks, @
CREATE TEMP VIEW twauth_reserved AS
SELECT name, lower(replace(replace(replace(replace(replace(
    name, ' ', ''), char(9), ''), char(13), ''), char(10), ''), '@', '')) AS mended
FROM main.twauth_username WHERE twitter_id = '';
UPDATE OR IGNORE main.twauth_username
SET name = (SELECT mended FROM twauth_reserved r WHERE r.name = twauth_username.name)
WHERE name IN (SELECT name FROM twauth_reserved WHERE name <> mended);
DELETE FROM main.twauth_username
WHERE name IN (SELECT name FROM twauth_reserved WHERE name <> mended OR name = '');
DROP VIEW twauth_reserved;
UPDATE OR IGNORE twauth_account
SET twitter_id = replace(replace(replace(replace(
    twitter_id, ' ', ''), char(9), ''), char(13), ''), char(10), '')
WHERE twitter_id GLOB '*[^0-9]*';
UPDATE twauth_username
SET twitter_id = replace(replace(replace(replace(
    twitter_id, ' ', ''), char(9), ''), char(13), ''), char(10), '')
WHERE twitter_id GLOB '*[^0-9]*';

-- What is put in by hand: by triggers, for they can be given to tables that
-- are there already, which a CHECK cannot.
DROP TRIGGER IF EXISTS twauth_account_id_new;
CREATE TRIGGER twauth_account_id_new BEFORE INSERT ON twauth_account
WHEN (NEW.twitter_id NOT GLOB '[1-9]*' OR NEW.twitter_id GLOB '*[^0-9]*'
      OR length(NEW.twitter_id) > 20)
     AND (NEW.twitter_id NOT GLOB 'handle:[a-z0-9_]*'
          OR substr(NEW.twitter_id, 8) GLOB '*[^a-z0-9_]*'
          OR length(NEW.twitter_id) > 27)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: twitter_id is digits only');
END;

DROP TRIGGER IF EXISTS twauth_account_id_changed;
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
DROP TRIGGER IF EXISTS twauth_username_new;
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

DROP TRIGGER IF EXISTS twauth_username_edited;
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

-- And again when it is given up, for an account whose name was not.
DROP TRIGGER IF EXISTS twauth_username_left;
CREATE TRIGGER twauth_username_left AFTER DELETE ON twauth_account
WHEN OLD.username <> ''
BEGIN
    INSERT INTO twauth_username (name, twitter_id)
    SELECT OLD.username, OLD.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = OLD.username);
END;

DROP TRIGGER IF EXISTS twauth_username_given_up;
CREATE TRIGGER twauth_username_given_up AFTER UPDATE OF username ON twauth_account
WHEN OLD.username <> '' AND NEW.username IS NOT OLD.username
BEGIN
    INSERT INTO twauth_username (name, twitter_id)
    SELECT OLD.username, OLD.twitter_id
    WHERE NOT EXISTS (SELECT 1 FROM twauth_username WHERE name = OLD.username);
END;

COMMIT;
