#include "store/sqlite.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "store/inner.h"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVE] = "SAVEPOINT s",
	[SQL_RELEASE] = "RELEASE s",
	[SQL_RESTORE] = "ROLLBACK TO s",
	[SQL_TURN] = "SAVEPOINT t",
	[SQL_UNDO_TURN] = "ROLLBACK TO t",
	[SQL_END_TURN] = "RELEASE t",
	[SQL_GET] = "SELECT value FROM kv WHERE key = ?1",
	[SQL_PUT] = "INSERT OR REPLACE INTO kv (key, value) VALUES (?1, ?2)",
	[SQL_DELETE] = "DELETE FROM kv WHERE key = ?1",
	[SQL_DELETE_RANGE] = "DELETE FROM kv WHERE key >= ?1 AND key < ?2",
	[SQL_DELETE_FROM] = "DELETE FROM kv WHERE key >= ?1",
};

static const char *const scan_texts[SCAN_KINDS] = {
	"SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key",
	"SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key",
	"SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key DESC",
	"SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC",
};

enum fail
sqlite_fail(const struct engine *e, int code, const char *event)
{
	bool is_damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;

	log_error(&store_log, event, LOG_TEXT("cause", str_c(sqlite3_errstr(code))),
	    LOG_NUM("code", code), LOG_NUM("errno", e->db ? sqlite3_system_errno(e->db) : 0));
	return is_damaged ? FAIL_PERM : FAIL_TEMP;
}

/* --- statements ---------------------------------------------------------------------------- */

static enum fail
prepare(struct engine *e, const char *text, sqlite3_stmt **out)
{
	int code = sqlite3_prepare_v3(e->db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	return code == SQLITE_OK ? FAIL_NONE : sqlite_fail(e, code, "store.sqlite.prepare");
}

static enum fail
statement(struct engine *e, enum sqlite_statement which, sqlite3_stmt **out)
{
	enum fail fail = FAIL_NONE;

	if (e->statements[which] == NULL)
		fail = prepare(e, texts[which], &e->statements[which]);
	*out = e->statements[which];
	return fail;
}

/* Bytes stay the caller's, who outlives the step. An empty value is empty, not NULL. */
static void
bind_bytes(sqlite3_stmt *stmt, int at, struct str s)
{
	sqlite3_bind_blob(stmt, at, s.n ? s.p : "", (int)s.n, SQLITE_STATIC);
}

enum fail
sqlite_execute(struct engine *e, enum sqlite_statement which, const struct str *key,
    const struct str *value)
{
	sqlite3_stmt *stmt;
	enum fail fail = statement(e, which, &stmt);
	int code;

	if (fail != FAIL_NONE)
		return fail;
	if (key != NULL)
		bind_bytes(stmt, 1, *key);
	if (value != NULL)
		bind_bytes(stmt, 2, *value);
	code = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return code == SQLITE_DONE ? FAIL_NONE : sqlite_fail(e, code, "store.sqlite.write");
}

static bool
in_transaction(struct engine *e)
{
	return sqlite3_get_autocommit(e->db) == 0;
}

/* --- keys and values ----------------------------------------------------------------------- */

static struct str
column(sqlite3_stmt *stmt, int at)
{
	const void *p = sqlite3_column_blob(stmt, at);

	return str_of(p, (size_t)sqlite3_column_bytes(stmt, at));
}

enum fail
sqlite_get(struct engine *e, struct str key, struct buf *value_out)
{
	sqlite3_stmt *stmt;
	enum fail fail = statement(e, SQL_GET, &stmt);
	int code;

	if (fail != FAIL_NONE)
		return fail;
	bind_bytes(stmt, 1, key);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		buf_add(value_out, column(stmt, 0));
		if (!buf_ok(value_out))
			fail = sqlite_fail(e, SQLITE_CORRUPT, "store.sqlite.value");
	} else {
		fail =
		    code == SQLITE_DONE ? FAIL_MISSING : sqlite_fail(e, code, "store.sqlite.get");
	}
	sqlite3_reset(stmt);
	return fail;
}

static enum fail
get(struct engine *e, struct str key, struct buf *value_out)
{
	return sqlite_is_usable(e) ? sqlite_get(e, key, value_out) : FAIL_TEMP;
}

enum fail
sqlite_delete_range(struct engine *e, struct str from, struct str to)
{
	if (to.n == 0)
		return sqlite_execute(e, SQL_DELETE_FROM, &from, NULL);
	return sqlite_execute(e, SQL_DELETE_RANGE, &from, &to);
}

/* What went well goes into the turn's redo record. */
static enum fail
wrote(struct engine *e, enum fail fail, enum redo_kind kind, struct str key, struct str value)
{
	if (fail == FAIL_NONE && e->redo != NULL)
		redo_add(e->redo, kind, key, value);
	e->is_suspect |= fail != FAIL_NONE;
	return fail;
}

enum fail
sqlite_put(struct engine *e, struct str key, struct str value)
{
	return wrote(e, sqlite_execute(e, SQL_PUT, &key, &value), REDO_PUT, key, value);
}

