/*
 * job.h - jobs on the S3 server, each with those who wait for it (private to the room).
 *
 * A fetch is one job however many wait for it; a put or a copy has one who waits, and is kept until that one is
 * done with it.
 *
 *     RUNNING --the call ends--> DONE --taken by finish or link--> the turn settles it
 *        |                         |
 *        +--released---------------+--> its object may be there: deleted, then its file in tmp
 */
#ifndef BLOB_JOB_H
#define BLOB_JOB_H

#include "blob/remote.h"

enum job_kind { JOB_FETCH, JOB_PUT, JOB_COPY, JOB_COPY_UP };

struct blob_job {
	struct list_node node;  /* in r->jobs */
	struct map_node by_key; /* fetch: in r->fetches */
	struct blob_remote *r;  /* borrow */
	enum job_kind kind;
	struct task task;
	struct s3_call call;
	struct list waits;            /* far_wait */
	struct buf folder, name, key; /* own: of what is fetched, or copied from */
	struct buf target;            /* own; copy: the folder it goes to */
	struct blob_pending
	    *pending;        /* put: borrow, NULL when its writer went; copy: own until taken */
	struct blob_map map; /* own: the bytes that are put */
	uint64_t download;   /* fetch */
	int fd;              /* own; fetch; -1 */
	bool is_done;
	enum fail fail; /* how */
};

/* --- job.c ----------------------------------------------------------------------------------- */

/* About this message, which is fetched, put or copied; begun by who makes it. */
struct blob_job *blob_job_new(struct blob_remote *r, enum job_kind kind, struct str folder,
    struct str name);
void blob_job_free(struct blob_job *job);

/* Wait for it. Without a loop of the store's, in place. */
void blob_job_join(struct blob_job *job, struct blob_wait *w, struct task *owner);

/* Tell who waits. Those of a fetch are done with it. */
void blob_job_finish(struct blob_job *job, enum fail fail);

/* --- job_fetch.c ----------------------------------------------------------------------------- */

enum step blob_fetch_step(struct task *t);
void blob_far_fetch(struct blob_far *far, struct blob_wait *w, struct task *owner,
    struct str account, struct str name);

/* The same by the account's folder: the message is to be on this disk. */
void blob_job_fetch(struct blob_remote *r, struct blob_wait *w, struct task *owner,
    struct str folder, struct str name);

/* Nobody waits for it any more. */
void blob_fetch_drop(struct blob_job *job);

/* May there be an object of this name? */
bool blob_is_named_well(const struct blob_remote *r, struct str folder, struct str name);

/* --- job_put.c ------------------------------------------------------------------------------- */

enum step blob_put_step(struct task *t);
void blob_far_put(struct blob_far *far, struct blob_wait *w, struct task *owner,
    struct blob_writer *writer);
enum fail blob_far_may_finish(struct blob_far *far, const struct blob_writer *writer);
void blob_far_copy(struct blob_far *far, struct blob_wait *w, struct task *owner,
    struct str account, struct str name, struct str to);

/* Nobody waits for a copy any more, and nobody took it. */
void blob_copy_drop(struct blob_job *job);

#endif
