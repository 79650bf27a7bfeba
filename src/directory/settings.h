/*
 * settings.h - what the owner may set in [directory], and in the sections of the databases.
 */
#ifndef DIRECTORY_SETTINGS_H
#define DIRECTORY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"
#include "base/str.h"

enum directory_engine_kind { /* where accounts are kept */
	DIRECTORY_SQLITE,    /* in directory.db */
	DIRECTORY_PGSQL,
	DIRECTORY_MYSQL,
	DIRECTORY_LDAP,
	DIRECTORY_PROGRAM, /* where a program of the owner's knows */
	DIRECTORY_ENGINE_COUNT
};

struct directory_settings {
	int engine;             /* enum directory_engine_kind */
	struct str program;     /* the engine's, if not where ours are; or empty */
	int64_t children;       /* processes that answer */
	int64_t timeout_ms;     /* for one question */
	int64_t outstanding;    /* questions waiting at most, over all children */
	int64_t cache_ms;       /* how long an answer about a name is used again */
	int64_t login_cache_ms; /* how long a login that worked is remembered; 0 switches it off */
	struct str default_domain; /* for login names without @ */
	struct str separator;      /* between user and tag in addresses; empty: no tags */
	struct str test_password;  /* every name is an account with this password; empty: no */
	const void *engine_values; /* not of the section: the values of the engine's own */
	int log_level;             /* not of the section: enum log_level, for programs */
	bool is_log_json;          /* the same: JSON lines, not text */
	struct str
	    own_host; /* not of the section: this host's name, whose postmaster is here; or empty */
};

extern const char *const directory_engine_words[]; /* for the setting */
extern const struct setting_section directory_section;

/* One for each kind of database (sql.h). */
extern const struct setting_section directory_sqlite_section; /* the queries only */
extern const struct setting_section directory_pgsql_section;
extern const struct setting_section directory_mysql_section;
extern const struct setting_section directory_ldap_section; /* ldap.h */

#endif
