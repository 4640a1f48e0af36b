# ---- twauthctl setup -------------------------------------------------------
#
# Of one host, in the folder twauth of httpd's configuration: HOST.conf, which
# two lines in the site's own file include, and HOST.secret; and of all hosts
# key.  HOST.conf begins with a sum of what follows: what somebody has written
# into it since is not overwritten.

setup_mark='# twauthctl setup'

# What comes in, with its sum in the first line.
sign_conf() {
	body=$(cat && echo .)
	printf '%s: %s\n%s' "$setup_mark" \
		"$(printf %s "${body%.}" | cksum | cut -d ' ' -f 1)" "${body%.}"
}

is_signed() { head -n 1 "$1" | grep -q "^$setup_mark: "; }

is_as_signed() {
	is_signed "$1" &&
		[ "$(tail -n +2 "$1" | sign_conf)" = "$(cat "$1")" ]
}

# ---- answers

# Of an option, else of a terminal: ask NAME QUESTION [OTHERWISE].
ask() {
	eval "answer=\$option_$1"
	[ -z "$answer" ] || return 0
	if [ -t 0 ]; then
		printf '%s%s: ' "$2" "${3:+ [$3]}" >&2
		read -r answer || fail "there was no answer"
	fi
	answer=${answer:-${3-}}
	[ -n "$answer" ] ||
		fail "say --$1, or answer at a terminal: twauthctl setup --help"
}

# The secret: of a file, of the answers, of a terminal, which does not show it;
# "": none, or the one that is there.
ask_secret() {
	answer=$answer_secret
	if [ -n "$option_secret_file" ]; then
		[ "$option_secret_file" != - ] || option_secret_file=/dev/stdin
		answer=$(head -n 1 "$option_secret_file") || exit 2
		[ -n "$answer" ] ||
			fail "there is no secret in $option_secret_file"
	elif [ -z "$answer" ] && [ -t 0 ]; then
		terminal=$(stty -g)
		stty -echo
		printf '%s (it is not shown%s): ' "$1" \
			"${2:+; empty: the one that is there}" >&2
		read -r answer || answer=
		stty "$terminal"
		terminal=''
		echo >&2
	fi
}

# Lines NAME = TEXT; options that were given count more.
read_answers() {
	[ -r "$option_answers" ] || fail "$option_answers cannot be read"
	while IFS= read -r text || [ -n "$text" ]; do
		case $text in '' | '#'*) continue ;; *=*) ;; *)
			fail "$option_answers: a line is NAME = TEXT" ;;
		esac
		name=$(echo "${text%%=*}" | tr - _ | tr -d ' \t')
		text=${text#*=}
		text=${text#"${text%%[! 	]*}"}
		case $name in
		secret) answer_secret=$text ;;
		protocol | id | secret_file | public | database)
			eval "option_$name=\${option_$name:-\$text}" ;;
		*)
			fail "$option_answers: there is no answer $name" ;;
		esac
	done < "$option_answers"
}

# ---- taking back

# What was made or changed, so long as it is not certain that it stays.
made_files='' made_folders='' changed_files='' enabled=''

take_back() {
	[ -z "$terminal" ] || stty "$terminal"
	[ -n "$made_files$made_folders$changed_files$enabled" ] || return 0
	for one in $changed_files; do restore "$one"; done
	for one in $made_files; do rm -f "$one"; done
	for one in $made_folders; do rmdir "$one" 2> /dev/null || :; done
	for one in $enabled; do a2dismod -q "$one" > /dev/null; done
	echo "twauthctl: all is as it was" >&2
}

settle() {
	for one in $changed_files; do keep "$one"; done
	made_files='' made_folders='' changed_files='' enabled=''
}

# write FILE TEXT: a file of root's, that is new or was ours before.
write() {
	if [ ! -e "$1" ]; then
		made_files="$made_files $1"
		(umask 077 && printf '%s\n' "$2" > "$1") ||
			fail "$1 cannot be written"
		touched made "$1"
	elif [ "$2" = "$(cat "$1")" ]; then
		touched kept "$1"
	else
		printf '%s\n' "$2" | replace "$1" || exit 2
		changed_files="$changed_files $1"
		touched changed "$1"
	fi
}

