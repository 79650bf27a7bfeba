/*
 * blob.h - message files: immutable, one file per message and account, on this disk or on an S3 server.
 *
 * Layout: <folder>/<account>/{tmp,new,cur}, a Maildir per account (new stays empty, flags are not kept
 * in names), so that any Maildir tool can read the tree; none may write to it. A new file lies in tmp
 * until the commit that names it is durable, then it moves to cur; that of a small message is made then. README.md
 * lists every state with what a crash leaves.
 *
 * The rule for callers: blob_write_finish() or blob_link(), and the store_run() that names the file,
 * belong to the SAME TURN. At its end the room asks those who name files (blob_namer) about each new one:
 * named ones move to cur, others are deleted. So a failed run needs no cleaning up. A session that has
 * to wait in between keeps the writer unfinished; what has to be waited for is waited for before ("waiting").
 *
 * Who may name a file, and reference counts, are the caller's records in the store.
 * Ownership: a writer is embedded in the caller's struct and ends with finish or cancel. Calls wait for
 * the local disk, but for what "waiting" says. Failures of all: FAIL_TEMP (disk full, I/O error; logged), FAIL_LIMIT (the account's
 * name is too long for a folder), and where said FAIL_MISSING.
 */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/list.h"
#include "base/op.h"
#include "base/str.h"
#include "loop/loop.h"
#include "store/store.h"

#define BLOB_SPACE      'b' /* space byte of the room's own keys: files to be unlinked */
#define BLOB_NAME_MAX   128 /* bytes of a name, without the ":2," that it has in cur */
#define BLOB_FOLDER_MAX 240 /* bytes of an account's folder name */

struct blob_far;
struct blob_store;

struct blob_name { /* fields: read only */
	char text[BLOB_NAME_MAX];
	uint8_t n;
};

static inline struct str
blob_name_str(const struct blob_name *name)
{
	return (struct str){ name->text, name->n };
}

/*
 * Open the tree in `folder` (made if missing), beside `store`. `loop` may be NULL: then call
 * blob_commit() instead of store_commit().
 */
MUST_CHECK enum fail blob_open(struct blob_store **out, struct loop *loop, struct store *store,
    struct str folder);
void blob_close(struct blob_store **b);

/*
 * Keep the messages on an S3 server (settings: engine), or copies of them (mirror), before blob_add_namer(). With
 * the engine, "waiting" is real, and what is read is kept in the folder `cache` within its bound. The files of the account
 * `local` stay on this disk. All is borrowed until blob_close(). FAIL_TEMP: the cache cannot be made.
 */
struct s3;
struct blob_settings;
struct blob_s3_options {
	struct s3 *s3;
	const struct blob_settings *settings; /* during the call */
	struct str cache, local;              /* during the call */
};
MUST_CHECK enum fail blob_use_s3(struct blob_store *b, const struct blob_s3_options *options);

/*
 * Who knows which files are named: FAIL_NONE yes, FAIL_MISSING not by me, anything else: cannot say now
 * (the file is left alone until the next start). It may use store_read(). Rooms that name files each add
 * themselves; a file is nobody's when all of them say so. Without any, every file counts as named.
 * `account` and `name` are borrowed during the call.
 */
typedef enum fail blob_named_fn(void *arg, struct str account, struct str name);
struct blob_namer { /* embedded in the room's own struct; fields: read only */
	struct list_node node;
	blob_named_fn *fn;
	void *arg; /* borrow */
};
void blob_add_namer(struct blob_store *b, struct blob_namer *namer, blob_named_fn *fn, void *arg);
void blob_remove_namer(struct blob_namer *namer);

/* --- writing --------------------------------------------------------------------------------- */

struct blob_pending;

struct blob_writer {               /* fields: read only */
	struct blob_store *store;  /* borrow; NULL when not started */
	struct buf buffer;         /* own; small messages never leave it before they are finished */
	struct blob_pending *file; /* own; NULL until the file exists */
	uint64_t size;             /* bytes so far */
	uint64_t room_at;          /* where the reserved room begins */
	size_t room;               /* its bytes; 0: there is none (any more) */
	enum fail fail;            /* sticky */
};

/* Begin a message of `account` (copied). No file exists yet. */
MUST_CHECK enum fail blob_write_start(struct blob_store *b, struct blob_writer *w,
    struct str account);

/* Append. After a failure, everything until the cancel fails the same way. */
MUST_CHECK enum fail blob_write(struct blob_writer *w, struct str bytes);

/*
 * Leave room for `n` bytes here, for what is known only when all was seen: a header field about the body. Once in a
 * message; blob_write_fill() must come before it is parked, put or finished.
 */
MUST_CHECK enum fail blob_write_reserve(struct blob_writer *w, size_t n);

/* The bytes for that room must fill it: a part of the message is in its file. Else what is left is closed up. */
bool blob_write_is_exact(const struct blob_writer *w);
MUST_CHECK enum fail blob_write_fill(struct blob_writer *w, struct str bytes);

/*
 * More bytes, or the finish, come much later: what is there goes to its file, and neither a buffer nor a
 * descriptor is held until then. For who collects many messages before it may name any.
 */
MUST_CHECK enum fail blob_write_park(struct blob_writer *w);

/* The file is complete and will be durable with this turn; the writer is as never started. */
MUST_CHECK enum fail blob_write_finish(struct blob_writer *w, struct blob_name *name_out);

/* Give up in any state, also never started (zeroed) or failed. */
void blob_write_cancel(struct blob_writer *w);

/*
 * The same file under a new name for `to` (a hard link, or a copy where the file system has no more
 * links): one message to many accounts. FAIL_MISSING when there is no such file.
 */
