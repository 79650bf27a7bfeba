/* An object comes to be: of a file in tmp that goes up, or of another object. */
#include "blob/job.h"

/* system */
#include <errno.h>
#include <fcntl.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

/* --- steps ----------------------------------------------------------------------------------- */

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

enum step
blob_put_step(struct task *t)
{
	struct blob_job *job = container_of(t, struct blob_job, task);

	if (job->is_done || op_pending(&job->call.op))
		return STEP_WAIT;
	if (job->pending && job->pending->sums && !job->pending->sums->has_ended) {
		if (!hash_on(job))
			return STEP_YIELD;
		if (op_pending(&job->call.op))
			return STEP_WAIT;
	}
	blob_unmap(&job->map);
	if (job->pending)
		job->pending->is_put = job->call.op.fail == FAIL_NONE;
	blob_job_finish(job, blob_far_fail(job->call.op.fail));
	return STEP_WAIT;
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

void
blob_far_put(struct blob_far *far, struct blob_wait *w, struct task *owner,
    struct blob_writer *writer)
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
	job = blob_job_new(r, JOB_PUT, p->folder, blob_name_str(&p->name));
	job->pending = p;
	job->map = map;
	p->job = job;
	p->may_be_there = true;
	task_wake(&job->task);
	blob_job_join(job, w, owner);
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
		blob_job_finish(job, FAIL_TEMP);
}

/* Its file is the turn's now. */
void
blob_job_taken(struct blob_pending *p)
{
	if (p->job)
		p->job->pending = NULL;
	p->job = NULL;
}

enum fail
blob_far_may_finish(struct blob_far *far, const struct blob_writer *writer)
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
		blob_job_fetch(r, w, owner, folder, name);
		return;
	}
	if (!blob_is_named_well(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_MISSING);
		return;
	}
	job = blob_job_new(r, is_far ? JOB_COPY : JOB_COPY_UP, folder, name);
	job->pending = blob_pending_new(r->b, target);
	job->pending->is_remote = true;
	buf_add(&job->target, target);
	blob_new_name(r->b, &job->pending->name);
	blob_name_add_size(&job->pending->name, blob_name_size(name));
	job->pending->whole = job->pending->name;
	fail = begin_copy(r, job);
	if (fail == FAIL_NONE) {
		blob_job_join(job, w, owner);
		return;
	}
	blob_pending_drop(r->b, &job->pending);
	blob_job_free(job);
	blob_wait_done(w, owner, fail);
}

void
blob_far_copy(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
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

/* Two copy the same to the same account, and one may have taken the other's: then this one is the other's. */
void
blob_copy_drop(struct blob_job *job)
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
