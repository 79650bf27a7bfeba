/*
 * lineage.h - is this the store that was here last, or an older copy of it? (private to the room)
 *
 * Whoever puts a copy (a replica, a backup) in the place of the store may lose the end of what clients were told:
 * UIDs, ids, states. They must not be given out again for something else (D5), so the store then begins a new
 * epoch, whose number the rooms above read (store_epoch()). How it is noticed:
 *
 * - the beat, a random number, stands in the store and in the file `store.db.lineage` beside it, which no replica
 *   has. The server renews it at its start, after an hour in which it wrote, and when it stops in order: an older
 *   copy has an older one.
 * - the file also says which file the store is (sys/birth.h): a copy of it is another one, however new. And which the
 *   redo log is: without it, or with the one of a copy, the last turns may be gone, though the store is the same.
 *
 *     no beat in the store yet ----------------------------> FIRST: it gets one
 *     its beat is the file's, and both files are those ----> SAME
 *     its beat is that of `store.db.moved` -----------------> SAME: the owner says that nothing was lost
 *     else -------------------------------------------------> COPY: a new epoch
 *
 * An epoch's number is the time, so that two hosts which begin with the same copy give out different numbers; when
 * less than a day has passed since the one before, of which the file knows when the copy does not, it is whole days
 * more. So whatever was given out in between, however fast, lies below what the new one gives out.
 *
 * What stays unseen: a store or redo log that was overwritten in place (same inode) by a copy that has the store's beat,
 * so one without mail since, or at most an hour older than a crash; a whole disk set back, together with this file, by a
 * snapshot.
 */
#ifndef STORE_LINEAGE_H
#define STORE_LINEAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "sys/birth.h"

struct store;

#define LINEAGE_RENEW_MS (60 * 60 * 1000)

/* The file's content. */
struct lineage_mark {
	uint64_t beat, next; /* `next` is announced before the store has it; 0: none */
	uint64_t epoch;      /* the last one that began here; 0: none */
	struct birth store;
	struct birth redo; /* the file of its redo log; all 0: not said */
};

/* One line of text; false: it is none. */
void lineage_mark_write(struct buf *out, const struct lineage_mark *m);
MUST_CHECK bool lineage_mark_parse(struct str text, struct lineage_mark *out);

/* FAIL_MISSING: there is none. FAIL_PERM: it is damaged. FAIL_TEMP: it cannot be read. */
MUST_CHECK enum fail lineage_mark_load(const char *path, struct lineage_mark *out);

/* Durable, and all of it or nothing; FAIL_TEMP. */
MUST_CHECK enum fail lineage_mark_save(const char *path, const struct lineage_mark *m);

struct lineage {
	struct buf store_path, mark_path, moved_path; /* own; empty: a store without a file */
	uint64_t epoch;                               /* as in the store */
	struct lineage_mark mark;                     /* .beat: as in the store */
	bool counts_on_redo; /* the store has turns in a redo log of its own */
};

/*
 * After the schema, before anybody else reads: a copy's new epoch is durable when this returns. A line to
 * `errors` (may be NULL) when it fails; FAIL_TEMP, FAIL_PERM.
 */
MUST_CHECK enum fail lineage_open(struct store *s, struct str path, bool is_server,
    struct buf *errors);
void lineage_release(struct store *s);

/* Renew the beat, outside of any transaction. What fails is logged, and tried again the next time. */
void lineage_renew(struct store *s);

#endif
