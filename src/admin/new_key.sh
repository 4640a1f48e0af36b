# ---- twauthctl new-key -----------------------------------------------------

# Every key is a file, and all stand in one line of one file, as they are.
find_keys() {
	found=$(module keys ${option_host:+--host "$option_host"}) || exit 2
	place=$(printf '%s\n' "$found" | cut -f 1,2 | sort -u)
	[ "$(printf '%s\n' "$place" | wc -l)" = 1 ] ||
		fail "TwAuthKey is said in several lines; say which host is meant (--host), or do it by hand: docs/administration.md"
	file=$(printf '%s' "$place" | cut -f 1)
	line=$(printf '%s' "$place" | cut -f 2)
	keys=$(printf '%s\n' "$found" | cut -f 3 | tr '\n' ' ')
	keys=${keys% }
	written=$(sed -n "${line}p" "$file" | tr -d '"\r' | tr -s ' \t' ' ')
	written=${written# }
	[ "${written% }" = "TwAuthKey $keys" ] ||
		fail "TwAuthKey in line $line of $file is not plain text: do it by hand, see docs/administration.md"
	for key in $keys; do
		case $key in
		file:/*) [ -f "${key#file:}" ] || fail "${key#file:} is not there" ;;
		*) fail "a key comes from a command (exec:): exchange it where the command has it from" ;;
		esac
	done
}

# A file that twauthctl setup has made, and nobody changed since, stays so.
sign_again() {
	if is_as_signed "$file"; then tail -n +2 | sign_conf; else cat; fi
}

# Puts other keys into the line, if httpd takes them: else all is as before.
write_keys() {
	LINE=$line KEYS=$* awk 'NR == ENVIRON["LINE"] {
		match($0, /^[ \t]*/)
		print substr($0, 1, RLENGTH) "TwAuthKey " ENVIRON["KEYS"]
		next
	} { print }' "$file" | sign_again | replace "$file" || exit 2
	httpd_takes || {
		restore "$file"
		[ -z "$made" ] || rm -f "$made"
		printf '%s\n' "$said" >&2
		fail "httpd does not take the new line: all is as it was"
	}
	keep "$file"
}

new_key() {
	read_options 0 "$@"
	[ -z "$option_use" ] || [ -z "$option_forget" ] ||
		fail "--use and --forget are two steps: with a reload of httpd between them"
	find_httpd
	find_keys
	made=
	# shellcheck disable=SC2086
	set -- $keys
	first=$1
	if [ -n "$option_forget" ]; then
		[ $# -gt 1 ] || fail "there is but one key, ${first#file:}: nothing to forget"
		shift
		write_keys "$first"
		touched changed "$file"
		for key; do
			touched unused "${key#file:}"
		done
		next="$(how_to_reload reload), on all servers; then the files of the old keys may go, but a backup of the database that is older needs them for its tokens"
	elif [ -n "$option_use" ]; then
		[ $# -gt 1 ] || fail "there is but one key, ${first#file:}: twauthctl new-key makes another"
		last=${keys##* }
		write_keys "$last" "${keys% *}"
		touched changed "$file"
		next="$(how_to_reload reload), on all servers; and twauthctl new-key --forget when TwAuthSessionMax has passed"
	else
		[ $# -lt 8 ] || fail "there are 8 keys, which is all that fit: twauthctl new-key --forget takes the old ones out"
		name=${first#file:}
		case $name in *-[0-9] | *-[0-9][0-9]) name=${name%-*} ;; esac
		number=2
		while [ -e "$name-$number" ]; do number=$((number + 1)); done
		made=$name-$number
		make_key "$made"
		write_keys "$keys file:$made"
		touched made "$made"
		touched changed "$file"
		next="copy $made and the line to all servers; $(how_to_reload reload), on all of them; then twauthctl new-key --use"
	fi
	say "Next: $next."
	say_end
	module told -- new-key ${option_use:+--use} ${option_forget:+--forget} > /dev/null
}
