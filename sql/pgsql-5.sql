-- SPDX-License-Identifier: Apache-2.0
-- mod_twauth: for tables of an earlier version: which version they are of is
-- written down from here on.
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

-- New tables belong to the owner of the others, and whoever may read or write
-- accounts may do so there: the server's user needs no GRANT for them.
DO $$
DECLARE
    made text;
    may record;
BEGIN
    FOREACH made IN ARRAY ARRAY['twauth_schema'] LOOP
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