make_folder() {
	[ ! -d "$1" ] || return 0
	made_folders="$1 $made_folders"
	install -d -m 0700 -o "$2" -g "$3" "$1" || fail "$1 cannot be made"
	touched made "$1"
}

# ---- steps

enable_modules() {
	loaded=$($TWAUTH_HTTPD -M 2> /dev/null)
	case $loaded in *twauth_module*) return ;; esac
	type a2enmod > /dev/null 2>&1 ||
		fail "httpd does not load the module. Put two lines into its configuration, and come back:
    LoadModule dbd_module modules/mod_dbd.so
    LoadModule twauth_module modules/mod_twauth.so"
	enabled=twauth
	case $loaded in *dbd_module*) ;; *) enabled='twauth dbd' ;; esac
	a2enmod -q twauth > /dev/null || fail "a2enmod twauth failed"
	touched enabled "the module twauth"
}

# The virtual host, as the module sees it: $file and $line of its beginning, its
# callback URL, and what the server has for all hosts.
find_place() {
	places=$(module places "$host") || exit 2
	found=$(printf '%s\n' "$places" | grep '^https')
	[ -n "$places" ] ||
		fail "no virtual host is called $host: its own name is in ServerName or ServerAlias"
	[ -n "$found" ] ||
		fail "$host has no https: make it with certbot --apache, or, where a proxy ends TLS, say ServerName https://$host"
	[ "$(printf '%s\n' "$found" | wc -l)" = 1 ] ||
		fail "$host has several virtual hosts with https: set it up by hand, see docs/set-up.md"
	IFS=$(printf '\t') read -r _ file line callback server_driver server_key <<-PLACE
		$found
	PLACE
	sed -n "${line}p" "$file" | grep -qi '^[[:blank:]]*<VirtualHost' ||
		fail "<VirtualHost> of $host is not plain text in line $line of $file: set it up by hand, see docs/set-up.md"
	[ "$callback" = - ] || [ -n "$old_conf" ] ||
		fail "mod_twauth is on for $host, set up by hand: apache2ctl -t -D DUMP_TWAUTH shows how"
}

# Answers that are fit for a file of httpd's.
ask_all() {
	case $old_conf in
	*TwAuthClientID*) protocol=oauth2 ;;
	*TwAuthConsumerKey*) protocol=oauth1 ;;
	*) protocol= ;;
	esac
	ask protocol "Protocol, oauth1 (API Key and Secret) or oauth2 (Client ID and Secret)" "$protocol"
	case $answer in
	"$protocol") old_id=$(printf '%s\n' "$old_conf" | sed -n 's/^TwAuth\(ConsumerKey\|ClientID\) *//p') ;;
	*) old_id= ;;
	esac
	protocol=$answer
	case $protocol in
	oauth1) named='API Key' secret_named='API Key Secret' ;;
	oauth2) named='Client ID' secret_named='Client Secret' ;;
	*) fail "the protocol is oauth1 or oauth2" ;;
	esac
	ask id "$named" "$old_id"
	id=$answer
	case $id in *[!A-Za-z0-9._~:=+/-]*)
		fail "that is no $named: it has letters, digits and _ - . : = only" ;;
	esac
	case $old_id:$old_conf in
	"$id":*ClientSecret* | "$id":*ConsumerSecret* | :*) ;;
	"$id":*) option_public=1 ;;
	esac
	if [ -n "$option_public" ]; then
		[ "$protocol" = oauth2 ] || fail "--public is for oauth2"
		given_secret=
	else
		case $old_id in
		"$id") old_secret=$([ ! -e "$secret" ] || echo kept) ;;
		*) old_secret= ;;
		esac
		ask_secret "$secret_named" "$old_secret"
		given_secret=$answer
		[ -n "$given_secret$old_secret" ] ||
			fail "say --secret-file, or answer at a terminal: twauthctl setup --help"
	fi
	ask_database
}

