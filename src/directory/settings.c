#include "directory/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct directory_settings, field)

static const struct setting rows[] = {
	{ "engine", SETTING_CHOICE, AT(engine), "sqlite", 0, 0, directory_engine_words,
	    "Where accounts are: sqlite (directory.db), pgsql, mysql, ldap, or a program of your own" },
	{ "program", SETTING_TEXT, AT(program), "", 0, 0, NULL,
	    "Path of the engine's program; empty: beside this one, else in ../lib/staunch from there" },
	{ "children", SETTING_NUMBER, AT(children), "2", 1, 16, NULL,
	    "Processes that answer; with more than one, the first never checks passwords" },
	{ "timeout", SETTING_DURATION, AT(timeout_ms), "15s", 100, 600000, NULL,
	    "How long a question may take before it counts as a temporary failure" },
	{ "outstanding", SETTING_NUMBER, AT(outstanding), "1000", 1, 100000, NULL,
	    "Questions that may wait at the same time; more are temporary failures" },
	{ "cache", SETTING_DURATION, AT(cache_ms), "5s", 0, 3600000, NULL,
	    "How long an answer about a name is used again while directory.db does not change" },
	{ "login-cache", SETTING_DURATION, AT(login_cache_ms), "10m", 0, 86400000, NULL,
	    "How long a successful login is remembered (as a keyed hash); 0 checks each time" },
	{ "default-domain", SETTING_TEXT, AT(default_domain), "", 0, 0, NULL,
	    "Domain of login names that have none" },
	{ "separator", SETTING_TEXT, AT(separator), "+", 0, 0, NULL,
	    "Characters between user and tag in user+tag@domain; empty switches tags off" },
	{ "test-password", SETTING_SECRET, AT(test_password), "", 0, 0, NULL,
	    "For test programs only: every unknown name of a domain of ours logs in with this" },
};

const struct setting_section directory_section = { "directory", rows, ARRAY_LEN(rows),
	sizeof(struct directory_settings), false, "Accounts, addresses and passwords" };
