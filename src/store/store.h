/*
 * store.h - an ordered map of byte strings with transactions.
 *
 * All metadata lives here. Keys are built with store/key.h, values with store/record.h. An engine
 * sits behind (store/engine.h); the first is SQLite. Keys up to STORE_KEY_MAX, values up to
 * STORE_VALUE_MAX bytes, and no transaction should touch more than a few thousand keys, so that a
 * distributed engine can follow.
 *
 * The turn is the unit of durability: the first write of a turn opens one transaction, every
 * store_run() is a part of it that is undone alone when it fails, and TURN_COMMIT makes all of them
 * durable together (D1). Reads see what the turn wrote. A turn that wrote nothing costs neither a
 * commit nor a sync. Without a loop, store_commit() takes the turn's place.
 *
 * Not done: values are not compressed, keys not split over files. Calls are synchronous: they wait
 * for the local disk, and up to STORE_BUSY_MS for a foreign process (Litestream) that holds the
 * write lock. Ownership: the store is the caller's from store_open() to store_close(); a txn and its
 * cursors live only inside their function.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "loop/loop.h"

#define STORE_KEY_MAX   1024        /* bytes, at least 1 */
#define STORE_VALUE_MAX (90 * 1024) /* bytes; FoundationDB takes 100 000 */
#define STORE_BUSY_MS   5000        /* waiting for a foreign writer; what Litestream asks for */

struct store;
struct store_settings; /* store/settings.h */
struct txn;

/* One step of an upgrade: changes records of schema `from` into those of `from` + 1. */
struct store_upgrade {
	uint32_t from;
	enum fail (*run)(struct txn *t);
};

struct store_schema {
	uint32_t version; /* what this program writes, from 1 */
	const struct store_upgrade *steps;
	size_t step_count;
};

struct store_options {                         /* all may be left out */
	const struct store_settings *settings; /* borrow: during the call; NULL: the defaults */
	const struct store_schema *schema;     /* borrow: during the call; NULL: version 1 */
	struct buf *errors;                    /* one line that says why it does not open */
};

/*
 * Open the store in the file `path`, made if it is not there; ":memory:" is a store of its own
 * without a file, for tests. `loop` may be NULL (command line); `options` too. The caller holds the
 * lock of the data folder (store/lock.h). An older schema is upgraded in one transaction, after a
 * copy of the file to `path`.schema-N. A file left by a crash is recovered.
 *   FAIL_PERM  the file is no store, is damaged, or was written by a newer program
 *   FAIL_TEMP  the disk or the file's permissions do not let us
 */
MUST_CHECK enum fail store_open(struct store **out, struct loop *loop, struct str path,
    const struct store_options *options);

/* Roll back what was not committed and close; NULL inside is allowed. */
void store_close(struct store **s);

typedef enum fail store_fn(struct txn *t, void *arg);

/*
 * Run `fn` as a write transaction within the turn's. It must be safe to run again: an engine may
 * retry it. What it returns is returned; anything but FAIL_NONE undoes what it wrote and nothing
 * else. A call may stand inside the function of another one. Besides what `fn` gives:
 *   FAIL_TEMP   the disk failed, is full or locked; `fn` may not have run
 *   FAIL_LIMIT  a key or value was too long
 *   FAIL_PERM   the file is damaged
 */
MUST_CHECK enum fail store_run(struct store *s, store_fn *fn, void *arg);

/* The same for reading only; writing in it is our bug. */
MUST_CHECK enum fail store_read(struct store *s, store_fn *fn, void *arg);

/*
 * Without a loop: make durable what was run since the last commit. FAIL_TEMP when it could not be;
 * then it is undone.
 */
MUST_CHECK enum fail store_commit(struct store *s);

/* Without a loop: undo what was run since the last commit. */
void store_rollback(struct store *s);

/*
 * False after a failed commit, until a write was durable again (tried every STORE_PROBE_MS by the
 * store itself): refuse new mail meanwhile.
 */
#define STORE_PROBE_MS 5000
bool store_is_well(const struct store *s);

/* Try it now: write a little and commit, outside of any transaction; what store_is_well() will say. */
bool store_probe(struct store *s);

/* How many durable commits changed something since the store was opened. */
uint64_t store_commits(const struct store *s);

/* Whether the turn has uncommitted writes. */
bool store_is_dirty(const struct store *s);

/*
 * Turns are durable by a log of their own before they reach the file (README.md). False: each goes into the file, as
 * with `replicated`. In the log keys may pass, all of one space, which say what will be durable elsewhere: they need
 * not outlive the log, and reading finds them only after a start that did the log again, or store_keep_passing().
 *
 * Before the log goes into the file, between turns, `settle` sees to that; when it says FAIL_NONE they are forgotten, and
 * those that are in the file deleted. It may use store_read(). When it fails, all of them go into the file, and
 * it is asked again the next time.
 */
