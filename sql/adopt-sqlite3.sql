-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: brings accounts along from the table of an application that
-- signed people in with OAuth 1.0a and knew them by their handle: a name, a
-- token, a secret.  docs/administration.md, "Bring accounts along", says how
-- its rows come into the table twauth_adopt, which this takes away.
--
-- X's number is what stands before the hyphen in a token of OAuth 1.0a.  A row
-- without one waits under its handle.  All or nothing; what could not be
-- taken is printed in the end.

PRAGMA busy_timeout = 10000;
BEGIN IMMEDIATE;

CREATE TEMP TABLE twauth_coming AS
SELECT a.id, a.active, lower(ltrim(trim(a.username), '@')) AS username,
       COALESCE(a.token, '') AS token, COALESCE(a.secret, '') AS secret,
       substr(COALESCE(a.token, ''), 1, instr(COALESCE(a.token, ''), '-') - 1)
           AS number, '' AS twitter_id, '' AS why,
       a.id IN (SELECT id FROM main.twauth_account) AS taken
FROM main.twauth_adopt a;

UPDATE twauth_coming SET number = ''
WHERE number NOT GLOB '[1-9]*' OR number GLOB '*[^0-9]*'
   OR length(number) > 20;
UPDATE twauth_coming SET twitter_id = number WHERE number <> '';
-- a token without a number is not one of a user's: X would not take it
UPDATE twauth_coming SET token = '', secret = '' WHERE number = '' OR secret = '';
UPDATE twauth_coming SET twitter_id = 'handle:' || username
WHERE number = '' AND username GLOB '[a-z0-9_]*'
  AND username NOT GLOB '*[^a-z0-9_]*' AND length(username) <= 20;

UPDATE twauth_coming SET why = 'neither a number in its token nor a handle'
WHERE twitter_id = '';
UPDATE twauth_coming SET why = 'its person has an account here already'
WHERE why = '' AND twitter_id IN (SELECT twitter_id FROM main.twauth_account);
-- who changed handles has several: the last one is today's
UPDATE twauth_coming SET why = 'a later row is of the same person'
WHERE why = '' AND EXISTS (
    SELECT 1 FROM twauth_coming o
    WHERE o.twitter_id = twauth_coming.twitter_id
      AND o.why = '' AND o.id > twauth_coming.id);

-- a username is given once: the others get theirs when they sign in
UPDATE twauth_coming SET username = NULL
WHERE username = '' OR length(CAST(username AS BLOB)) > 64
   OR username <> lower(username) OR username GLOB '*[^!-~]*'
   OR username IN (SELECT name FROM main.twauth_username)
   OR EXISTS (SELECT 1 FROM twauth_coming o
              WHERE o.username = twauth_coming.username AND o.why = ''
                AND o.id > twauth_coming.id);

INSERT INTO main.twauth_account
    (id, twitter_id, username, token, secret, token_kind, active)
SELECT CASE WHEN c.taken THEN NULL ELSE c.id END,
       c.twitter_id, c.username, NULLIF(c.token, ''), NULLIF(c.secret, ''),
       CASE WHEN c.token <> '' THEN 'oauth1' ELSE '' END,
       CASE WHEN c.active = 1 THEN 1 ELSE 0 END
FROM twauth_coming c WHERE c.why = '' ORDER BY c.taken, c.id;

SELECT 'not taken: row ' || c.id || ', ' || COALESCE(a.username, '') || ': ' || c.why
FROM twauth_coming c JOIN main.twauth_adopt a ON a.id = c.id
WHERE c.why <> '' ORDER BY c.id;
SELECT count(*) || ' taken, ' || count(CASE WHEN number = '' THEN 1 END)
    || ' of them wait under their handle (TwAuthClaimByHandle)'
FROM twauth_coming WHERE why = '';

DROP TABLE twauth_coming;
DROP TABLE main.twauth_adopt;
COMMIT;