MUST_CHECK enum fail blob_link(struct blob_store *b, struct str from, struct str name,
    struct str to, struct blob_name *name_out);

/* --- reading --------------------------------------------------------------------------------- */

struct blob_map {         /* fields: read only; zeroed is "not mapped" */
	struct str bytes; /* the whole message */
	bool is_mapped;   /* by mmap; else in memory of its own */
};

/* The message, also one finished in this turn. FAIL_MISSING when there is no such file. */
MUST_CHECK enum fail blob_map(struct blob_store *b, struct str account, struct str name,
    struct blob_map *out);
void blob_unmap(struct blob_map *m);

/* The size that stands in a name; 0 when it has none. */
uint64_t blob_name_size(struct str name);

/* --- waiting --------------------------------------------------------------------------------- */

/*
 * Where messages are kept far away, reading, finishing and linking have to be waited for. These start it, and are
 * done on return when there is nothing to wait for (Maildir: always, without a system call). Zeroed before the
 * first start; blob_wait_release() ends every one, and one that was released may be started again.
 */
struct blob_wait {
	struct op op;
	struct blob_far *far; /* private; borrow: NULL when there was nothing to wait for */
	void *state;          /* private; own: the far side's */
};

/* Messages are kept far away: else there is nothing to wait for, and nothing to look up before. */
bool blob_is_far(const struct blob_store *b);

/* It was, and is not released: it is waited for, or was. */
static inline bool
blob_wait_is_started(const struct blob_wait *w)
{
	return w->op.owner != NULL;
}

/*
 * The message can be mapped: until the end of the turn after that in which this ends, blob_map() finds it (who had
 * woken itself before is stepped in that one only, base/task.h).
 * FAIL_MISSING · FAIL_TEMP (it cannot be reached).
 */
void blob_fetch_start(struct blob_store *b, struct blob_wait *w, struct task *owner,
    struct str account, struct str name);

/*
 * No more bytes will come: bring the message to where it is kept (D2). Then blob_write_finish(), in the turn
 * that names it and before `w` is released; it fails for what was not put. Failures as blob_write().
 */
void blob_put_start(struct blob_writer *writer, struct blob_wait *w, struct task *owner);

/* The name that the message has; empty before blob_put_start(). */
struct str blob_writer_name(const struct blob_writer *w);

/*
 * The same for a blob_link() of (account, name) to `to` that will follow; `name` may be that of a writer that was
 * put. FAIL_MISSING · FAIL_TEMP · FAIL_LIMIT.
 */
void blob_copy_start(struct blob_store *b, struct blob_wait *w, struct task *owner,
    struct str account, struct str name, struct str to);

/* Cancel, or be done with it: what was put or copied and not taken is deleted again. Safe always; zeroed then. */
void blob_wait_release(struct blob_wait *w);

/*
 * Start and go on in one. While op_pending(&w->op) the answer means nothing: the caller waits and calls
 * again, with the same arguments; in the end what blob_map(), blob_write_finish() or blob_link() says, or how
 * the wait failed. `w` is as never started then. What follows must be in this turn, as with these.
 */
MUST_CHECK enum fail blob_map_wait(struct blob_store *b, struct blob_wait *w, struct task *owner,
    struct str account, struct str name, struct blob_map *out);
MUST_CHECK enum fail blob_finish_wait(struct blob_writer *writer, struct blob_wait *w,
    struct task *owner, struct blob_name *name_out);
MUST_CHECK enum fail blob_link_wait(struct blob_store *b, struct blob_wait *w, struct task *owner,
    struct str from, struct str name, struct str to, struct blob_name *name_out);

/* --- deleting -------------------------------------------------------------------------------- */

/*
 * In the transaction that drops the last reference: the file is unlinked once that is durable (D3), or
 * at the next start; not when the transaction is undone.
 */
MUST_CHECK enum fail blob_delete_later(struct blob_store *b, struct txn *t, struct str account,
    struct str name);

/* In a transaction: every file of the account, and its folder (the account is gone). */
MUST_CHECK enum fail blob_delete_account_later(struct blob_store *b, struct txn *t,
    struct str account);

/* --- the turn, start, check ------------------------------------------------------------------- */

/* Without a loop: sync the files, commit the store, move and unlink. */
MUST_CHECK enum fail blob_commit(struct blob_store *b);

/* False after a failed sync until writing works again, as store_is_well(). */
bool blob_is_well(const struct blob_store *b);

/*
 * At start, after every blob_add_namer() and before anything else: finish what a crash interrupted (D4).
 * Looks only into the tmp folders and at the deletions that were not done, never into cur.
 */
MUST_CHECK enum fail blob_recover(struct blob_store *b);

/*
 * Look at every file of every account: the ones nobody names are told to `found` (and deleted when
 * `is_repair`). For `staunch check`; needs the namers.
 */
typedef void blob_found_fn(void *arg, struct str account, struct str name);
MUST_CHECK enum fail blob_check(struct blob_store *b, bool is_repair, blob_found_fn *found,
    void *arg);

/* Whether a named file is there: the other half of the check. FAIL_MISSING when it is not. */
MUST_CHECK enum fail blob_exists(struct blob_store *b, struct str account, struct str name);

/*
 * Whether it is where the engine in use does not look: in the mirror, or in the Maildir that S3 took the place of.
 * `where_out` is a sentence with the command that brings it. FAIL_MISSING: nowhere.
 */
MUST_CHECK enum fail blob_is_elsewhere(struct blob_store *b, struct str account, struct str name,
    const char **where_out);

#endif
