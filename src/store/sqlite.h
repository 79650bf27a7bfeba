/*
 * sqlite.h - the SQLite engine as its own two files see it (private to the room).
 *
 * One table of keys and values, ordered by key, in a file with a write-ahead log. Statements are
 * prepared once. Checkpoints are ours alone (wal_autocheckpoint is 0) and always passive, so that
 * Litestream can follow.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "base/log.h"
#include "store/engine.h"

enum sqlite_statement {
	SQL_BEGIN,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE,
	SQL_RELEASE,
	SQL_RESTORE,
	SQL_GET,
	SQL_PUT,
	SQL_DELETE,
	SQL_DELETE_RANGE,
	SQL_DELETE_FROM,
	SQL_COUNT
};

/* Bit 1: backward; bit 0: the range has an end. */
#define SCAN_KINDS 4

struct engine_scan {
	struct engine *engine;    /* borrow */
	struct engine_scan *next; /* among the unused of its kind */
	sqlite3_stmt *statement;  /* own */
	unsigned kind;
};

struct engine {
	sqlite3 *db; /* own */
	sqlite3_stmt *statements[SQL_COUNT];
	struct engine_scan *unused[SCAN_KINDS]; /* own */
	bool is_memory;
	bool has_written; /* the commit under way put pages into the log */
	int wal_pages;    /* in the log after the last commit */
	int wal_due;      /* pages at which a checkpoint is due */
	int wal_next;     /* the same after a checkpoint that could not do all */
	bool is_replicated;
};

/* Map SQLite's code and log it once. */
enum fail sqlite_fail(const struct engine *e, int code, const char *event);

/* sqlite_open.c */
enum fail sqlite_open(struct engine **out, struct str path, const struct store_settings *settings,
    struct buf *errors);
void sqlite_close(struct engine **e);
enum fail sqlite_backup(struct engine *e, struct str path);
enum fail sqlite_verify(struct engine *e, struct buf *errors);
enum fail sqlite_get_schema(struct engine *e, uint32_t *out);
enum fail sqlite_set_schema(struct engine *e, uint32_t version);

#endif
