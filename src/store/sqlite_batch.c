/*
 * Many turns in one transaction of SQLite's: the batch. Each turn is a savepoint in it, and durable by the redo log
 * (redo.h); once the log is large, or nothing more comes, the batch is committed and the log begins again.
 *
 *     none --begin to write--> batch, turn --commit: redo record durable--> batch --flush: COMMIT--> none
 *                              |    ^   \--rollback: to the savepoint------/  |
 *                              |    +---begin to write------------------------+
 *                              +--direct commit: COMMIT--> none
 *     batch --SQLite drops it (I/O error, disk full)--> lost --begin: replay the redo log--> batch
 *
 * Direct: a turn that the log cannot hold, or that comes after a COMMIT that failed. Such a COMMIT may be on the disk
 * all the same, and with it the next generation, which ends the log; so nothing is told of the log alone until
 * another COMMIT went well. Without a redo log (replicated, or in memory) each turn is a transaction.
 */
#include "store/sqlite.h"

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "store/inner.h"
#include "sys/sys.h"

/* Keys of the store itself: space byte 01. */
static const struct str generation_key = STR_INIT("\x01redo");

#define GENERATION_BYTES 8

/* --- the batch ----------------------------------------------------------------------------- */

static enum fail
run(struct engine *e, enum sqlite_statement which)
{
	return sqlite_execute(e, which, NULL, NULL);
}

static bool
is_open(const struct engine *e)
{
	return sqlite3_get_autocommit(e->db) == 0;
}

/* SQLite drops a transaction by itself when it cannot go on. */
static void
notice_loss(struct engine *e)
{
	if (!e->has_batch || is_open(e))
		return;
	e->has_batch = e->is_turn = false;
	e->is_lost = redo_bytes(e->redo) > 0;
}

static void
drop_batch(struct engine *e)
{
	if (is_open(e))
		(void)run(e, SQL_ROLLBACK);
	e->has_batch = true; /* whatever became of it */
	notice_loss(e);
}

static enum fail
apply(void *arg, enum redo_kind kind, struct str key, struct str value)
{
	struct engine *e = arg;

	switch (kind) {
	case REDO_PASS:
	case REDO_PUT:
		e->has_kept |= kind == REDO_PASS;
		return sqlite_execute(e, SQL_PUT, &key, &value);
	case REDO_DELETE: return sqlite_execute(e, SQL_DELETE, &key, NULL);
	case REDO_DELETE_RANGE: return sqlite_delete_range(e, key, value);
	}
	return FAIL_PERM;
}

/* Open it; when it was lost, with all that the log has. */
static enum fail
open_batch(struct engine *e)
{
	enum fail fail = run(e, SQL_BEGIN_WRITE);

	if (fail != FAIL_NONE)
		return fail;
	e->has_batch = true;
	if (e->is_lost)
		fail = redo_replay(e->redo, apply, e);
	if (fail != FAIL_NONE)
		drop_batch(e);
	else
		e->is_lost = false;
	return fail;
}

/* --- what passes --------------------------------------------------------------------------- */

/* This turn is not durable by the log. */
static bool
is_direct(const struct engine *e)
{
	return e->is_direct || e->is_doubtful || !redo_fits(e->redo) ||
	    redo_bytes(e->redo) >= e->redo_due * REDO_PATIENCE;
}

/* Not where the turn may yet become too large for its record. */
enum fail
sqlite_pass(struct engine *e, struct str key, struct str value)
{
	if (is_direct(e) || redo_mark(e->redo) + key.n + value.n > REDO_TURN_MAX / 2) {
		e->has_kept = true;
		return sqlite_put(e, key, value);
	}
	redo_add(e->redo, REDO_PASS, key, value);
	e->turn_passing += key.n + value.n;
	return FAIL_NONE;
}

static enum fail
apply_passing(void *arg, enum redo_kind kind, struct str key, struct str value)
{
	return kind == REDO_PASS ? apply(arg, kind, key, value) : FAIL_NONE;
}

enum fail
sqlite_keep(struct engine *e)
{
	enum fail fail = FAIL_NONE;

	notice_loss(e);
	if (e->passing == 0 || e->is_lost)
		return FAIL_NONE; /* doing the log again does it, too */
	if (!e->has_batch)
		fail = open_batch(e);
	if (fail == FAIL_NONE)
		fail = redo_replay(e->redo, apply_passing, e);
	if (fail == FAIL_NONE)
		e->passing = 0;
	return fail;
}

