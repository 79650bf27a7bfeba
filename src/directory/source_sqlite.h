/*
 * source_sqlite.h - directory.db as a source. Private to the room.
 */
#ifndef DIRECTORY_SOURCE_SQLITE_H
#define DIRECTORY_SOURCE_SQLITE_H

#include "directory/db.h"
#include "directory/query.h"
#include "directory/source.h"
#include "directory/sql.h"

struct source_sqlite {
	struct source source; /* first */
	struct db db;
	struct query queries[SOURCE_QUESTION_COUNT];
	struct sqlite3_stmt *statements[SOURCE_QUESTION_COUNT]; /* own; made when first asked */
	struct db_query at_work;
	enum source_question question;
};

/*
 * Open the file (made when missing); `settings` (or NULL: the defaults) are needed until this returns. FAIL_PERM: the
 * file is not ours or newer, or a query is wrong (logged); FAIL_TEMP: else.
 */
MUST_CHECK enum fail source_sqlite_open(struct source_sqlite *s, struct str path,
    const struct sql_settings *settings);

/*
 * Does SQLite understand every query? FAIL_PERM: one is wrong, which is logged: told at the start, not with the first
 * mail. Once is enough, before the children; each of them prepares what it is asked.
 */
MUST_CHECK enum fail source_sqlite_try(struct source_sqlite *s);

void source_sqlite_close(struct source_sqlite *s);

#endif
