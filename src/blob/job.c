/*
 * Jobs: what sessions wait for. A fetch is one job however many wait for it; a put or a copy has one who
 * waits, and is kept until that one is done with it.
 *
 *     RUNNING --the call ends--> DONE --taken by finish or link--> the turn settles it
 *        |                         |
 *        +--released---------------+--> its object may be there: deleted, then its file in tmp
 */
#include "blob/remote.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

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

struct far_wait {
	struct list_node node; /* in job->waits */
	struct blob_wait *wait;
	struct blob_job *job;
};

/* --- life ------------------------------------------------------------------------------------ */

static void
job_free(struct blob_job *job)
{
	struct blob_remote *r = job->r;

	s3_call_release(&job->call);
	task_cancel(&job->task);
	if (map_find(&r->fetches, buf_str(&job->key)) == &job->by_key)
		map_remove(&r->fetches, &job->by_key);
	blob_unmap(&job->map);
	if (job->fd >= 0)
		sys.close(job->fd);
	if (job->kind == JOB_PUT && job->pending)
		job->pending->job = NULL;
	list_remove(&job->node);
	buf_release(&job->folder);
	buf_release(&job->name);
	buf_release(&job->key);
	buf_release(&job->target);
	mem_free(job);
}

static void
job_reap(struct task *t)
{
	job_free(container_of(t, struct blob_job, task));
}

static enum step job_step(struct task *t);

static struct blob_job *
job_new(struct blob_remote *r, enum job_kind kind, struct str folder, struct str name)
{
	struct blob_job *job = mem_new(1, sizeof *job);

	job->r = r;
	job->kind = kind;
	job->fd = -1;
	buf_init(&job->folder, BLOB_FOLDER_MAX);
	buf_init(&job->name, BLOB_NAME_MAX);
	buf_init(&job->target, BLOB_FOLDER_MAX);
	buf_add(&job->folder, folder);
	buf_add(&job->name, name);
	blob_object_key(&job->key, folder, name);
	loop_task(r->s3->loop, &job->task, job_step, job_reap);
	list_append(&r->jobs, &job->node);
	return job;
}

static void
unjoin(struct far_wait *f)
{
	list_remove(&f->node);
	f->wait->state = NULL;
	mem_free(f);
}

/* Tell who waits. Those of a fetch are done with it. */
static void
finish(struct blob_job *job, enum fail fail)
{
	struct list_node *next;

	job->is_done = true;
	job->fail = fail;
	for (struct list_node *n = list_first(&job->waits); n; n = next) {
		struct far_wait *f = container_of(n, struct far_wait, node);
		struct blob_wait *w = f->wait;

		next = list_next(&job->waits, n);
		if (job->kind == JOB_FETCH)
			unjoin(f);
		op_finish(&w->op, fail);
	}
}

/* Without a loop of the store's, in place. */
static void
join(struct blob_job *job, struct blob_wait *w, struct task *owner)
{
	struct blob_remote *r = job->r;
	struct far_wait *f = mem_new(1, sizeof *f);

	f->job = job;
	f->wait = w;
	w->state = f;
	list_append(&job->waits, &f->node);
	op_begin(&w->op, r->b->loop ? owner : &r->task);
	if (r->b->loop)
		return;
	while (op_pending(&w->op))
		loop_turn(r->s3->loop, -1);
	w->op.owner = owner;
}

/* --- steps ----------------------------------------------------------------------------------- */

static enum step
end_fetch(struct blob_job *job)
{
	struct blob_cache *c = &job->r->cache;
	struct blob_path path;
	enum fail fail = blob_far_fail(job->call.op.fail);

	sys.close(job->fd);
	job->fd = -1;
	blob_cache_download_path(c, &path, job->download);
	if (fail == FAIL_NONE)
		blob_cache_take(c, &path, buf_str(&job->folder), buf_str(&job->name));
	else
		(void)sys.unlink(path.bytes);
	map_remove(&job->r->fetches, &job->by_key);
	finish(job, fail);
	return STEP_CLOSE;
}

/* A file that goes up: its sums are made in slices, then it is sent. */
static bool
hash_on(struct blob_job *job)
{
	struct blob_pending *p = job->pending;
	struct buf key;

	if (!blob_hash_on(p->sums, job->map.bytes))
		return false;
	blob_object_key(&key, p->folder, blob_name_str(&p->name));
	s3_put_start(job->r->s3, &job->call, &job->task, buf_str(&key), job->map.bytes, p->sums);
	buf_release(&key);
	return true;
}

