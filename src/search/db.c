/* The file of the index: opening, setting aside, transactions, how far each account is. */
#include "search/inner.h"

/* system */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "store/sqlite_vfs.h"
#include "sys/sys.h"

#define PATH_BYTES_MAX 4096
#define APPLICATION_ID 0x53746e69 /* "Stni" */
#define SUM_BYTES      4
#define TEXT_OF(n)     #n
#define NUMBER(n)      TEXT_OF(n)

/*
 * The log keeps the file whole without syncs at each commit; after a power cut the last commits may be missing,
 * which the marks tell. Nobody else opens it: no shared memory, no locks.
 */
static const char setup[] = "PRAGMA locking_mode = EXCLUSIVE;"
			    "PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = NORMAL;"
			    "PRAGMA journal_size_limit = 4194304;"
			    "PRAGMA cache_size = -2048;"
			    "PRAGMA temp_store = MEMORY;";

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE fresh (id INTEGER PRIMARY KEY, grams BLOB NOT NULL);"
    "CREATE TABLE page (id INTEGER PRIMARY KEY, grams BLOB NOT NULL);"
    "CREATE TABLE mark (account INTEGER PRIMARY KEY, done INTEGER NOT NULL, rows INTEGER NOT NULL);"
    "PRAGMA application_id = " NUMBER(APPLICATION_ID) ";"
						      "PRAGMA user_version = " NUMBER(
							  SEARCH_FORM) ";"
								       "COMMIT;";

static const char *const texts[SQL_COUNT] = {
	[SQL_PUT_FRESH] = "INSERT OR REPLACE INTO fresh(id, grams) VALUES(?1, ?2)",
	[SQL_GET_FRESH] = "SELECT id, grams FROM fresh WHERE id >= ?1 AND id <= ?2 ORDER BY id",
	[SQL_DROP_FRESH] = "DELETE FROM fresh WHERE id >= ?1 AND id <= ?2",
	[SQL_PUT_PAGE] = "INSERT OR REPLACE INTO page(id, grams) VALUES(?1, ?2)",
	[SQL_GET_PAGE] = "SELECT grams FROM page WHERE id = ?1",
	[SQL_NEXT_PAGE] = "SELECT id FROM page WHERE id >= ?1 AND id <= ?2 ORDER BY id LIMIT 1",
	[SQL_DROP_PAGES] = "DELETE FROM page WHERE id >= ?1 AND id <= ?2",
	[SQL_MARK] = "SELECT done, rows FROM mark WHERE account = ?1",
	[SQL_SET_MARK] = "INSERT OR REPLACE INTO mark(account, done, rows) VALUES(?1, ?2, ?3)",
	[SQL_DROP_MARK] = "DELETE FROM mark WHERE account = ?1",
	[SQL_NEXT_MARK] = "SELECT account FROM mark WHERE account > ?1 ORDER BY account LIMIT 1",
};

