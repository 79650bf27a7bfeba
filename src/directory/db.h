/*
 * db.h - directory.db: its tables, and SQLite in our words. Private to the room.
 *
 * Statements are prepared, bound and stepped by few helpers; every error of SQLite is logged once here
 * and comes back as FAIL_TEMP (locked, full, damaged: it may work later) from db_end().
 */
#ifndef DIRECTORY_DB_H
#define DIRECTORY_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

struct sqlite3;
struct sqlite3_stmt;

struct db {
	struct sqlite3 *handle; /* own */
};

/* Open the file; made with its tables when missing. FAIL_PERM: not ours or newer; FAIL_TEMP: else. */
MUST_CHECK enum fail db_open(struct db *db, struct str path);
void db_close(struct db *db);

/* One statement at work. */
struct db_query {
	struct db *db;
	struct sqlite3_stmt *statement; /* own until db_end(); NULL after a failure */
	bool is_kept;                   /* the statement is somebody's, who asks it again */
	enum fail fail;
};

/* Prepare; parameters ?1, ?2 .. are then bound. Texts must live until db_end(). */
void db_begin(struct db_query *q, struct db *db, const char *sql);
void db_bind_text(struct db_query *q, int at, struct str text);
void db_bind_int(struct db_query *q, int at, int64_t n);

/* Prepare for many uses: *out is the caller's, to be freed before db_close(); NULL after a failure, which is logged. */
void db_prepare(struct db *db, const char *sql, struct sqlite3_stmt **out);
void db_free(struct sqlite3_stmt **statement);

/* Are its parameters ?1 to ?n, and no others? */
bool db_wants(struct sqlite3_stmt *statement, size_t n);

/* As db_begin() with such a statement; db_end() makes it ready for the next use. */
void db_again(struct db_query *q, struct db *db, struct sqlite3_stmt *statement);

/* The next row; false at the end and after a failure. Columns live until the next call. */
bool db_next(struct db_query *q);
struct str db_text(const struct db_query *q, int column);
int64_t db_int(const struct db_query *q, int column);
int db_columns(const struct db_query *q);

/* Give the statement back. FAIL_DENIED: a uniqueness rule; FAIL_MISSING: a reference leads nowhere. */
MUST_CHECK enum fail db_end(struct db_query *q);

/* A statement with up to two texts and no rows. */
MUST_CHECK enum fail db_run(struct db *db, const char *sql, struct str one, struct str two);

/* Does the query (with up to two texts) give a row? FAIL_NONE: yes; FAIL_MISSING: no. */
MUST_CHECK enum fail db_has(struct db *db, const char *sql, struct str one, struct str two);

/* Rows that the last statement changed. */
int db_changes(const struct db *db);

#endif