ask_database() {
	otherwise=$(printf '%s\n' "$old_conf" | sed -n 's/^# database: //p')
	if [ -z "$otherwise" ] && [ "$server_driver" = - ]; then
		otherwise=sqlite
	elif [ -z "$otherwise" ] && [ -t 0 ]; then
		otherwise=keep
	fi
	[ -n "$otherwise$option_database" ] ||
		fail "the server has a database already (DBDriver $server_driver): say --database keep to use that, or sqlite, or pgsql"
	ask database "Database: sqlite, pgsql or keep (that of the server)" "$otherwise"
	database=$answer
	case $database in
	sqlite) database=sqlite:/var/lib/twauth/twauth.db ;;
	sqlite:/* | pgsql) ;;
	keep)
		[ "$server_driver" != - ] ||
			fail "the server has no database (DBDriver) that could be kept" ;;
	*)
		fail "the database is sqlite, sqlite:/FILE, pgsql or keep" ;;
	esac
	case $database in *[!A-Za-z0-9._:/+-]*)
		fail "the path of a database has letters, digits and . _ - / only" ;;
	esac
}

# The lines of HOST.conf.
conf_lines() {
	echo "# $host, of which the file below includes this one.  twauthctl setup $host"
	echo "# --undo takes it out.  What you add here stays: setup then leaves the file as it is."
	echo "# included by: $file"
	echo "# database: $database"
	case $database in
	sqlite:*)
		echo "DBDriver sqlite3"
		echo "DBDParams ${database#sqlite:}"
		echo 'DBDInitSQL "PRAGMA busy_timeout=200; PRAGMA synchronous=NORMAL"' ;;
	pgsql)
		echo "DBDriver pgsql"
		echo "DBDParams \"host=${PGHOST:-/var/run/postgresql} dbname=twauth user=$user connect_timeout=3 options='-c statement_timeout=5000 -c lock_timeout=2000'\"" ;;
	esac
	if printf '%s\n' "$old_conf" | grep '^TwAuthKey'; then
		:
	elif [ "$server_key" = 0 ]; then
		echo "TwAuthKey file:$etc/key"
	fi
	case $protocol in
	oauth1)
		echo "TwAuthConsumerKey $id"
		echo "TwAuthConsumerSecret file:$secret" ;;
	oauth2)
		echo "TwAuthClientID $id"
		[ -n "$option_public" ] || echo "TwAuthClientSecret file:$secret" ;;
	esac
}

write_all() {
	make_folder "$etc" root root
	if [ "$server_key" = 0 ] && [ ! -e "$etc/key" ]; then
		made_files="$made_files $etc/key"
		make_key "$etc/key"
		touched made "$etc/key"
	fi
	[ -z "$given_secret" ] || write "$secret" "$given_secret"
	write "$conf" "$(conf_lines | sign_conf)"
	if ! grep -qF "Include $conf" "$file"; then
		CONF=$conf LINE=$line SAYS="$include_says" awk '{ print }
			NR == ENVIRON["LINE"] {
				print "    " ENVIRON["SAYS"]
				print "    Include " ENVIRON["CONF"]
			}' "$file" | replace "$file" || exit 2
		changed_files="$changed_files $file"
		touched changed "$file"
	fi
}

# A database that is not there is made, as the server's user; and its tables.
make_database() {
	case $database in
	sqlite:*)
		db=${database#sqlite:}
		make_folder "${db%/*}" "$user" "$group"
		if [ ! -e "$db" ]; then
			made_files="$made_files $db $db-wal $db-shm"
			touched made "$db"
		fi ;;
	pgsql)
		make_postgres ;;
	esac
	# httpd's own way to the database is needed for them
	check_httpd
	made=$(subcommand=tables && tables --host "$host") || exit 2
	say "$made"
}

make_postgres() {
	[ -n "$(as_postgres "SELECT 1 FROM pg_roles WHERE rolname = '$user'")" ] ||
		as_postgres "CREATE ROLE \"$user\" LOGIN" || exit 2
	if [ -n "$(as_postgres "SELECT 1 FROM pg_database WHERE datname = 'twauth'")" ]; then
		touched kept "PostgreSQL's database twauth"
	else
		as_postgres 'CREATE DATABASE twauth' || exit 2
		touched made "PostgreSQL's database twauth"
	fi
}

as_postgres() {
	printf '%s;\n' "$1" |
		(cd / && runuser -u postgres -- psql -qAtX -v ON_ERROR_STOP=1 -d postgres) ||
		fail "PostgreSQL on this machine does not do what it is asked: $1"
}

run_as() {
	$TWAUTH_HTTPD -t -D DUMP_RUN_CFG 2> /dev/null < /dev/null |
		sed -n "s/^$1: name=\"\([^\"]*\)\".*/\1/p"
}

