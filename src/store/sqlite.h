/*
 * sqlite.h - the SQLite engine as its own three files see it (private to the room).
 *
 * One table of keys and values, ordered by key, in a file with a write-ahead log. Statements are
 * prepared once. Checkpoints are ours alone (wal_autocheckpoint is 0) and always passive, so that
 * Litestream can follow. Unless it does, a turn is durable by the redo log, and SQLite commits many
 * turns at once (sqlite_batch.c).
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "base/log.h"
#include "store/engine.h"
#include "store/redo.h"

enum sqlite_statement {
	SQL_BEGIN,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE,
	SQL_RELEASE,
	SQL_RESTORE,
	SQL_TURN,
	SQL_UNDO_TURN,
	SQL_END_TURN,
	SQL_GET,
	SQL_PUT,
	SQL_DELETE,
	SQL_DELETE_RANGE,
	SQL_DELETE_FROM,
	SQL_COUNT
};

#define SQLITE_PATH_MAX 4096

/* When the redo log should have been flushed, and is so many times as large, turns do it themselves. */
#define REDO_PATIENCE 4

/* The same of a log of which most passes through: that makes no pages. Not more, so that turns need no patience. */
#define REDO_PASSING 3

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

	struct redo *redo;    /* own; NULL: each turn is a transaction of SQLite's */
	struct buf redo_path; /* own */
	struct birth redo_file;
	bool has_counted;      /* at the open, the store counted on a redo log */
	uint64_t redo_due;     /* bytes in it at which a flush is due */
	uint64_t passing;      /* bytes in it of keys that pass, and are nowhere else */
	uint64_t turn_passing; /* the same of this turn */
	bool has_kept;         /* the file, or the batch, has some that passed before */
	bool has_batch;        /* SQLite's transaction is open, for many turns */
	bool is_turn;          /* and a turn writes in it: its savepoint is set */
	bool is_direct;        /* this turn did what the redo log does not have */
	bool is_suspect;       /* a write of this turn failed: SQLite may keep what the run undid */
	bool is_lost;          /* SQLite dropped the batch: the redo log has it */
	bool is_doubtful;      /* the last COMMIT failed, and may be on the disk all the same */
	size_t *marks;         /* own; where the saves of the turn are in its redo record */
	size_t mark_count, mark_cap;
};

/* Map SQLite's code and log it once. */
enum fail sqlite_fail(const struct engine *e, int code, const char *event);

/* sqlite.c: run a statement that gives no rows; `key` and `value` when it has places for them. */
enum fail sqlite_execute(struct engine *e, enum sqlite_statement which, const struct str *key,
    const struct str *value);
enum fail sqlite_put(struct engine *e, struct str key,
    struct str value); /* into the redo record, too */
enum fail sqlite_delete_range(struct engine *e, struct str from, struct str to);
enum fail sqlite_get(struct engine *e, struct str key, struct buf *value_out);

/* sqlite_batch.c */
enum fail sqlite_begin(struct engine *e, bool is_write);
enum fail sqlite_commit(struct engine *e, bool *wrote_out);
void sqlite_rollback(struct engine *e);
enum fail sqlite_save(struct engine *e);
enum fail sqlite_release(struct engine *e);
enum fail sqlite_restore(struct engine *e);
enum fail sqlite_open_redo(struct engine *e, struct str store_path);
enum fail sqlite_settle(struct engine *e);
bool sqlite_companion(const struct engine *e, struct birth *out);
enum fail sqlite_flush(struct engine *e); /* between turns: all that is durable into the file */
enum fail sqlite_pass(struct engine *e, struct str key, struct str value);
enum fail sqlite_keep(struct engine *e);
bool sqlite_passed(struct engine *e);
bool sqlite_has_unflushed(const struct engine *e);
bool sqlite_is_usable(const struct engine *e); /* false: reading would give an older state */

/* sqlite_open.c */
enum fail sqlite_open(struct engine **out, struct str path, const struct store_settings *settings,
    struct buf *errors);
void sqlite_close(struct engine **e);
enum fail sqlite_backup(struct engine *e, struct str path);
enum fail sqlite_verify(struct engine *e, struct buf *errors);
enum fail sqlite_get_schema(struct engine *e, uint32_t *out);
enum fail sqlite_set_schema(struct engine *e, uint32_t version);

#endif