/* --- failures ----------------------------------------------------------------------------------------------- */

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static void
undo(struct search *s)
{
	if (s->db && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->is_writing = false;
}

/* What memory knows of accounts may have been undone: it is read again, behind all else. */
enum fail
search_db_fail(struct search *s, int code)
{
	log_error(&s->log, "search.sqlite", LOG_TEXT("cause", str_c(sqlite3_errstr(code))),
	    LOG_NUM("code", code));
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_reset(s->statements[i]);
	undo(s);
	/* SQLITE_ERROR: tables are missing. */
	if (is_damage(code) || (code & 0xff) == SQLITE_ERROR)
		s->is_broken = true;
	s->retry_at_ms = clock_mono_ms() + (s->is_broken ? 0 : SEARCH_RETRY_MS);
	search_wake(s, s->is_broken ? 0 : SEARCH_RETRY_MS);
	return FAIL_TEMP;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

/* The one number that a query gives. */
static int
number(struct search *s, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);

	*out = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Ours and of this form, new, or SQLITE_NOTADB: to be set aside. */
static int
claim(struct search *s)
{
	int64_t owner = 0, form = 0, count = 0;
	int code = number(s, "PRAGMA application_id", &owner);

	if (code == SQLITE_OK)
		code = number(s, "PRAGMA user_version", &form);
	if (code == SQLITE_OK)
		code = number(s, "SELECT count(*) FROM sqlite_schema", &count);
	if (code != SQLITE_OK || (owner == APPLICATION_ID && form == SEARCH_FORM))
		return code;
	return owner == 0 && count == 0 ? sqlite3_exec(s->db, tables, NULL, NULL, NULL)
					: SQLITE_NOTADB;
}

static int
try_open(struct search *s)
{
	int code = sqlite3_open_v2(buf_c(&s->path), &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SQLITE_VFS_NAME);

	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = claim(s);
	for (size_t i = 0; i < SQL_COUNT && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
		    &s->statements[i], NULL);
	return code;
}

void
search_db_close(struct search *s)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	undo(s);
	invariant(sqlite3_close(s->db) == SQLITE_OK);
	s->db = NULL;
}

/* "index.db" becomes "index.db.broken", in place of an older one. */
static void
set_aside(struct search *s)
{
	static const char *const rest[] = { "-wal", "-shm", "-journal" };
	struct buf other;

	buf_init(&other, PATH_BYTES_MAX);
	buf_add(&other, buf_str(&s->path));
	buf_add_c(&other, ".broken");
	if (s->is_unwanted ? sys.unlink(buf_c(&s->path)) != 0
			   : sys.rename(buf_c(&s->path), buf_c(&other)) != 0)
		log_warn(&s->log, "search.aside", LOG_NUM("errno", errno));
	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		buf_clear(&other);
		buf_add(&other, buf_str(&s->path));
		buf_add_c(&other, rest[i]);
		(void)sys.unlink(buf_c(&other));
	}
	s->is_unwanted = false;
	buf_release(&other);
}

enum fail
search_db_open(struct search *s)
{
	int code = sqlite_vfs_init() == FAIL_NONE ? try_open(s) : SQLITE_ERROR;

	s->is_broken = false;
	if (is_damage(code) || (code & 0xff) == SQLITE_ERROR) {
		log_warn(&s->log, "search.renewed", LOG_TEXT("file", buf_str(&s->path)),
		    LOG_TEXT("why", str_c(sqlite3_errstr(code))));
		search_db_close(s);
		set_aside(s);
		s->status.renewed++;
		code = try_open(s);
	}
	s->generation++;
	if (code == SQLITE_OK)
		return FAIL_NONE;
	log_error(&s->log, "search.unusable", LOG_TEXT("cause", str_c(sqlite3_errstr(code))),
	    LOG_TEXT("so", STR("searches read every message")));
	search_db_close(s);
	return FAIL_TEMP;
}

void
search_db_renew(struct search *s)
{
	search_db_close(s);
	set_aside(s);
	s->status.renewed++;
	if (search_db_open(s) == FAIL_NONE)
		log_info(&s->log, "search.renewed", LOG_TEXT("file", buf_str(&s->path)));
}

/* --- statements --------------------------------------------------------------------------------------------- */

struct sqlite3_stmt *
search_db_statement(struct search *s, enum search_sql which)
{
	return s->statements[which];
}

enum fail
search_db_run(struct search *s, struct sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? FAIL_NONE : search_db_fail(s, code);
}

/* FNV-1a over words of eight bytes: damage is found, not malice. */
static uint32_t
sum_of(struct str bytes, int64_t row)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)row, word;

	for (; bytes.n >= sizeof word; bytes = str_from(bytes, sizeof word)) {
		memcpy(&word, bytes.p, sizeof word);
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 32;
	}
	for (size_t i = 0; i < bytes.n; i++)
		sum = (sum ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(sum ^ sum >> 32);
}

