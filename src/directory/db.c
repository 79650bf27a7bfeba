#include "directory/db.h"

/* system */
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "directory/schema.h"
#include "store/sqlite_memory.h"
#include "sys/sys.h"

#define BUSY_MS        5000 /* how long to wait for another writer */
#define PATH_MAX_BYTES 4096

static const struct log db_log = { .room = "directory" };

static enum fail
complain(const struct db *db, const char *event)
{
	log_warn(&db_log, event, LOG_TEXT("reason", str_c(sqlite3_errmsg(db->handle))),
	    LOG_NUM("code", sqlite3_extended_errcode(db->handle)));
	return FAIL_TEMP;
}

/* --- statements ------------------------------------------------------------------------------ */

void
db_begin(struct db_query *q, struct db *db, const char *sql)
{
	*q = (struct db_query){ .db = db };
	if (sqlite3_prepare_v2(db->handle, sql, -1, &q->statement, NULL) != SQLITE_OK)
		q->fail = complain(db, "directory.sql");
}

void
db_prepare(struct db *db, const char *sql, struct sqlite3_stmt **out)
{
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) !=
	    SQLITE_OK)
		complain(db, "directory.sql");
}

void
db_free(struct sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
	*statement = NULL;
}

bool
db_wants(struct sqlite3_stmt *statement, size_t n)
{
	int count = sqlite3_bind_parameter_count(statement);

	for (int i = 1; i <= count; i++) {
		/* one of another kind keeps its name where it shares a number with one of ours */
		if (!str_starts(str_c(sqlite3_bind_parameter_name(statement, i)), STR("?")))
			return false;
	}
	return (size_t)count == n;
}

void
db_again(struct db_query *q, struct db *db, struct sqlite3_stmt *statement)
{
	*q = (struct db_query){ .db = db, .statement = statement, .is_kept = true };
	if (statement == NULL)
		q->fail = FAIL_TEMP;
}

void
db_bind_text(struct db_query *q, int at, struct str text)
{
	if (q->statement && text.n <= INT32_MAX)
		sqlite3_bind_text(q->statement, at, text.n ? text.p : "", (int)text.n,
		    SQLITE_STATIC);
}

void
db_bind_int(struct db_query *q, int at, int64_t n)
{
	if (q->statement)
		sqlite3_bind_int64(q->statement, at, n);
}

bool
db_next(struct db_query *q)
{
	if (q->statement == NULL || q->fail != FAIL_NONE)
		return false;
	switch (sqlite3_step(q->statement)) {
	case SQLITE_ROW: return true;
	case SQLITE_DONE: return false;
	}
	switch (sqlite3_extended_errcode(q->db->handle)) {
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_UNIQUE: q->fail = FAIL_DENIED; break;
	case SQLITE_CONSTRAINT_FOREIGNKEY: q->fail = FAIL_MISSING; break;
	default: q->fail = complain(q->db, "directory.sql"); break;
	}
	return false;
}

struct str
db_text(const struct db_query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->statement, column);

	return str_of(text, text ? (size_t)sqlite3_column_bytes(q->statement, column) : 0);
}

int64_t
db_int(const struct db_query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

int
db_columns(const struct db_query *q)
{
	return sqlite3_column_count(q->statement);
}

enum fail
db_end(struct db_query *q)
{
	if (q->is_kept && q->statement) {
		sqlite3_reset(q->statement);
		sqlite3_clear_bindings(q->statement);
	} else {
		sqlite3_finalize(q->statement);
	}
	q->statement = NULL;
	return q->fail;
}

/* How many of the two texts a statement asks for. */
static void
begin_with(struct db_query *q, struct db *db, const char *sql, struct str one, struct str two)
{
	int wanted;

	db_begin(q, db, sql);
	wanted = q->statement ? sqlite3_bind_parameter_count(q->statement) : 0;
	if (wanted >= 1)
		db_bind_text(q, 1, one);
	if (wanted >= 2)
		db_bind_text(q, 2, two);
}

enum fail
db_run(struct db *db, const char *sql, struct str one, struct str two)
{
	struct db_query q;

	begin_with(&q, db, sql, one, two);
	while (db_next(&q))
		continue;
	return db_end(&q);
}

enum fail
db_has(struct db *db, const char *sql, struct str one, struct str two)
{
	struct db_query q;
	bool has_row;
	enum fail fail;

	begin_with(&q, db, sql, one, two);
	has_row = db_next(&q);
	fail = db_end(&q);
	return fail == FAIL_NONE && !has_row ? FAIL_MISSING : fail;
}

int
db_changes(const struct db *db)
{
	return sqlite3_changes(db->handle);
}

/* --- opening --------------------------------------------------------------------------------- */

static enum fail
pragma(struct db *db, const char *sql, int64_t *out)
{
	struct db_query q;

	*out = 0;
	db_begin(&q, db, sql);
	if (db_next(&q))
		*out = db_int(&q, 0);
	return db_end(&q);
}

/* All of it or nothing. */
static enum fail
script(struct db *db, const char *sql)
{
	enum fail fail;

	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
		return FAIL_NONE;
	fail = complain(db, "directory.create");
	sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return fail;
}

/* A new file gets the tables; an old one must be ours and not newer than we are, and gets what it lacks. */
static enum fail
check_schema(struct db *db)
{
	int64_t application, version, tables;
	enum fail fail = pragma(db, "PRAGMA application_id", &application);

	if (fail == FAIL_NONE)
		fail = pragma(db, "PRAGMA user_version", &version);
	if (fail == FAIL_NONE)
		fail = pragma(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (fail != FAIL_NONE)
		return fail;
	if (application == DIRECTORY_APPLICATION && version == DIRECTORY_VERSION)
		return FAIL_NONE;
	if (application == DIRECTORY_APPLICATION && version == 1)
		return script(db, directory_schema_2);
	if (application != 0 || version != 0 || tables != 0) {
		log_error(&db_log, "directory.foreign", LOG_NUM("application", application),
		    LOG_NUM("version", version));
		return FAIL_PERM;
	}
	return script(db, directory_schema);
}

enum fail
db_open(struct db *db, struct str path)
{
	struct buf name;
	int fd;
	enum fail fail;

	*db = (struct db){ 0 };
	buf_init(&name, PATH_MAX_BYTES);
	buf_add(&name, path);
	fd = sys.open(buf_c(&name), O_RDWR | O_CREAT, 0600); /* passwords: for the owner alone */
	if (fd >= 0)
		sys.close(fd);
	if (fd < 0 || sqlite_memory_init() != FAIL_NONE ||
	    sqlite3_open_v2(buf_c(&name), &db->handle, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		log_error(&db_log, "directory.open", LOG_TEXT("path", path));
		buf_release(&name);
		db_close(db);
		return FAIL_TEMP;
	}
	buf_release(&name);
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	sqlite3_exec(db->handle, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", NULL, NULL,
	    NULL);
	fail = check_schema(db);
	if (fail != FAIL_NONE)
		db_close(db);
	return fail;
}

void
db_close(struct db *db)
{
	sqlite3_close(db->handle);
	db->handle = NULL;
}