bool
sqlite_passed(struct engine *e)
{
	bool has_kept = e->has_kept;

	e->passing = 0;
	e->has_kept = false;
	return has_kept;
}

/*
 * Into the file, all of it; the log begins again under the generation that the file now has. After the last flush it has
 * none: a generation is the name of one state of the file, and it is to be written to without a log.
 */
static enum fail
commit_batch(struct engine *e, bool is_last)
{
	char bytes[GENERATION_BYTES];
	struct str value = str_of(bytes, sizeof bytes);
	uint64_t generation = 0;
	enum fail fail;

	while (generation == 0) {
		sys_random(bytes, sizeof bytes);
		memcpy(&generation, bytes, sizeof generation);
	}
	fail = sqlite_keep(e);
	if (fail != FAIL_NONE)
		return fail;
	fail = is_last ? sqlite_execute(e, SQL_DELETE, &generation_key, NULL)
		       : sqlite_execute(e, SQL_PUT, &generation_key, &value);
	if (fail == FAIL_NONE)
		fail = run(e, SQL_COMMIT);
	if (fail != FAIL_NONE) {
		e->is_doubtful = true;
		drop_batch(e);
		return fail;
	}
	e->has_batch = e->is_turn = e->is_direct = e->is_doubtful = false;
	redo_end_generation(e->redo, generation);
	return FAIL_NONE;
}

enum fail
sqlite_flush(struct engine *e)
{
	enum fail fail = FAIL_NONE;

	if (e->redo == NULL)
		return FAIL_NONE;
	notice_loss(e);
	if (e->is_lost || (!e->has_batch && redo_is_doubtful(e->redo)))
		fail = open_batch(e);
	return fail == FAIL_NONE && e->has_batch ? commit_batch(e, false) : fail;
}

bool
sqlite_has_unflushed(const struct engine *e)
{
	return e->redo != NULL && redo_bytes(e->redo) > 0;
}

bool
sqlite_is_usable(const struct engine *e)
{
	return !e->has_batch || is_open(e);
}

/* --- the turn ------------------------------------------------------------------------------ */

enum fail
sqlite_begin(struct engine *e, bool is_write)
{
	enum fail fail = FAIL_NONE;

	notice_loss(e);
	if (e->redo == NULL || (!is_write && !e->has_batch && !e->is_lost))
		return run(e, is_write ? SQL_BEGIN_WRITE : SQL_BEGIN);
	if (!e->has_batch)
		fail = open_batch(e);
	if (fail != FAIL_NONE || !is_write)
		return fail;
	fail = run(e, SQL_TURN);
	if (fail != FAIL_NONE)
		drop_batch(e);
	e->is_turn = fail == FAIL_NONE;
	return fail;
}

void
sqlite_rollback(struct engine *e)
{
	bool is_suspect = e->is_suspect;

	e->is_suspect = false;
	if (e->redo != NULL) {
		redo_clear(e->redo);
		e->mark_count = 0;
		e->turn_passing = 0;
		e->is_direct = false;
		notice_loss(e);
	}
	if (!e->has_batch) {
		if (is_open(e))
			(void)run(e, SQL_ROLLBACK);
		return;
	}
	if (e->is_turn && (run(e, SQL_UNDO_TURN) != FAIL_NONE || run(e, SQL_END_TURN) != FAIL_NONE))
		drop_batch(e);
	e->is_turn = false;
	if (e->has_batch && (redo_bytes(e->redo) == 0 || is_suspect))
		drop_batch(e);
}

/* SQLite leaves alone what is the same as before: such a transaction may write nothing. */
static enum fail
commit_plain(struct engine *e, bool *wrote_out)
{
	enum fail fail;

	e->has_written = e->is_memory;
	fail = run(e, SQL_COMMIT);
	*wrote_out = e->has_written;
	return fail;
}

enum fail
sqlite_commit(struct engine *e, bool *wrote_out)
{
	enum fail fail = FAIL_NONE;

	*wrote_out = false;
	if (!e->has_batch)
		return commit_plain(e, wrote_out);
	e->mark_count = 0;
	if (redo_is_empty(e->redo) && !e->is_direct) {
		sqlite_rollback(e);
		return FAIL_NONE;
	}
	*wrote_out = true;
	if (is_direct(e))
		return e->turn_passing > 0 || e->is_suspect ? FAIL_TEMP : commit_batch(e, false);
	fail = redo_write(e->redo);
	if (fail != FAIL_NONE)
		return fail;
	e->passing += e->turn_passing;
	e->turn_passing = 0;
	/* It is durable whatever SQLite says: without it, the log gives it back. */
	if (e->is_suspect || run(e, SQL_END_TURN) != FAIL_NONE)
		drop_batch(e);
	e->is_turn = e->is_suspect = false;
	return FAIL_NONE;
}