static enum fail
del(struct engine *e, struct str key)
{
	return wrote(e, sqlite_execute(e, SQL_DELETE, &key, NULL), REDO_DELETE, key,
	    (struct str){ 0 });
}

static enum fail
del_range(struct engine *e, struct str from, struct str to)
{
	return wrote(e, sqlite_delete_range(e, from, to), REDO_DELETE_RANGE, from, to);
}

/* --- scans --------------------------------------------------------------------------------- */

static enum fail
scan_begin(struct engine *e, struct str from, struct str to, bool is_backward,
    struct engine_scan **out)
{
	unsigned kind = (is_backward ? 2u : 0u) | (to.n > 0 ? 1u : 0u);
	struct engine_scan *scan = e->unused[kind];
	enum fail fail;

	if (scan != NULL) {
		e->unused[kind] = scan->next;
	} else {
		scan = mem_new(1, sizeof *scan);
		*scan = (struct engine_scan){ .engine = e, .kind = kind };
		fail = prepare(e, scan_texts[kind], &scan->statement);
		if (fail != FAIL_NONE) {
			mem_free(scan);
			return fail;
		}
	}
	bind_bytes(scan->statement, 1, from);
	if (to.n > 0)
		bind_bytes(scan->statement, 2, to);
	*out = scan;
	return FAIL_NONE;
}

static enum fail
scan_next(struct engine_scan *scan, struct str *key, struct str *value)
{
	int code;

	if (!sqlite_is_usable(scan->engine))
		return FAIL_TEMP;
	code = sqlite3_step(scan->statement);
	if (code == SQLITE_DONE)
		return FAIL_MISSING;
	if (code != SQLITE_ROW)
		return sqlite_fail(scan->engine, code, "store.sqlite.scan");
	*key = column(scan->statement, 0);
	*value = column(scan->statement, 1);
	return FAIL_NONE;
}

static void
scan_end(struct engine_scan *scan)
{
	sqlite3_reset(scan->statement);
	scan->next = scan->engine->unused[scan->kind];
	scan->engine->unused[scan->kind] = scan;
}

/* --- checkpoints --------------------------------------------------------------------------- */

static bool
has_log(const struct engine *e)
{
	return e->redo != NULL;
}

static bool
is_redo_due(const struct engine *e)
{
	return sqlite_has_unflushed(e) &&
	    (redo_bytes(e->redo) >= e->redo_due + e->passing ||
		redo_bytes(e->redo) >= e->redo_due * REDO_PASSING);
}

static int
upkeep_due(const struct engine *e)
{
	if (e->is_memory || (e->wal_pages == 0 && !sqlite_has_unflushed(e)))
		return 0;
	if (e->wal_pages >= e->wal_next || is_redo_due(e))
		return 2;
	return e->is_replicated ? 0 : 1;
}

/*
 * Copy what the log has into the file. Passive: whoever reads an older state (Litestream) stops it
 * part way; then the next try comes when the log grew by another half of the threshold. A log that
 * long, where Litestream is to keep it short, says that it does not run, or hangs.
 */
static void
checkpoint(struct engine *e)
{
	int in_log = 0, done = 0;
	int64_t pages = e->wal_pages;
	int code =
	    sqlite3_wal_checkpoint_v2(e->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &done);

	if (code != SQLITE_OK && code != SQLITE_BUSY)
		(void)sqlite_fail(e, code, "store.sqlite.checkpoint");
	if (code == SQLITE_OK && done == in_log) {
		e->wal_pages = 0;
		e->wal_next = e->wal_due;
	} else {
		e->wal_next = e->wal_pages + e->wal_due / 2;
	}
	if (e->is_replicated)
		log_warn(&store_log, "store.log.long", LOG_NUM("pages", pages),
		    LOG_TEXT("reason",
			e->wal_pages == 0 ? STR("Litestream does not run; the log is folded in")
					  : STR("Litestream, or another reader, holds on to it")));
}

/* Under load the flush and the checkpoint are done when each is due, idle both. */
static void
upkeep(struct engine *e)
{
	bool is_soon = is_redo_due(e) && e->wal_pages < e->wal_next;

	if (sqlite_flush(e) == FAIL_NONE && (!is_soon || e->wal_pages >= e->wal_next))
		checkpoint(e);
}

const struct engine_ops sqlite_engine = {
	.open = sqlite_open,
	.close = sqlite_close,
	.schema = sqlite_get_schema,
	.set_schema = sqlite_set_schema,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.in_transaction = in_transaction,
	.save = sqlite_save,
	.release = sqlite_release,
	.restore = sqlite_restore,
	.get = get,
	.put = sqlite_put,
	.del = del,
	.del_range = del_range,
	.scan_begin = scan_begin,
	.scan_next = scan_next,
	.scan_end = scan_end,
	.has_log = has_log,
	.pass = sqlite_pass,
	.keep = sqlite_keep,
	.passed = sqlite_passed,
	.upkeep_due = upkeep_due,
	.upkeep = upkeep,
	.companion = sqlite_companion,
	.settle = sqlite_settle,
	.backup = sqlite_backup,
	.verify = sqlite_verify,
};