static enum step
job_step(struct task *t)
{
	struct blob_job *job = container_of(t, struct blob_job, task);

	if (job->is_done || op_pending(&job->call.op))
		return STEP_WAIT;
	if (job->kind != JOB_FETCH && job->pending && job->pending->sums &&
	    !job->pending->sums->has_ended) {
		if (!hash_on(job))
			return STEP_YIELD;
		if (op_pending(&job->call.op))
			return STEP_WAIT;
	}
	if (job->kind == JOB_FETCH)
		return end_fetch(job);
	blob_unmap(&job->map);
	if (job->pending)
		job->pending->is_put = job->call.op.fail == FAIL_NONE;
	finish(job, blob_far_fail(job->call.op.fail));
	return STEP_WAIT;
}

/* --- fetch ----------------------------------------------------------------------------------- */

/* Whole in tmp or in the cache, where it is young again. */
static bool
is_here(struct blob_remote *r, struct str folder, struct str name)
{
	struct blob_path path;

	if (blob_path(r->b, &path, folder, "tmp", name) != FAIL_NONE)
		return false;
	if (blob_is_whole(path.bytes, name))
		return true;
	return blob_cache_touch(&r->cache, folder, name);
}

static bool
is_named_well(const struct blob_remote *r, struct str folder, struct str name)
{
	struct blob_path path;

	return name.n > 0 && str_find(name, STR(",S=")) != STR_NONE &&
	    blob_path(r->b, &path, folder, "tmp", name) == FAIL_NONE;
}

static struct blob_job *
fetch_job(struct blob_remote *r, struct str folder, struct str name)
{
	struct blob_job *job;
	struct map_node *node;
	struct buf key;

	blob_object_key(&key, folder, name);
	node = map_find(&r->fetches, buf_str(&key));
	buf_release(&key);
	if (node)
		return container_of(node, struct blob_job, by_key);
	job = job_new(r, JOB_FETCH, folder, name);
	job->fd = blob_cache_create(&r->cache, &job->download);
	if (job->fd < 0) {
		job_free(job);
		return NULL;
	}
	map_insert(&r->fetches, &job->by_key, buf_str(&job->key));
	s3_get_start(r->s3, &job->call, &job->task, buf_str(&job->key), job->fd,
	    blob_name_size(name));
	task_wake(&job->task);
	return job;
}

static void
fetch_from(struct blob_remote *r, struct blob_wait *w, struct task *owner, struct str folder,
    struct str name)
{
	struct blob_job *job;

	if (!blob_is_remote(r->b, folder) || is_here(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_NONE);
		return;
	}
	if (!is_named_well(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_MISSING);
		return;
	}
	job = fetch_job(r, folder, name);
	if (job)
		join(job, w, owner);
	else
		blob_wait_done(w, owner, FAIL_TEMP);
}

static void
far_fetch(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
    struct str name)
{
	struct blob_remote *r = container_of(far, struct blob_remote, far);
	struct buf folder;

	if (blob_folder_name(account, &folder) == FAIL_NONE)
		fetch_from(r, w, owner, buf_str(&folder), name);
	else
		blob_wait_done(w, owner, FAIL_LIMIT);
	buf_release(&folder);
}

/* --- put ------------------------------------------------------------------------------------- */

static void
begin_sums(struct blob_pending *p)
{
	p->sums = mem_new(1, sizeof *p->sums);
	s3_sums_init(p->sums);
}

static enum fail
map_tmp(struct blob_store *b, const struct blob_pending *p, struct blob_map *out)
{
	struct blob_path path;
	enum fail fail = blob_path(b, &path, p->folder, "tmp", blob_name_str(&p->name));

	return fail == FAIL_NONE ? blob_map_path(b, path.bytes, out) : fail;
}

static void
far_put(struct blob_far *far, struct blob_wait *w, struct task *owner, struct blob_writer *writer)
{
	struct blob_remote *r = container_of(far, struct blob_remote, far);
	struct blob_pending *p = writer->file;
	struct blob_map map = { .is_mapped = false };
	struct blob_job *job;

	if (!p->is_remote) {
		blob_wait_done(w, owner, FAIL_NONE);
		return;
	}
	writer->fail = blob_writer_lay(writer);
	if (writer->fail == FAIL_NONE)
		writer->fail = map_tmp(r->b, p, &map);
	if (writer->fail == FAIL_NONE && map.bytes.n != p->size)
		writer->fail = FAIL_TEMP;
	if (writer->fail != FAIL_NONE) {
		blob_unmap(&map);
		blob_wait_done(w, owner, writer->fail);
		return;
	}
	begin_sums(p);
	job = job_new(r, JOB_PUT, p->folder, blob_name_str(&p->name));
	job->pending = p;
	job->map = map;
	p->job = job;
	p->may_be_there = true;
	task_wake(&job->task);
	join(job, w, owner);
}

