# ---- twauthctl tables ------------------------------------------------------

# Where the files *.sql are.
sql=${TWAUTH_SQL:-/usr/share/mod_twauth}
tab='	'

# What the module knows (admin/control_tables.c), into variables.
ask_tables() {
	answer=$(module tables-are ${option_host:+--host "$option_host"}) || exit 2
	case $answer in
	sqlite3*)
		IFS=$tab read -r driver user group version wanted database <<-ANSWER
			$answer
		ANSWER
		rights=1 ;;
	*)
		IFS=$tab read -r driver user group version wanted schema owner role database port host rights <<-ANSWER
			$answer
		ANSWER
		;;
	esac
}

# The next file, into $file, and the version that it brings, into $brings.
next_file() {
	if [ "$1" = 0 ]; then
		file=$sql/$driver.sql brings=$wanted
	else
		brings=$(($1 + 1)) file=$sql/$driver-$(($1 + 1)).sql
	fi
	[ -r "$file" ] || fail "$file cannot be read: is it of this version of mod_twauth? (make install, or the package)"
}

# Runs a program as a user of the system.
as() {
	as=$1
	shift
	if [ "$(id -un)" = "$as" ]; then
		"$@"
	elif [ "$(id -u)" = 0 ]; then
		runuser -u "$as" -- "$@"
	else
		fail "this is to be done as $as: run it as root"
	fi
}

# A value in a conninfo.
value() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"; }

# What comes in, to SQLite as the server's user: the files are its own.
sqlite() {
	folder=${database%/*}
	if [ ! -d "$folder" ]; then
		install -d -m 0700 -o "$user" -g "$group" "$folder" ||
			fail "$folder cannot be made"
	fi
	# shellcheck disable=SC2016
	as "$user" sh -c 'cd / && umask 077 && exec sqlite3 -batch -bail "$1"' sh "$database"
}

# Who may change the tables of PostgreSQL, into $who (the user of the system)
# and $conninfo: their owner, who is never a mere superuser: what others have
# put into their tables must not run with a superuser's rights, nor what they
# have put into the same schema, such as a better operator (psql_owner).
find_owner() {
	who=
	if [ -n "$option_as" ]; then
		case $option_as in *password* | *://*:*@*)
			fail "no password here, where others can read it: ~/.pgpass, or a service, has it" ;;
		esac
		conninfo=$option_as
		return
	fi
	case $host in
	/*) conninfo="host=$(value "$host")" ;;
	localhost | 127.* | ::1 | -) conninfo= ;;
	*) fail "PostgreSQL is at $host: say as whom the tables are made there, --as 'host=$host dbname=$database user=OWNER'" ;;
	esac
	conninfo="$conninfo port=$port dbname=$(value "$database")"
	case $owner in
	- | postgres) who=postgres ;;
	"$role") who=$user conninfo="$conninfo user=$(value "$role")" ;;
	*) fail "the tables belong to $owner: --as 'dbname=$database user=$owner', with host= and port= where it needs them" ;;
	esac
}

# What comes in, to PostgreSQL as their owner, with a few seconds at most for
# the locks of a server that is busy; then what the server's role needs.
psql_owner() {
	find_owner
	{
		cat <<-'SQL'
			SET client_min_messages = warning;
			SET statement_timeout = 0;
			SET lock_timeout = '3s';
			SET search_path = pg_catalog;
			SELECT :'owner' IN ('-', current_user) AS mine \gset
			\if :mine
			\else
			DO $$ BEGIN RAISE 'the tables belong to another role'; END $$;
			\endif
			SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND EXISTS (
			    SELECT 1 FROM pg_namespace n, pg_roles r
			    WHERE n.nspname = :'schema' AND NOT r.rolsuper AND r.rolname <> 'pg_database_owner'
			    AND (has_schema_privilege(r.oid, n.oid, 'CREATE')
			         OR EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid AND proowner = r.oid)
			         OR EXISTS (SELECT 1 FROM pg_operator WHERE oprnamespace = n.oid AND oprowner = r.oid))
			    ) AS is_shared \gset
			\if :is_shared
			DO $$ BEGIN RAISE 'roles that are no superuser may create things in the schema of the tables, which would run with a superuser''s rights: REVOKE CREATE ON SCHEMA public FROM PUBLIC (or whatever schema and role it is), or let the tables belong to a role of their own'; END $$;
			\endif
			SET search_path = :"schema";
		SQL
		cat
		cat <<-'SQL'
			SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', oid::regclass, :'role')
			FROM pg_class WHERE relnamespace = current_schema()::regnamespace
			AND relkind = 'r' AND left(relname, 7) = 'twauth_'
			AND relname NOT IN ('twauth_schema', 'twauth_adopt')
			AND pg_get_userbyid(relowner) = current_user AND current_user <> :'role' \gexec
			SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), :'role')
			WHERE NOT has_schema_privilege(:'role', current_schema(), 'USAGE') \gexec
		SQL
	} | (cd / && ${who:+as "$who"} psql -X -q -v ON_ERROR_STOP=1 -v schema="$schema" \
		-v owner="$owner" -v role="$role" -d "$conninfo")
}

# One step; what went wrong is in $said.
do_step() {
	if [ "$driver" = sqlite3 ]; then
		said=$(sqlite < "$1" 2>&1 > /dev/null)
	else
		said=$(psql_owner < "$1" 2>&1 > /dev/null)
	fi
}

tables() {
	read_options 0 "$@"
	ask_tables
	if [ "$version" -gt "$wanted" ]; then
		say "The tables are of version $version; this mod_twauth knows those of version $wanted, and they are left as they are."
		say_end
		return 0
	elif [ "$version" = "$wanted" ] && [ "$rights" = 1 ]; then
		say "The tables are of version $version: nothing is to be done."
		say_end
		return 0
	elif [ -n "$option_dry_run" ]; then
		while [ "$version" -lt "$wanted" ]; do
			next_file "$version"
			touched "to do" "$file"
			version=$brings
		done
		[ "$rights" = 1 ] || touched "to do" "GRANT to $role"
		say_end
		return 1
	fi
	program=sqlite3
	[ "$driver" = sqlite3 ] || { find_owner && program=psql; }
	type $program > /dev/null 2>&1 ||
		fail "the program $program is not here: install it (Debian: sqlite3, postgresql-client)"
	tries=0
	before=$version
	while [ "$version" -lt "$wanted" ] || [ "$rights" = 0 ]; do
		if [ "$version" -lt "$wanted" ]; then
			next_file "$version"
		else
			file=/dev/null brings=$version
		fi
		taken=1
		do_step "$file" || taken=
		was=$version
		ask_tables
		if [ -n "$taken" ] && [ "$version" -ge "$brings" ] && [ "$rights" = 1 ]; then
			case $file in
			/dev/null) touched granted "$role" ;;
			*) touched applied "$file" ;;
			esac
			tries=0
		elif [ "$version" -le "$was" ]; then
			# another run may be at it, or somebody holds a lock
			tries=$((tries + 1))
			case $said in *'lock timeout'* | *deadlock* | *locked* | *busy* | *concurrent*) ;; *) tries=9 ;; esac
			if [ $tries -gt 5 ]; then
				printf '%s\n' "$said" >&2
				fail "$file was not taken: the tables are of version $version as before that"
			fi
			sleep 1
		fi
	done
	say "The tables are of version $version."
	say_end
	module told -- tables "$before" "$version" > /dev/null
}
