/*
 * remote.h - messages on an S3 server: the far side of blob.h (private to the room).
 *
 * Objects are <account's folder>/<name>, as the files of the Maildir. What is being written lies in tmp as ever,
 * and stays there until its commit is settled: a file in tmp is the note that its object may be there. What was
 * settled or fetched lies in the cache, which may lose any of it at any time. README.md lists every state.
 *
 * One account, the queue's, stays on this disk: what waits to be sent must not wait for S3, too.
 */
#ifndef BLOB_REMOTE_H
#define BLOB_REMOTE_H

#include "blob/inner.h"
#include "blob/settings.h"
#include "s3/s3.h"

/* --- cache.c: files that may go at any time -------------------------------------------------- */

/*
 * Two generations stand in for a list by last use: what comes, comes into the young one; what is used in the
 * elder moves over; when the young one has half of the bound, the elder is deleted and a younger one begins.
 */
struct blob_cache {
	struct blob_store *b;
	struct loop *loop;    /* where it cleans up */
	struct str folder;    /* own; with a NUL */
	uint64_t bound;       /* bytes */
	uint64_t young;       /* number of its folder; the elder is the one before */
	uint64_t young_bytes; /* by the names of what came */
	uint64_t sequence;    /* of downloads */
	struct task task;     /* deletes generations */
	uint64_t turn;        /* of the loop: when the young one began; UINT64_MAX: at the start */
	bool is_trusted;      /* no power was lost since files were written here and in tmp */
	bool is_recovered;    /* what earlier processes left in tmp is settled */
	bool is_marked; /* the file `state` has this boot's number: what is here may be believed */
};

MUST_CHECK enum fail blob_cache_open(struct blob_cache *c, struct blob_store *b, struct loop *loop,
    struct str folder, uint64_t bound);
void blob_cache_close(struct blob_cache *c);

/* Nothing of an earlier process is left in tmp. */
void blob_cache_recovered(struct blob_cache *c);

/* The path in the young (0) or the elder (1) generation. */
void blob_cache_path(const struct blob_cache *c, struct blob_path *out, unsigned place,
    struct str folder, struct str name);

/* Is it there, whole? It is young again then. */
bool blob_cache_touch(struct blob_cache *c, struct str folder, struct str name);

/* A file becomes the cache's; when it cannot, or is not whole, it is unlinked. */
void blob_cache_take(struct blob_cache *c, const struct blob_path *from, struct str folder,
    struct str name);
void blob_cache_drop(struct blob_cache *c, struct str folder, struct str name);

/* A new empty file for a download; -1: the disk does not want it. */
int blob_cache_create(struct blob_cache *c, uint64_t *number_out);
void blob_cache_download_path(const struct blob_cache *c, struct blob_path *out, uint64_t number);

/* --- the S3 engine, or the mirror ------------------------------------------------------------- */

struct blob_remote {
	struct blob_far far;
	struct blob_store *b; /* borrow */
	struct s3 *s3;        /* borrow */
	bool is_mirror;       /* Maildir is first; the objects are copies */
	struct str local;     /* own: the folder that stays on this disk */
	struct blob_cache cache;
	struct task task;    /* behind the scenes: deletions, the mirror */
	struct timer timer;  /* its rest after a failure */
	struct list jobs;    /* blob_job */
	struct map fetches;  /* of them, by object */
	struct list deletes; /* blob_deletion: objects to be deleted */
	struct list removes; /* blob_remove: under way */
	size_t delete_count; /* in deletes */
	bool has_left_out;   /* keys of the store that are in neither */
	struct list copies;  /* mirror: running */
	struct list copied;  /* mirror: done, their keys are still there */
	size_t copied_count;
	bool has_news; /* mirror: keys that a walk has not met */
	bool is_walking;
	struct buf after;    /* own: the last key of the walk */
	struct map names;    /* check: objects of the account that was looked at last */
	struct buf names_of; /* own: its folder */
	struct arena names_arena;
};

/* Is this account's mail kept far away? Copied there? */
bool blob_is_remote(const struct blob_store *b, struct str folder);
bool blob_is_mirrored(const struct blob_store *b, struct str folder);

/* "<folder>/<name>" */
void blob_object_key(struct buf *out, struct str folder, struct str name);

/* A file in tmp, as far as can be seen: its object may be there, and is not for others to delete. */
bool blob_has_note(const struct blob_store *b, struct str folder, struct str name);

/* What callers hear: MISSING stays, everything else may work later. */
enum fail blob_far_fail(enum fail fail);

/* Sum up a slice more of the bytes; true: all of them, and the sums have ended. */
bool blob_hash_on(struct s3_sums *sums, struct str bytes);

/* Rest for a while after a failure behind the scenes. */
void blob_remote_rest(struct blob_remote *r);

/* job.c */
void blob_remote_fill(struct blob_far *far); /* its functions */
void blob_jobs_release(struct blob_remote *r);

/* job_put.c */
void blob_job_forget(struct blob_pending *p); /* its writer goes away */
void blob_job_taken(struct blob_pending *p);  /* its writer has finished */
enum fail blob_remote_link(struct blob_remote *r, struct str from, struct str name, struct str to,
    struct blob_name *name_out);

/* remote_delete.c */
void blob_remote_delete(struct blob_remote *r, struct blob_deletion *d);
/* The object of a file in tmp that nobody names: then the file, too. */
void blob_remote_drop(struct blob_remote *r, struct str folder, struct str name);
bool blob_deletes_step(struct blob_remote *r); /* false: nothing to do */
void blob_deletes_release(struct blob_remote *r);

/* mirror.c */
enum fail blob_mirror_note(struct blob_store *b); /* keys for the files of this turn */
bool blob_mirror_step(struct blob_remote *r);
void blob_mirror_release(struct blob_remote *r);

/* remote_check.c */
enum fail blob_remote_check(struct blob_remote *r, bool is_repair, blob_found_fn *found, void *arg);
/* The objects of a folder, one after the other; without a loop of the store's. */
typedef enum fail blob_object_fn(void *arg, struct str folder, struct str name, uint64_t size);
enum fail blob_each_object(struct blob_remote *r, struct str folder, blob_object_fn *fn, void *arg);
/* The size of an object, from a list of its folder that is kept; FAIL_MISSING: there is none. */
enum fail blob_object_size(struct blob_remote *r, struct str folder, struct str name,
    uint64_t *size_out);
enum fail blob_remote_exists(struct blob_remote *r, struct str folder, struct str name);
void blob_names_release(struct blob_remote *r);

#endif