void
blob_job_forget(struct blob_pending *p)
{
	struct blob_job *job = p->job;

	if (job == NULL)
		return;
	p->job = NULL;
	job->pending = NULL;
	s3_call_release(&job->call);
	blob_unmap(&job->map);
	if (!job->is_done)
		finish(job, FAIL_TEMP);
}

/* Its file is the turn's now. */
void
blob_job_taken(struct blob_pending *p)
{
	if (p->job)
		p->job->pending = NULL;
	p->job = NULL;
}

static enum fail
far_may_finish(struct blob_far *far, const struct blob_writer *writer)
{
	const struct blob_pending *p = writer->file;

	(void)far;
	return !p->is_remote || (p->is_put && p->job) ? FAIL_NONE : FAIL_TEMP;
}

/* --- copy ------------------------------------------------------------------------------------ */

/* False: errno says why. */
static bool
make_note(struct blob_remote *r, const struct blob_path *to, struct str folder, struct str name)
{
	int fd;

	if (blob_link_places(r->b, folder, name, to) == 0)
		return true;
	fd = sys.open(to->bytes, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd >= 0)
		sys.close(fd);
	return fd >= 0;
}

/*
 * Before the server is asked: a file in tmp under the new name, with the bytes where they are here, else
 * empty. A message whose bytes are needed is fetched then.
 */
static enum fail
note_copy(struct blob_remote *r, struct blob_pending *p, struct str folder, struct str name)
{
	struct blob_path to;
	enum fail fail = blob_path(r->b, &to, p->folder, "tmp", blob_name_str(&p->name));

	if (fail != FAIL_NONE || make_note(r, &to, folder, name))
		return fail;
	if (errno == ENOENT) {
		fail = blob_make_folders(r->b, p->folder);
		if (fail != FAIL_NONE || make_note(r, &to, folder, name))
			return fail;
	}
	return blob_error(r->b, "blob.note", errno);
}

/* Within the server, or up from this disk. */
static enum fail
begin_copy(struct blob_remote *r, struct blob_job *job)
{
	struct str folder = buf_str(&job->folder), name = buf_str(&job->name);
	struct blob_pending *p = job->pending;
	enum fail fail = note_copy(r, p, folder, name);
	struct buf key;

	if (fail == FAIL_NONE && job->kind == JOB_COPY_UP)
		fail = map_tmp(r->b, p, &job->map);
	if (fail == FAIL_NONE && job->kind == JOB_COPY_UP &&
	    job->map.bytes.n != blob_name_size(name))
		fail = FAIL_MISSING;
	p->may_be_there = fail == FAIL_NONE;
	if (fail != FAIL_NONE)
		return fail;
	if (job->kind == JOB_COPY_UP) {
		begin_sums(p);
	} else {
		blob_object_key(&key, p->folder, blob_name_str(&p->name));
		s3_copy_start(r->s3, &job->call, &job->task, buf_str(&job->key), buf_str(&key));
		buf_release(&key);
	}
	task_wake(&job->task);
	return FAIL_NONE;
}

static void
copy_to(struct blob_remote *r, struct blob_wait *w, struct task *owner, struct str folder,
    struct str name, struct str target)
{
	bool is_far = blob_is_remote(r->b, folder);
	struct blob_job *job;
	enum fail fail;

	if (!blob_is_remote(r->b, target)) { /* a link here needs the bytes here */
		fetch_from(r, w, owner, folder, name);
		return;
	}
	if (!is_named_well(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_MISSING);
		return;
	}
	job = job_new(r, is_far ? JOB_COPY : JOB_COPY_UP, folder, name);
	job->pending = blob_pending_new(r->b, target);
	job->pending->is_remote = true;
	buf_add(&job->target, target);
	blob_new_name(r->b, &job->pending->name);
	blob_name_add_size(&job->pending->name, blob_name_size(name));
	job->pending->whole = job->pending->name;
	fail = begin_copy(r, job);
	if (fail == FAIL_NONE) {
		join(job, w, owner);
		return;
	}
	blob_pending_drop(r->b, &job->pending);
	job_free(job);
	blob_wait_done(w, owner, fail);
}

