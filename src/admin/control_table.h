/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/control_table: the subcommands of twauthctl.
 *
 * The one list: of it are made what is called here, the help and the words that
 * a shell completes (by the Makefile, into build/twauthctl), and a guard holds
 * the manual page to it.  Rows stand in the order in which help shows them.
 *
 *   COMMAND(function, name, arguments, least, most, scope, writes, help,
 *           example)
 *       one that the module does: tw_control_FUNCTION, in a file of its own,
 *       control_FUNCTION.c, which is declared by the row; how its arguments
 *       are called, and how many there are at least and at most; what it is
 *       about (tw_control_scope_t) and whether it changes anything, without
 *       TW_CONTROL_; a sentence for help, and an example
 *   SCRIPT(name, arguments, help, example)
 *       one that the script does by itself, in a file of its own, NAME.sh
 *       (_ for -)
 *   OPTION(command, name, value, help)
 *       an option of a subcommand; value "": it takes none
 *
 * An example that is left out ("") leaves the subcommand out of help: it is
 * for the script alone.  Texts are for a shell too: no $, ", ` or \ in them.
 * Options of all: --host, --json and --help.
 */
#ifndef TW_ADMIN_CONTROL_TABLE_H
#define TW_ADMIN_CONTROL_TABLE_H

#define TW_CONTROL_COMMANDS(COMMAND, SCRIPT, OPTION)                        \
    SCRIPT("setup", "HOST",                                                 \
           "set mod_twauth up for a virtual host: asks what it needs, and " \
           "says each file that it touches",                                \
           "twauthctl setup www.example.com")                               \
    OPTION("setup", "protocol", "NAME", "oauth1 or oauth2")                 \
    OPTION("setup", "id", "TEXT", "the API Key, or the Client ID")          \
    OPTION("setup", "secret-file", "FILE",                                  \
           "with the API Key Secret or the Client Secret; -: standard input")\
    OPTION("setup", "public", "", "there is no Client Secret (OAuth 2.0)")  \
    OPTION("setup", "database", "WHICH",                                    \
           "sqlite, sqlite:/FILE, pgsql, or keep (that of the server)")     \
    OPTION("setup", "answers", "FILE",                                      \
           "lines NAME = TEXT with these options, and secret = TEXT")       \
    OPTION("setup", "undo", "", "take the host out again")                  \
    COMMAND(doctor, "doctor", "", 0, 0, HOSTS, READS,                       \
            "what is wrong here, and what to do: the configuration, X, the "\
            "database, files",                                              \
            "twauthctl doctor --host www.example.com")                      \
    OPTION("doctor", "offline", "",                                         \
           "ask nobody: neither X, nor PostgreSQL, nor the name service")   \
    OPTION("doctor", "who", "WHO",                                          \
           "why one person cannot sign in or get in: their account, rules")   \
    COMMAND(accounts, "accounts", "[WHO]", 0, 1, DATABASE, READS,           \
            "who has an account here: all, or those whose name, handle or " \
            "number is like WHO",                                           \
            "twauthctl accounts alice")                                     \
    OPTION("accounts", "limit", "N",                                        \
           "at most so many rows: 100, with --json all")                    \
    OPTION("accounts", "waiting", "",                                       \
           "those that wait to be let in (TwAuthSignUp Ask)")               \
    COMMAND(allow, "allow", "WHO", 1, 1, DATABASE, WRITES,                  \
            "let somebody in, before or after their first sign-in",         \
            "twauthctl allow 2244994945")                                   \
    COMMAND(refuse, "refuse", "WHO", 1, 1, DATABASE, WRITES,                \
            "keep somebody out, before or after their first sign-in, and "  \
            "end their sessions",                                           \
            "twauthctl refuse @jack")                                       \
    COMMAND(disable, "disable", "WHO", 1, 1, DATABASE, WRITES,              \
            "keep somebody out for a while: their sessions are refused",    \
            "twauthctl disable jack")                                       \
    COMMAND(enable, "enable", "WHO", 1, 1, DATABASE, WRITES,                \
            "let them in again: their sessions count again",                \
            "twauthctl enable jack")                                        \
    COMMAND(sessions, "sessions", "[WHO]", 0, 1, DATABASE, READS,           \
            "who is signed in, and from where",                             \
            "twauthctl sessions jack")                                      \
    OPTION("sessions", "limit", "N",                                        \
           "at most so many rows: 100, with --json all")                    \
    COMMAND(end_sessions, "end", "[WHO]", 0, 1, DATABASE, WRITES,           \
            "end the sessions of WHO, or the one session that has this "    \
            "number in the list of sessions",                               \
            "twauthctl end jack")                                           \
    OPTION("end", "all", "", "all sessions of everybody")                   \
    COMMAND(role, "role", "WHO [+ROLE] [-ROLE]...", 1, 40, DATABASE,        \
            WRITES, "roles of an account: shown, given by +, taken by -",   \
            "twauthctl role alice +editor -trainee")                        \
    COMMAND(invite, "invite", "", 0, 0, HOST, WRITES,                       \
            "make a link by which one person gets in",                      \
            "twauthctl invite --role editor --note Alice")                  \
    OPTION("invite", "role", "ROLE", "whoever uses it gets this role")      \
    OPTION("invite", "expires", "TIME", "how long it is good: 7d")          \
    OPTION("invite", "note", "TEXT", "whom it is for, as you call them")    \
    COMMAND(invitations, "invitations", "", 0, 0, DATABASE, WRITES,         \
            "links that were made: open, over, or used by whom",            \
            "twauthctl invitations --revoke 3f8c21d0a94e")                  \
    OPTION("invitations", "limit", "N",                                     \
           "at most so many rows: 100, with --json all")                    \
    OPTION("invitations", "revoke", "INVITATION",                           \
           "take it back: nobody gets in by it any more")                   \
    SCRIPT("tables", "",                                                    \
           "make the tables of the database, or bring those of an earlier " \
           "version up to date, while the server runs",                     \
           "twauthctl tables")                                              \
    OPTION("tables", "dry-run", "",                                         \
           "say what is to be done, and do nothing")                        \
    OPTION("tables", "as", "CONNINFO",                                      \
           "PostgreSQL: connect so, as the owner of the tables")            \
    SCRIPT("new-key", "",                                                   \
           "exchange the key that seals cookies and tokens, in three "      \
           "steps that sign nobody out",                                    \
           "twauthctl new-key")                                             \
    OPTION("new-key", "use", "", "second step: the new key seals from now on")\
    OPTION("new-key", "forget", "", "third step: take the old keys out")    \
    COMMAND(exchange, "exchange", "", 0, 0, HOSTS, WRITES,                  \
            "exchange the stored tokens of OAuth 1.0a at X, after a change "\
            "to OAuth 2.0",                                                 \
            "twauthctl exchange")                                           \
    COMMAND(places, "places", "HOST", 1, 1, HOSTS, READS,                   \
            "the virtual hosts of that name", "")                           \
    COMMAND(keys, "keys", "", 0, 0, HOSTS, WRITES,                          \
            "where the keys are said", "")                                  \
    COMMAND(tables_are, "tables-are", "", 0, 0, SHUT, READS,                \
            "of which version the tables are, and where", "")               \
    COMMAND(told, "told", "WHAT", 1, 9, HOSTS, WRITES,                      \
            "tells the event log what the script has done", "")

#endif
