#include "directory/schema.h"

/* clang-format off */
#define TOKENS \
"CREATE TABLE IF NOT EXISTS tokens ( -- secrets that programs log in with\n" \
"	id INTEGER PRIMARY KEY,\n" \
"	account TEXT NOT NULL COLLATE NOCASE\n" \
"		REFERENCES accounts (name) ON DELETE CASCADE ON UPDATE CASCADE,\n" \
"	name TEXT NOT NULL, -- which program\n" \
"	hash TEXT NOT NULL UNIQUE, -- SHA-256 of the token, base64url\n" \
"	created INTEGER NOT NULL, -- Unix seconds\n" \
"	UNIQUE (account, name)\n" \
");\n"

const char directory_schema[] =
"BEGIN IMMEDIATE;\n"
"PRAGMA application_id = 0x53746472;\n"
"PRAGMA user_version = 2;\n"
"CREATE TABLE domains ( -- the domains that are ours\n"
"	name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY -- in ASCII form (xn--..)\n"
") WITHOUT ROWID;\n"
"CREATE TABLE accounts ( -- who has mail here\n"
"	name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, -- login name and first address: alice@example.org\n"
"	display_name TEXT NOT NULL DEFAULT '',\n"
"	is_enabled INTEGER NOT NULL DEFAULT 1, -- 0: no login, and no mail for it\n"
"	quota_bytes INTEGER NOT NULL DEFAULT 0, -- 0: no limit\n"
"	quota_messages INTEGER NOT NULL DEFAULT 0 -- 0: no limit\n"
") WITHOUT ROWID;\n"
"CREATE TABLE passwords ( -- each row of an account opens it\n"
"	id INTEGER PRIMARY KEY,\n"
"	account TEXT NOT NULL COLLATE NOCASE\n"
"		REFERENCES accounts (name) ON DELETE CASCADE ON UPDATE CASCADE,\n"
"	stored TEXT NOT NULL -- $argon2id$.., $2y$.., $6$.., {SSHA}..; SCRAM-SHA-256$.. for SCRAM\n"
");\n"
"CREATE INDEX passwords_account ON passwords (account);\n"
"CREATE TABLE addresses ( -- aliases: mail for `address` goes to every `target`\n"
"	address TEXT NOT NULL COLLATE NOCASE, -- info@example.org; @example.org catches the rest\n"
"	target TEXT NOT NULL COLLATE NOCASE, -- an account, another alias, an address anywhere\n"
"	PRIMARY KEY (address, target)\n"
") WITHOUT ROWID;\n"
"CREATE INDEX addresses_target ON addresses (target);\n"
"CREATE TABLE lists ( -- addresses whose mail goes to their members\n"
"	address TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,\n"
"	display_name TEXT NOT NULL DEFAULT ''\n"
") WITHOUT ROWID;\n"
"CREATE TABLE list_members (\n"
"	list TEXT NOT NULL COLLATE NOCASE\n"
"		REFERENCES lists (address) ON DELETE CASCADE ON UPDATE CASCADE,\n"
"	member TEXT NOT NULL COLLATE NOCASE, -- an account or an address anywhere\n"
"	PRIMARY KEY (list, member)\n"
") WITHOUT ROWID;\n"
"CREATE TABLE groups ( -- accounts that share rights; no address\n"
"	name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,\n"
"	display_name TEXT NOT NULL DEFAULT ''\n"
") WITHOUT ROWID;\n"
"CREATE TABLE group_members (\n"
"	name TEXT NOT NULL COLLATE NOCASE\n"
"		REFERENCES groups (name) ON DELETE CASCADE ON UPDATE CASCADE,\n"
"	account TEXT NOT NULL COLLATE NOCASE\n"
"		REFERENCES accounts (name) ON DELETE CASCADE ON UPDATE CASCADE,\n"
"	PRIMARY KEY (name, account)\n"
") WITHOUT ROWID;\n"
"CREATE INDEX group_members_account ON group_members (account);\n"
TOKENS
"COMMIT;\n";

const char directory_schema_2[] =
"BEGIN IMMEDIATE;\n"
"PRAGMA user_version = 2;\n"
TOKENS
"COMMIT;\n";
/* clang-format on */