static void
far_copy(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
    struct str name, struct str to)
{
	struct blob_remote *r = container_of(far, struct blob_remote, far);
	struct buf folder, target;
	enum fail fail = blob_folder_name(account, &folder),
		  fail_to = blob_folder_name(to, &target);

	if (fail == FAIL_NONE && fail_to == FAIL_NONE)
		copy_to(r, w, owner, buf_str(&folder), name, buf_str(&target));
	else
		blob_wait_done(w, owner, FAIL_LIMIT);
	buf_release(&folder);
	buf_release(&target);
}

/* A copy of that file to that account that was made, and taken or not. */
static struct blob_job *
find_copy(const struct blob_remote *r, struct str folder, struct str name, struct str target,
    bool is_taken)
{
	for (struct list_node *n = list_first(&r->jobs); n; n = list_next(&r->jobs, n)) {
		struct blob_job *job = container_of(n, struct blob_job, node);

		if ((job->kind == JOB_COPY || job->kind == JOB_COPY_UP) && job->is_done &&
		    job->fail == FAIL_NONE && (job->pending == NULL) == is_taken &&
		    str_eq(buf_str(&job->folder), folder) && str_eq(buf_str(&job->name), name) &&
		    str_eq(buf_str(&job->target), target))
			return job;
	}
	return NULL;
}

enum fail
blob_remote_link(struct blob_remote *r, struct str from, struct str name, struct str to,
    struct blob_name *name_out)
{
	struct blob_job *job = find_copy(r, from, name, to, false);

	if (job == NULL)
		return FAIL_TEMP;
	*name_out = job->pending->name;
	blob_pending_finish(r->b, job->pending);
	job->pending = NULL;
	return FAIL_NONE;
}

/* --- the rest of the far side ---------------------------------------------------------------- */

/* Two copy the same to the same account, and one may have taken the other's: then this one is the other's. */
static void
drop_copy(struct blob_job *job)
{
	struct blob_job *other = find_copy(job->r, buf_str(&job->folder), buf_str(&job->name),
	    buf_str(&job->target), true);

	if (other && job->is_done && job->fail == FAIL_NONE) {
		other->pending = job->pending;
		job->pending = NULL;
	} else {
		blob_pending_drop(job->r->b, &job->pending);
	}
}

static void
far_release(struct blob_far *far, struct blob_wait *w)
{
	struct far_wait *f = w->state;
	struct blob_job *job;

	(void)far;
	op_drop(&w->op);
	if (f == NULL)
		return;
	job = f->job;
	unjoin(f);
	if (job->kind == JOB_FETCH && !list_empty(&job->waits))
		return;
	if (job->kind == JOB_FETCH) {
		struct blob_path path;

		blob_cache_download_path(&job->r->cache, &path, job->download);
		(void)sys.unlink(path.bytes);
	} else if (job->kind != JOB_PUT && job->pending) {
		drop_copy(job);
	}
	job_free(job);
}

/* The command line has no turns in which it could wait. */
static enum fail
far_may_map(struct blob_far *far, struct str account, struct str name)
{
	struct blob_remote *r = container_of(far, struct blob_remote, far);
	struct blob_wait w = { .state = NULL };
	enum fail fail;

	if (r->b->loop)
		return FAIL_NONE;
	far_fetch(far, &w, &r->task, account, name);
	fail = w.op.fail;
	far_release(far, &w);
	return fail;
}

void
blob_remote_fill(struct blob_far *far)
{
	*far = (struct blob_far){ .fetch = far_fetch,
		.put = far_put,
		.copy = far_copy,
		.release = far_release,
		.may_map = far_may_map,
		.may_finish = far_may_finish };
}

/* Who waits has been released by now; what is left is nobody's. */
void
blob_jobs_release(struct blob_remote *r)
{
	struct list_node *n;

	while ((n = list_first(&r->jobs)) != NULL) {
		struct blob_job *job = container_of(n, struct blob_job, node);

		invariant(list_empty(&job->waits));
		if (job->kind != JOB_PUT && job->pending)
			blob_pending_free(r->b, &job->pending);
		job_free(job);
	}
	map_release(&r->fetches);
}
