/*
 * engine.h - what a storage engine does for store.c (private to the room).
 *
 * An engine keeps one transaction open at a time. It knows nothing of turns, runs or limits: store.c
 * decides when to begin, save and commit. Failures are logged by the engine where they happen:
 * FAIL_TEMP for the disk and locks, FAIL_PERM for a damaged file.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/settings.h"
#include "sys/birth.h"

struct engine;
struct engine_scan;

struct engine_ops {
	/* Made if missing; one line goes to `errors` (may be NULL). */
	enum fail (*open)(struct engine **out, struct str path,
	    const struct store_settings *settings, struct buf *errors);
	void (*close)(struct engine **e);

	/* The schema number of the file, 0 for a new one; set_schema inside a write transaction. */
	enum fail (*schema)(struct engine *e, uint32_t *out);
	enum fail (*set_schema)(struct engine *e, uint32_t version);

	enum fail (*begin)(struct engine *e, bool is_write);
	/* After a failure: rollback. `wrote_out`: false when there was nothing to write. */
	enum fail (*commit)(struct engine *e, bool *wrote_out);
	void (*rollback)(struct engine *e); /* harmless without a transaction */
	bool (*in_transaction)(
	    struct engine *e); /* false when a failure rolled it back by itself */

	/* Nested marks: save, then release (keep) or restore (undo back to the mark, and drop it). */
	enum fail (*save)(struct engine *e);
	enum fail (*release)(struct engine *e);
	enum fail (*restore)(struct engine *e);

	enum fail (*get)(struct engine *e, struct str key, struct buf *value_out);
	enum fail (*put)(struct engine *e, struct str key, struct str value);
	enum fail (*del)(struct engine *e, struct str key);
	enum fail (*del_range)(struct engine *e, struct str from, struct str to);

	/*
	 * A scan sees no writes made after it began; store.c begins a new one then. `from` (backward:
	 * `to`) is read by scan_begin only, the other bound must stay as it is. scan_next gives
	 * FAIL_MISSING at the end.
	 */
	enum fail (*scan_begin)(struct engine *e, struct str from, struct str to, bool is_backward,
	    struct engine_scan **out);
	enum fail (*scan_next)(struct engine_scan *scan, struct str *key, struct str *value);
	void (*scan_end)(struct engine_scan *scan);

	/*
	 * Keys that pass through the log (store.h). pass: as put, but `get` need not find it. keep: it shall. passed: the
	 * log need not have them any more; true when some were kept, or may have been.
	 */
	bool (*has_log)(const struct engine *e);
	enum fail (*pass)(struct engine *e, struct str key, struct str value);
	enum fail (*keep)(struct engine *e);
	bool (*passed)(struct engine *e);

	/*
	 * Upkeep outside of transactions (checkpoints). upkeep_due says whether there is some: 0 no,
	 * 1 when idle, 2 soon.
	 */
	int (*upkeep_due)(const struct engine *e);
	void (*upkeep)(struct engine *e);

	/*
	 * The file beside the store's that its newest turns may be in alone, all 0: there is none. True: when the store
	 * was opened it counted on one, and this is what was there (lineage.h).
	 */
	bool (*companion)(const struct engine *e, struct birth *out);

	/* What the store counted on has been looked at, and what follows from it is durable. */
	enum fail (*settle)(struct engine *e);

	enum fail (*backup)(struct engine *e, struct str path);
	enum fail (*verify)(struct engine *e, struct buf *errors);
};

extern const struct engine_ops sqlite_engine;

#endif
