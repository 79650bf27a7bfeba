/*
 * inner.h - the store as its own files see it (private to the room).
 */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include "base/log.h"
#include "loop/loop.h"
#include "store/engine.h"
#include "store/lineage.h"
#include "store/store.h"

#define STORE_SCANS_MAX 16    /* walks at once: nesting of loops in one transaction */
#define STORE_IDLE_MS   10000 /* how long what is below the threshold waits for more */

enum store_state {
	STORE_CLOSED,  /* no transaction */
	STORE_READING, /* a read transaction, until the end of the turn or the first write */
	STORE_WRITING, /* the turn's transaction */
};

/* One walk. The bounds shrink as it goes, so that it can begin again after a write. */
struct store_scan {
	struct engine_scan *inner; /* own; NULL: to be begun again */
	unsigned level;            /* of the run it belongs to; 0: free */
	bool is_backward;
	uint64_t serial; /* of the store when `inner` began */
	size_t from_n, to_n;
	char from[STORE_KEY_MAX + 1], to[STORE_KEY_MAX];
};

/* One run of a function; runs may nest. */
struct txn {
	struct store *store;
	struct txn *outer; /* borrow: the run around it */
	bool is_write;
	bool is_marked; /* what it writes can be undone: it has a savepoint or is_whole */
	bool is_whole;  /* nothing was written before it: undoing is rolling all back */
	enum fail fail; /* sticky */
};

struct store {
	const struct engine_ops *ops;
	struct engine *engine; /* own */
	struct loop *loop;     /* borrow; may be NULL */
	struct turn_hook commit_hook, flush_hook;
	struct task upkeep;
	struct timer timer, renew_timer;
	struct store_passing *passing; /* borrow; or NULL */
	struct lineage lineage;
	enum store_state state;
	bool is_broken; /* the engine lost the turn's transaction: the turn cannot commit */
	bool is_well;
	unsigned level;                            /* runs under way */
	struct txn *runs;                          /* borrow: the innermost of them */
	uint64_t serial;                           /* counts writes and undos: walks begin again */
	uint64_t writes;                           /* in the transaction */
	uint64_t commits;                          /* that changed something */
	struct buf value;                          /* of the last txn_get() */
	struct store_scan *scans[STORE_SCANS_MAX]; /* own */
};

extern const struct log store_log;

/* store.c */
enum fail store_begin(struct store *s, bool is_write);
void store_end_reading(struct store *s);
/* Put in a transaction of its own, of which nobody else hears; whether the disk has it after a failure is not known. */
MUST_CHECK enum fail store_put_alone(struct store *s, struct str key, struct str value,
    bool *has_written_out);
/* The same of a range of keys. */
enum fail store_delete_alone(struct store *s, struct str from, struct str to);
void store_stop_scans(struct store *s, unsigned level); /* of this and inner runs; 1: all */
void store_pause_scans(struct store *s);                /* all begin again at their next step */

/* upkeep.c: checkpoints, beats and probes from the loop. */
void upkeep_init(struct store *s);
void upkeep_after_commit(struct store *s);
void upkeep_after_failure(struct store *s);

/* schema.c: make it new, upgrade it, or refuse it. */
enum fail schema_open(struct store *s, struct str path, const struct store_schema *schema,
    struct buf *errors);

#endif
