/* Opening, closing, copying and verifying the file. */
#include "store/sqlite.h"

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "store/inner.h"
#include "store/sqlite_vfs.h"
#include "sys/sys.h"

#define APPLICATION_ID 0x53746e63 /* "Stnc": says to whom the file belongs */
#define SQLITE_SOUND   3051003    /* before it, the log could be damaged under two processes */
#define BACKSTOP_BYTES (INT64_C(256) << 20) /* log size at which we step in for Litestream */
#define REDO_SHARE     4    /* of the log's size: what is done again after a crash stays short */
#define VERIFY_LINES   "10" /* what is wrong, at most */

static const char setup[] = "PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = FULL;"
			    "PRAGMA wal_autocheckpoint = 0;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;";

const char *
store_engine_version(void)
{
	return "SQLite " SQLITE_VERSION;
}

const char *
store_engine_warning(void)
{
	if (sqlite3_libversion_number() >= SQLITE_SOUND)
		return "";
	return "this SQLite is older than 3.51.3: its log can be damaged when another process "
	       "(Litestream) has the file open";
}

/* --- small helpers ------------------------------------------------------------------------- */

static void
say(struct buf *errors, struct str path, const char *text)
{
	if (errors == NULL)
		return;
	buf_add(errors, path);
	buf_add_c(errors, ": ");
	buf_add_c(errors, text);
	buf_add_char(errors, '\n');
}

/* The one number that a PRAGMA or query gives. */
static enum fail
number(struct engine *e, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(e->db, sql, -1, &stmt, NULL);

	*out = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? FAIL_NONE : sqlite_fail(e, code, "store.sqlite.open");
}

static enum fail
script(struct engine *e, const char *sql)
{
	int code = sqlite3_exec(e->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? FAIL_NONE : sqlite_fail(e, code, "store.sqlite.open");
}

/* "PRAGMA name = n" */
static enum fail
pragma(struct engine *e, const char *name, int64_t n)
{
	struct buf sql;
	enum fail fail;

	buf_init(&sql, 256);
	buf_add_c(&sql, "PRAGMA ");
	buf_add_c(&sql, name);
	buf_add_c(&sql, " = ");
	buf_add_i64(&sql, n);
	fail = script(e, buf_c(&sql));
	buf_release(&sql);
	return fail;
}

/* --- open ---------------------------------------------------------------------------------- */

/* After each commit SQLite says how long the log is now. */
static int
on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct engine *e = arg;

	(void)db;
	(void)name;
	e->wal_pages = pages;
	e->has_written = true;
	return SQLITE_OK;
}

/* Whose file is it? A new one becomes ours. */
static enum fail
claim(struct engine *e, struct str path, struct buf *errors)
{
	int64_t owner, tables;
	enum fail fail = number(e, "PRAGMA application_id", &owner);

	if (fail == FAIL_NONE)
		fail = number(e, "SELECT count(*) FROM sqlite_schema", &tables);
	if (fail != FAIL_NONE)
		return fail;
	if (owner == APPLICATION_ID)
		return FAIL_NONE;
	if (owner != 0 || tables != 0) {
		say(errors, path, "is the file of another program");
		return FAIL_PERM;
	}
	fail = script(e,
	    "BEGIN IMMEDIATE;"
	    "CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
	if (fail == FAIL_NONE)
		fail = pragma(e, "application_id", APPLICATION_ID);
	return fail == FAIL_NONE ? script(e, "COMMIT") : fail;
}

/* SQLite keeps another journal mode silently where it cannot have the log. */
static enum fail
check_log(struct engine *e)
{
	int64_t is_other;
	enum fail fail =
	    number(e, "SELECT journal_mode <> 'wal' FROM pragma_journal_mode", &is_other);

	if (fail == FAIL_NONE && is_other)
		fail = sqlite_fail(e, SQLITE_CANTOPEN, "store.sqlite.no_log");
	return fail;
}

static enum fail
configure(struct engine *e, const struct store_settings *settings)
{
	int64_t page = 4096;
	enum fail fail;

	sqlite3_extended_result_codes(e->db, 1);
	sqlite3_busy_timeout(e->db, STORE_BUSY_MS);
	sqlite3_db_config(e->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)settings->is_replicated,
	    NULL);
	fail = script(e, setup);
	if (fail == FAIL_NONE && !e->is_memory)
		fail = check_log(e);
	if (fail == FAIL_NONE)
		fail = pragma(e, "cache_size", -(settings->cache_bytes / 1024));
	if (fail == FAIL_NONE)
		fail = pragma(e, "journal_size_limit", settings->wal_bytes * 4);
	if (fail == FAIL_NONE)
		fail = number(e, "PRAGMA page_size", &page);
	if (page <= 0)
		page = 4096;
	e->is_replicated = settings->is_replicated;
	e->wal_due = (int)(size_max((size_t)settings->wal_bytes,
			       e->is_replicated ? (size_t)BACKSTOP_BYTES : 0) /
	    (size_t)page);
	e->wal_next = e->wal_due;
	e->redo_due = (uint64_t)settings->wal_bytes / REDO_SHARE;
	sqlite3_wal_hook(e->db, on_commit, e);
	return fail;
}

