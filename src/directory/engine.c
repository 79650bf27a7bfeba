#include "directory/engine.h"

/* system */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* rooms */
#include "directory/directory.h"
#include "directory/ldap.h"
#include "directory/sql.h"

#define PATH_BYTES_MAX 4096

const struct directory_engine directory_engines[DIRECTORY_ENGINE_COUNT] = {
	[DIRECTORY_SQLITE] = { "directory.db", NULL, &directory_sqlite_section },
	[DIRECTORY_PGSQL] = { "PostgreSQL", "staunch-directory-pgsql", &directory_pgsql_section },
	[DIRECTORY_MYSQL] = { "MariaDB or MySQL", "staunch-directory-mysql",
	    &directory_mysql_section },
	[DIRECTORY_LDAP] = { "LDAP", "staunch-directory-ldap", &directory_ldap_section },
	[DIRECTORY_PROGRAM] = { "a program of your own", NULL, NULL },
};

const char *const directory_engine_words[] = {
	[DIRECTORY_SQLITE] = "sqlite",
	[DIRECTORY_PGSQL] = "pgsql",
	[DIRECTORY_MYSQL] = "mysql",
	[DIRECTORY_LDAP] = "ldap",
	[DIRECTORY_PROGRAM] = "program",
	[DIRECTORY_ENGINE_COUNT] = NULL,
};

static bool
may_execute(struct buf *path)
{
	return buf_ok(path) && access(buf_c(path), X_OK) == 0;
}

/* The folder of the running program, with "/" behind it; empty where /proc is not there. */
static void
write_own_folder(struct buf *out)
{
	char path[PATH_BYTES_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	struct str whole = str_of(path, n > 0 ? (size_t)n : 0);
	size_t slash = str_rfind_char(whole, '/');

	if (slash != STR_NONE)
		buf_add(out, str_head(whole, slash + 1));
}

static enum fail
find_ours(const char *name, struct buf *out, struct buf *why)
{
	static const char *const places[] = { "", "../lib/staunch/" };
	size_t start = out->n, folder;

	write_own_folder(out);
	folder = out->n;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		buf_rewind(out, folder);
		buf_add_c(out, places[i]);
		buf_add_c(out, name);
		if (may_execute(out))
			return FAIL_NONE;
	}
	buf_add_c(why, "[directory] engine: ");
	buf_add_c(why, name);
	buf_add_c(why, " is neither in ");
	buf_add(why, str_slice(buf_str(out), start, folder - start));
	buf_add_c(why, " nor in ");
	buf_add(why, str_slice(buf_str(out), start, out->n - start));
	buf_add_c(why, " (`make backends` makes it; [directory] program may name it)\n");
	buf_rewind(out, start);
	return FAIL_MISSING;
}

enum fail
engine_find_program(const struct directory_settings *settings, struct buf *out, struct buf *why)
{
	const struct directory_engine *engine = &directory_engines[settings->engine];

	if (!str_empty(settings->program)) {
		buf_add(out, settings->program);
		if (str_starts(settings->program, STR("/")) && may_execute(out))
			return FAIL_NONE;
		buf_add_c(why, "[directory] program: ");
		buf_add(why, settings->program);
		buf_add_c(why, ": ");
		buf_add_c(why,
		    str_starts(settings->program, STR("/")) ? strerror(errno)
							    : "write the whole path");
		buf_add_c(why, "\n");
		return FAIL_MISSING;
	}
	if (engine->program)
		return find_ours(engine->program, out, why);
	buf_add_c(why,
	    "[directory] engine = program needs the path of it in [directory] program\n");
	return FAIL_MISSING;
}

/* As the program does; but what is wrong with its settings stops the start, not the first mail. */
static enum fail
check_ldap(const struct directory_settings *settings, struct buf *why)
{
	struct buf line;
	enum fail fail;

	if (settings->engine != DIRECTORY_LDAP || settings->engine_values == NULL)
		return FAIL_NONE;
	buf_init(&line, PATH_BYTES_MAX);
	fail = ldap_settings_check(settings->engine_values, &line);
	if (fail != FAIL_NONE) {
		buf_add_c(why, "[directory-ldap] ");
		buf_add(why, buf_str(&line));
		buf_add_char(why, '\n');
	}
	buf_release(&line);
	return fail;
}

enum fail
directory_check(const struct directory_settings *settings, struct buf *why)
{
	struct buf path;
	enum fail fail = sql_check(settings, why);

	if (fail == FAIL_NONE)
		fail = check_ldap(settings, why);
	if (fail != FAIL_NONE || settings->engine == DIRECTORY_SQLITE)
		return fail;
	buf_init(&path, PATH_BYTES_MAX);
	fail = engine_find_program(settings, &path, why);
	buf_release(&path);
	return fail;
}
