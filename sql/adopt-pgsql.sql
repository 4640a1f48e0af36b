-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: brings accounts along from the table of an application that
-- signed people in with OAuth 1.0a and knew them by their handle: a name, a
-- token, a secret.  docs/administration.md, "Bring accounts along", says how
-- its rows come into the table twauth_adopt, which this takes away.
--
-- X's number is what stands before the hyphen in a token of OAuth 1.0a.  A row
-- without one waits under its handle.  All or nothing; what could not be
-- taken is printed in the end.

BEGIN;
LOCK TABLE twauth_account IN SHARE ROW EXCLUSIVE MODE;

CREATE TEMP TABLE twauth_coming ON COMMIT DROP AS
SELECT a.id::bigint AS id, a.active::text AS active,
       lower(ltrim(btrim(a.username), '@') COLLATE "C") AS username,
       COALESCE(a.token, '') AS token, COALESCE(a.secret, '') AS secret,
       COALESCE(substring(a.token from '^([1-9][0-9]{0,19})-'), '') AS number,
       ''::text AS twitter_id, ''::text AS why
FROM twauth_adopt a;

UPDATE twauth_coming SET twitter_id = number WHERE number <> '';
-- a token without a number is not one of a user's: X would not take it
UPDATE twauth_coming SET token = '', secret = '' WHERE number = '' OR secret = '';
UPDATE twauth_coming SET twitter_id = 'handle:' || username
WHERE number = '' AND username COLLATE "C" ~ '^[a-z0-9_]{1,20}$';

UPDATE twauth_coming SET why = 'neither a number in its token nor a handle'
WHERE twitter_id = '';
UPDATE twauth_coming SET why = 'its person has an account here already'
WHERE why = '' AND twitter_id IN (SELECT twitter_id FROM twauth_account);
-- who changed handles has several: the last one is today's
UPDATE twauth_coming c SET why = 'a later row is of the same person'
WHERE why = '' AND EXISTS (
    SELECT 1 FROM twauth_coming o
    WHERE o.twitter_id = c.twitter_id AND o.why = '' AND o.id > c.id);

-- a username is given once: the others get theirs when they sign in
UPDATE twauth_coming c SET username = NULL
WHERE username COLLATE "C" !~ '^[!-~]{1,64}$'
   OR username IN (SELECT name FROM twauth_username)
   OR EXISTS (SELECT 1 FROM twauth_coming o
              WHERE o.username = c.username AND o.why = '' AND o.id > c.id);

-- numbers that are given from now on are beyond all of them
DO $$
BEGIN
    PERFORM setval(pg_get_serial_sequence('twauth_account', 'id'),
                   (SELECT max(id) FROM (SELECT id FROM twauth_account UNION ALL
                                         SELECT id FROM twauth_coming) AS ids))
    WHERE EXISTS (SELECT 1 FROM twauth_coming);
END $$;

INSERT INTO twauth_account
    (id, twitter_id, username, token, secret, token_kind, active)
SELECT CASE WHEN c.id IN (SELECT id FROM twauth_account)
            THEN nextval(pg_get_serial_sequence('twauth_account', 'id'))
            ELSE c.id END,
       c.twitter_id, c.username, NULLIF(c.token, ''), NULLIF(c.secret, ''),
       CASE WHEN c.token <> '' THEN 'oauth1' ELSE '' END,
       CASE WHEN c.active IN ('1', 'true') THEN 1 ELSE 0 END
FROM twauth_coming c WHERE c.why = '' ORDER BY c.id;

SELECT 'not taken: row ' || c.id || ', ' || COALESCE(a.username, '') || ': ' || c.why
FROM twauth_coming c JOIN twauth_adopt a ON a.id = c.id
WHERE c.why <> '' ORDER BY c.id;
SELECT count(*) || ' taken, ' || count(CASE WHEN number = '' THEN 1 END)
    || ' of them wait under their handle (TwAuthClaimByHandle)'
FROM twauth_coming WHERE why = '';

DROP TABLE twauth_adopt;
COMMIT;