bool store_has_log(const struct store *s);

struct store_passing { /* embedded in the room's own struct */
	char space;
	bool is_kept; /* there may be some in the file: set at the start by who found them */
	enum fail (*settle)(struct store_passing *p);
};
void store_set_passing(struct store *s, struct store_passing *p); /* NULL before it goes */
/* FAIL_TEMP: the log cannot be read, or this turn has written. */
MUST_CHECK enum fail store_keep_passing(struct store *s);

/* Between turns: what the log has goes into the file now. Nothing while the turn writes, or the store is not well. */
void store_flush(struct store *s);

/*
 * The number of the store's epoch, seconds since 1970 when it began; 0: it is the first. Another one begins when a
 * copy (a replica, a backup) was put in the store's place, which may lack what clients were told: whoever gives out
 * numbers that must not come twice (D5) compares it with what it knew, and goes on above store_epoch_above(). A start
 * after a crash, or of a folder that moved and was said to (README.md), begins none.
 */
uint64_t store_epoch(const struct store *s);

/*
 * Where a counter goes on in this epoch that stood at `was` in the copy: at the time in seconds, times 2^`bits`. That is
 * above all that it can have given out since, here or after another copy was put in place, as long as that were fewer
 * than 2^`bits` a second and the clock is right. `was` itself in the first epoch.
 */
uint64_t store_epoch_above(const struct store *s, uint64_t was, unsigned bits);

/*
 * At a room's start, before it gives out numbers: run `fn` once in each epoch but the first, in the transaction that
 * notes the epoch in the counter `key` (borrowed), and make that durable. Failures as store_run(), store_commit().
 */
MUST_CHECK enum fail store_run_in_epoch(struct store *s, struct str key, store_fn *fn, void *arg);

/* A consistent copy of the committed store as a new file; FAIL_TEMP when it cannot be written. */
MUST_CHECK enum fail store_backup(struct store *s, struct str path);

/* Verify the file's inner structure (slow: reads all of it); FAIL_PERM and a line when damaged. */
MUST_CHECK enum fail store_verify(struct store *s, struct buf *errors);

/* "SQLite 3.54.1", for `staunch version`; and a warning for old ones, empty when there is none. */
const char *store_engine_version(void);
const char *store_engine_warning(void);

/* --- inside a store_fn --------------------------------------------------------------------- */

/*
 * The first failure other than FAIL_MISSING sticks to the transaction: everything after it fails
 * the same way and the run is undone, whatever `fn` returns.
 */

/* The value, valid until the next txn_get() or txn_add() of this store, or FAIL_MISSING. */
MUST_CHECK enum fail txn_get(struct txn *t, struct str key, struct str *value_out);

/* Set, replacing. The bytes are copied. */
MUST_CHECK enum fail txn_put(struct txn *t, struct str key, struct str value);

/* A key that passes: store_has_log() must be true. */
MUST_CHECK enum fail txn_pass(struct txn *t, struct str key, struct str value);

/* Delete; a key that is not there is no failure. */
MUST_CHECK enum fail txn_delete(struct txn *t, struct str key);

/* Delete all keys k with from <= k < to; an empty `to` has no end. */
MUST_CHECK enum fail txn_delete_range(struct txn *t, struct str from, struct str to);

/*
 * Add to a counter (8 bytes, little-endian; a missing one is 0) and get the sum. FAIL_LIMIT when
 * the sum does not fit an int64_t, FAIL_PERM when the value is no counter.
 */
MUST_CHECK enum fail txn_add(struct txn *t, struct str key, int64_t delta, int64_t *out);

/* A counter's value as txn_add() keeps it, 0 when missing. */
MUST_CHECK enum fail txn_count(struct txn *t, struct str key, int64_t *out);

struct store_scan;

struct cursor { /* fields: private; embed it on the stack */
	struct store_scan *scan;
	struct txn *txn;
	enum fail fail;
};

/*
 * Walk over the keys k with from <= k < to (an empty `to` has no end), ascending, or descending when
 * `is_backward`. from and to are copied. Writes during the walk are allowed: what lies ahead is seen
 * as it is when the walk reaches it, what was passed is not seen again. At most 16 walks at once.
 */
void txn_scan(struct txn *t, struct cursor *c, struct str from, struct str to, bool is_backward);

/* The next pair, valid until the next call for this cursor; false at the end or on failure. */
MUST_CHECK bool cursor_next(struct cursor *c, struct str *key, struct str *value);

/* End the walk (at any point) and tell whether it failed. */
enum fail cursor_end(struct cursor *c);

/* The store of a transaction. */
struct store *txn_store(const struct txn *t);

#endif