enum fail
sqlite_open(struct engine **out, struct str path, const struct store_settings *settings,
    struct buf *errors)
{
	struct engine *e = mem_new(1, sizeof *e);
	struct buf c_path;
	enum fail fail = sqlite_vfs_init();
	int code;

	*out = e;
	if (fail != FAIL_NONE)
		return fail;
	e->is_memory = str_eq(path, STR(":memory:"));
	buf_init(&c_path, SQLITE_PATH_MAX);
	buf_add(&c_path, path);
	code = sqlite3_open_v2(buf_ok(&c_path) ? buf_c(&c_path) : "", &e->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SQLITE_VFS_NAME);
	buf_release(&c_path);
	if (code == SQLITE_OK && sqlite3_db_readonly(e->db, "main") == 1)
		code = SQLITE_READONLY; /* SQLite opens it for reading where it cannot write */
	if (code != SQLITE_OK)
		fail = sqlite_fail(e, code, "store.sqlite.open");
	if (fail == FAIL_NONE)
		fail = configure(e, settings);
	if (fail == FAIL_NONE)
		fail = claim(e, path, errors);
	if (fail == FAIL_NONE && !e->is_memory)
		fail = sqlite_open_redo(e, path);
	if (fail != FAIL_NONE && (errors == NULL || errors->n == 0))
		say(errors, path,
		    fail == FAIL_PERM ? "is damaged, or no store" : "cannot be opened or written");
	return fail;
}

void
sqlite_close(struct engine **engine)
{
	struct engine *e = *engine;

	if (e->db != NULL)
		(void)sqlite_flush(e); /* where it fails, the redo log has it */
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(e->statements[i]);
	for (size_t i = 0; i < SCAN_KINDS; i++) {
		while (e->unused[i] != NULL) {
			struct engine_scan *scan = e->unused[i];

			e->unused[i] = scan->next;
			sqlite3_finalize(scan->statement);
			mem_free(scan);
		}
	}
	invariant(sqlite3_close(e->db) == SQLITE_OK);
	redo_close(&e->redo);
	buf_release(&e->redo_path);
	mem_free(e->marks);
	mem_free(e);
	*engine = NULL;
}

enum fail
sqlite_get_schema(struct engine *e, uint32_t *out)
{
	int64_t n;
	enum fail fail = number(e, "PRAGMA user_version", &n);

	*out = (uint32_t)n;
	return fail;
}

enum fail
sqlite_set_schema(struct engine *e, uint32_t version)
{
	e->is_direct = e->has_batch;
	return pragma(e, "user_version", version);
}

/* --- copy and verify ----------------------------------------------------------------------- */

/* SQLite's online backup into a fresh file, synced by its own commit. */
static enum fail
copy_to(struct engine *e, const char *path)
{
	sqlite3 *to = NULL;
	sqlite3_backup *backup = NULL;
	int code =
	    sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SQLITE_VFS_NAME);

	if (code == SQLITE_OK)
		backup = sqlite3_backup_init(to, "main", e->db, "main");
	if (backup != NULL) {
		code = sqlite3_backup_step(backup, -1);
		sqlite3_backup_finish(backup);
	} else if (code == SQLITE_OK) {
		code = sqlite3_errcode(to);
	}
	sqlite3_close(to);
	return code == SQLITE_DONE ? FAIL_NONE : sqlite_fail(e, code, "store.sqlite.backup");
}

enum fail
sqlite_backup(struct engine *e, struct str path)
{
	struct buf part, whole;
	enum fail fail = sqlite_flush(e);

	if (fail != FAIL_NONE)
		return fail;
	fail = FAIL_LIMIT;
	buf_init(&part, SQLITE_PATH_MAX);
	buf_init(&whole, SQLITE_PATH_MAX);
	buf_add(&whole, path);
	buf_add(&part, path);
	buf_add_c(&part, ".part");
	if (buf_ok(&part) && buf_ok(&whole)) {
		(void)sys.unlink(buf_c(&part));
		fail = copy_to(e, buf_c(&part));
		if (fail == FAIL_NONE && sys.rename(buf_c(&part), buf_c(&whole)) != 0)
			fail = fail_because(&store_log, FAIL_TEMP, "store.backup.rename", errno);
		if (fail == FAIL_NONE)
			fail = sqlite_vfs_sync_folder(buf_c(&whole));
		else
			(void)sys.unlink(buf_c(&part));
	}
	buf_release(&part);
	buf_release(&whole);
	return fail;
}

enum fail
sqlite_verify(struct engine *e, struct buf *errors)
{
	sqlite3_stmt *stmt = NULL;
	enum fail fail = FAIL_NONE;
	int code =
	    sqlite3_prepare_v2(e->db, "PRAGMA integrity_check(" VERIFY_LINES ")", -1, &stmt, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(stmt);
		if (code != SQLITE_ROW)
			break;
		if (str_eq(str_c((const char *)sqlite3_column_text(stmt, 0)), STR("ok")))
			continue;
		fail = FAIL_PERM;
		say(errors, STR("store"), (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? fail : sqlite_fail(e, code, "store.sqlite.verify");
}