# ---- all of it

begin_setup() {
	[ -n "$words" ] ||
		fail "say for which virtual host: twauthctl setup www.example.com"
	host=$(printf '%s' "$words" | tr '[:upper:]' '[:lower:]')
	case $host in .* | -* | *[!a-z0-9.-]*)
		fail "$host is no name of a host, as ServerName has it" ;;
	esac
	find_httpd
	etc=${APACHE_CONFDIR:-$($TWAUTH_HTTPD -V 2> /dev/null | sed -n 's/.*HTTPD_ROOT="\(.*\)".*/\1/p')}/twauth
	[ -w "${etc%/*}" ] || fail "${etc%/*} cannot be written: run it as root"
	conf=$etc/$host.conf
	secret=$etc/$host.secret
	include_says="$setup_mark: this line and the next; twauthctl setup $host --undo"
	old_conf=
	if [ -e "$conf" ]; then
		is_as_signed "$conf" ||
			fail "$conf was changed by hand, and is not overwritten: change it there, or take it out by hand, with the line in the site's file that includes it"
		old_conf=$(cat "$conf")
	elif [ -e "$secret" ] && [ -z "$option_undo" ]; then
		fail "$secret is there already, and not of twauthctl: move it away"
	fi
	httpd_takes || {
		printf '%s\n' "$said" >&2
		fail "httpd does not take its configuration as it is: mend that first"
	}
}

check_httpd() {
	httpd_takes || {
		printf '%s\n' "$said" >&2
		fail "httpd does not take what was set up: see above"
	}
}

finish_setup() {
	check_httpd
	settle
	module told -- setup "$host" > /dev/null
	callback=$(module places "$host" | grep '^https' | cut -f 4)
	say
	say "Register at X this callback URL:"
	say "    $callback"
	say "Protect what you like, as in $file, outside of <VirtualHost>:"
	say "    <Directory \"/var/www/html/members\">"
	say "        AuthType Twitter"
	say "        Require twitter-user yourhandle"
	say "    </Directory>"
	say "Then: $(how_to_reload restart)"
	say_end
	if [ -z "$option_json" ]; then
		say
		(module doctor --host "$host") || :
	fi
}

setup() {
	answer_secret='' terminal=''
	read_options 1 "$@"
	[ -z "$option_answers" ] || read_answers
	begin_setup
	if [ -n "$option_undo" ]; then
		undo_setup
		return
	fi
	trap 'exit 130' HUP INT TERM
	trap take_back EXIT
	enable_modules
	find_place
	ask_all
	user=$(run_as User) group=$(run_as Group)
	write_all
	make_database
	finish_setup
}

undo_setup() {
	[ -n "$old_conf" ] || fail "$host was not set up by twauthctl"
	file=$(printf '%s\n' "$old_conf" | sed -n 's/^# included by: //p')
	grep -qF "$include_says" "$file" ||
		fail "$file does not include $conf any more: remove that file and $secret by hand"
	trap 'exit 130' HUP INT TERM
	trap take_back EXIT
	CONF=$conf SAYS=$include_says awk '{
		text = $0
		sub(/^[ \t]+/, "", text)
		if (text != ENVIRON["SAYS"] && text != "Include " ENVIRON["CONF"])
			print
	}' "$file" | replace "$file" || exit 2
	changed_files=$file
	httpd_takes || {
		printf '%s\n' "$said" >&2
		fail "httpd does not take its configuration without $host: see above"
	}
	settle
	touched changed "$file"
	for one in "$conf" "$secret"; do
		[ ! -e "$one" ] || { rm -f "$one" && touched removed "$one"; }
	done
	say "What needs a sign-in at $host is closed now (500), once httpd is restarted: $(how_to_reload restart)"
	say "Key, database and module are left, for other hosts; docs/administration.md (Remove) says how they go."
	say_end
	module told -- setup "$host" --undo > /dev/null
}