/* --- marks in the turn --------------------------------------------------------------------- */

enum fail
sqlite_save(struct engine *e)
{
	enum fail fail = run(e, SQL_SAVE);

	if (fail != FAIL_NONE || e->redo == NULL)
		return fail;
	if (e->mark_count == e->mark_cap) {
		e->mark_cap = e->mark_cap ? e->mark_cap * 2 : 8;
		e->marks = mem_resize(e->marks, e->mark_cap, sizeof *e->marks);
	}
	e->marks[e->mark_count++] = redo_mark(e->redo);
	return FAIL_NONE;
}

enum fail
sqlite_release(struct engine *e)
{
	enum fail fail = run(e, SQL_RELEASE);

	if (fail == FAIL_NONE && e->mark_count > 0)
		e->mark_count--;
	return fail;
}

enum fail
sqlite_restore(struct engine *e)
{
	enum fail fail = run(e, SQL_RESTORE);

	if (e->mark_count > 0)
		redo_undo(e->redo, e->marks[e->mark_count - 1]);
	return fail == FAIL_NONE ? sqlite_release(e) : fail;
}

/* --- opening ------------------------------------------------------------------------------- */

/* The generation that the file has; 0: none yet. */
static enum fail
generation_of(struct engine *e, uint64_t *out)
{
	struct buf value;
	enum fail fail;

	*out = 0;
	buf_init(&value, STORE_VALUE_MAX);
	fail = sqlite_get(e, generation_key, &value);
	if (fail == FAIL_NONE && value.n == GENERATION_BYTES)
		memcpy(out, value.p + value.start, GENERATION_BYTES);
	buf_release(&value);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* Found or made; which file it is, the lineage asks. */
static enum fail
find_redo(struct engine *e, struct str store_path, uint64_t generation)
{
	const char *path;
	enum fail fail;

	buf_init(&e->redo_path, SQLITE_PATH_MAX);
	buf_add(&e->redo_path, store_path);
	buf_add_c(&e->redo_path, "-redo");
	if (!buf_ok(&e->redo_path))
		return FAIL_LIMIT;
	path = buf_c(&e->redo_path);
	fail = redo_open(&e->redo, path);

	if (fail == FAIL_NONE && !sys_birth(path, &e->redo_file))
		fail = fail_because(&store_log, FAIL_TEMP, "store.redo.look", errno);
	if (fail != FAIL_NONE)
		return fail;
	e->has_counted = generation != 0;
	redo_restart(e->redo, generation);
	if (generation != 0)
		fail = redo_find(e->redo);
	if (fail == FAIL_NONE)
		e->is_lost = redo_bytes(e->redo) > 0;
	else
		redo_close(&e->redo); /* a part of it must never be flushed as if it were all */
	return fail;
}

/* What an earlier process left in the log goes into the file. A new file gets a generation. */
enum fail
sqlite_open_redo(struct engine *e, struct str store_path)
{
	uint64_t generation;
	enum fail fail = generation_of(e, &generation);

	if (fail == FAIL_NONE && (generation != 0 || !e->is_replicated))
		fail = find_redo(e, store_path, generation);
	if (fail != FAIL_NONE)
		return fail;
	if (e->is_lost)
		log_info(&store_log, "store.redo", LOG_NUM("bytes", redo_bytes(e->redo)));
	if (e->redo != NULL && (e->is_lost || generation == 0))
		fail = open_batch(e);
	return fail == FAIL_NONE && e->has_batch ? commit_batch(e, false) : fail;
}

/* Replicated: from here on each turn is a transaction. */
enum fail
sqlite_settle(struct engine *e)
{
	enum fail fail = FAIL_NONE;

	if (!e->is_replicated || e->redo == NULL)
		return FAIL_NONE;
	if (!e->has_batch)
		fail = open_batch(e);
	if (fail == FAIL_NONE)
		fail = commit_batch(e, true);
	if (fail != FAIL_NONE)
		return fail;
	redo_close(&e->redo);
	(void)sys.unlink(buf_c(&e->redo_path)); /* one of no generation is never read */
	return FAIL_NONE;
}

bool
sqlite_companion(const struct engine *e, struct birth *out)
{
	*out = e->redo_file;
	return e->has_counted;
}