enum fail
search_db_put(struct search *s, enum search_sql which, int64_t row, struct str bytes)
{
	sqlite3_stmt *put = search_db_statement(s, which);
	uint32_t sum = sum_of(bytes, row);

	buf_clear(&s->row);
	buf_add(&s->row, bytes);
	buf_add(&s->row, str_of((const char *)&sum, SUM_BYTES));
	sqlite3_bind_int64(put, 1, row);
	sqlite3_bind_blob(put, 2, buf_str(&s->row).p, (int)s->row.n, SQLITE_STATIC);
	return search_db_run(s, put);
}

bool
search_db_content(struct search *s, struct sqlite3_stmt *statement, int at, int64_t row,
    struct str *out)
{
	const void *bytes = sqlite3_column_blob(statement, at);
	size_t n = (size_t)sqlite3_column_bytes(statement, at);
	uint32_t sum;

	*out = str_of(bytes, n < SUM_BYTES ? 0 : n - SUM_BYTES);
	if (n >= SUM_BYTES) {
		memcpy(&sum, out->p + out->n, SUM_BYTES);
		if (sum == sum_of(*out, row))
			return true;
	}
	(void)search_db_fail(s, SQLITE_CORRUPT);
	return false;
}

void
search_db_due(struct search *s)
{
	if (!s->has_news)
		s->commit_at_ms = clock_mono_ms() + SEARCH_BATCH_MS;
	s->has_news = true;
}

enum fail
search_db_begin(struct search *s)
{
	int code;

	if (s->is_writing)
		return FAIL_NONE;
	code = sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return search_db_fail(s, code);
	s->is_writing = true;
	search_db_due(s);
	return FAIL_NONE;
}

enum fail
search_db_commit(struct search *s)
{
	int code = s->is_writing ? sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) : SQLITE_OK;

	if (code != SQLITE_OK)
		return search_db_fail(s, code);
	s->is_writing = s->has_news = false;
	return FAIL_NONE;
}

/* --- marks -------------------------------------------------------------------------------------------------- */

bool
search_can_have(uint64_t account, uint64_t email)
{
	return account >> (62 - SEARCH_EMAIL_BITS) == 0 && email >> SEARCH_EMAIL_BITS == 0;
}

int64_t
search_fresh_row(uint64_t account, uint64_t email)
{
	return (int64_t)(account << SEARCH_EMAIL_BITS | email);
}

int64_t
search_page_row(uint64_t account, uint64_t chunk, unsigned page)
{
	return (int64_t)((account << (SEARCH_EMAIL_BITS - CHUNK_BITS) | chunk) << SEARCH_PAGE_BITS |
	    page);
}

enum fail
search_mark_get(struct search *s, uint64_t account, uint64_t *done_out, uint64_t *rows_out)
{
	sqlite3_stmt *mark = search_db_statement(s, SQL_MARK);
	int code;

	*done_out = *rows_out = 0;
	sqlite3_bind_int64(mark, 1, (int64_t)account);
	code = sqlite3_step(mark);
	if (code == SQLITE_ROW) {
		*done_out = (uint64_t)sqlite3_column_int64(mark, 0);
		*rows_out = (uint64_t)sqlite3_column_int64(mark, 1);
	}
	sqlite3_reset(mark);
	if (code == SQLITE_ROW)
		return FAIL_NONE;
	return code == SQLITE_DONE ? FAIL_MISSING : search_db_fail(s, code);
}

enum fail
search_mark_set(struct search *s, uint64_t account, uint64_t done, uint64_t rows)
{
	sqlite3_stmt *mark = search_db_statement(s, SQL_SET_MARK);

	sqlite3_bind_int64(mark, 1, (int64_t)account);
	sqlite3_bind_int64(mark, 2, (int64_t)done);
	sqlite3_bind_int64(mark, 3, (int64_t)rows);
	return search_db_run(s, mark);
}
