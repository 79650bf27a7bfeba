#include "blob/job.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

struct far_wait {
	struct list_node node; /* in job->waits */
	struct blob_wait *wait;
	struct blob_job *job;
};

/* --- life ------------------------------------------------------------------------------------ */

void
blob_job_free(struct blob_job *job)
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
	blob_job_free(container_of(t, struct blob_job, task));
}

struct blob_job *
blob_job_new(struct blob_remote *r, enum job_kind kind, struct str folder, struct str name)
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
	loop_task(r->s3->loop, &job->task, kind == JOB_FETCH ? blob_fetch_step : blob_put_step,
	    job_reap);
	list_append(&r->jobs, &job->node);
	return job;
}

/* --- who waits -------------------------------------------------------------------------------- */

static void
unjoin(struct far_wait *f)
{
	list_remove(&f->node);
	f->wait->state = NULL;
	mem_free(f);
}

void
blob_job_finish(struct blob_job *job, enum fail fail)
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

void
blob_job_join(struct blob_job *job, struct blob_wait *w, struct task *owner)
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

/* --- the far side ----------------------------------------------------------------------------- */

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
	if (job->kind == JOB_FETCH)
		blob_fetch_drop(job);
	else if (job->kind != JOB_PUT && job->pending)
		blob_copy_drop(job);
	blob_job_free(job);
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
	blob_far_fetch(far, &w, &r->task, account, name);
	fail = w.op.fail;
	far_release(far, &w);
	return fail;
}

void
blob_remote_fill(struct blob_far *far)
{
	*far = (struct blob_far){ .fetch = blob_far_fetch,
		.put = blob_far_put,
		.copy = blob_far_copy,
		.release = far_release,
		.may_map = far_may_map,
		.may_finish = blob_far_may_finish };
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
		blob_job_free(job);
	}
	map_release(&r->fetches);
}
