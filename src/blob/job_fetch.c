/* A message is brought from the server into the cache. */
#include "blob/job.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

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

bool
blob_is_named_well(const struct blob_remote *r, struct str folder, struct str name)
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
	job = blob_job_new(r, JOB_FETCH, folder, name);
	job->fd = blob_cache_create(&r->cache, &job->download);
	if (job->fd < 0) {
		blob_job_free(job);
		return NULL;
	}
	map_insert(&r->fetches, &job->by_key, buf_str(&job->key));
	s3_get_start(r->s3, &job->call, &job->task, buf_str(&job->key), job->fd,
	    blob_name_size(name));
	task_wake(&job->task);
	return job;
}

void
blob_job_fetch(struct blob_remote *r, struct blob_wait *w, struct task *owner, struct str folder,
    struct str name)
{
	struct blob_job *job;

	if (!blob_is_remote(r->b, folder) || is_here(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_NONE);
		return;
	}
	if (!blob_is_named_well(r, folder, name)) {
		blob_wait_done(w, owner, FAIL_MISSING);
		return;
	}
	job = fetch_job(r, folder, name);
	if (job)
		blob_job_join(job, w, owner);
	else
		blob_wait_done(w, owner, FAIL_TEMP);
}

void
blob_far_fetch(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
    struct str name)
{
	struct blob_remote *r = container_of(far, struct blob_remote, far);
	struct buf folder;

	if (blob_folder_name(account, &folder) == FAIL_NONE)
		blob_job_fetch(r, w, owner, buf_str(&folder), name);
	else
		blob_wait_done(w, owner, FAIL_LIMIT);
	buf_release(&folder);
}

enum step
blob_fetch_step(struct task *t)
{
	struct blob_job *job = container_of(t, struct blob_job, task);
	struct blob_cache *c = &job->r->cache;
	struct blob_path path;
	enum fail fail = blob_far_fail(job->call.op.fail);

	if (op_pending(&job->call.op))
		return STEP_WAIT;
	sys.close(job->fd);
	job->fd = -1;
	blob_cache_download_path(c, &path, job->download);
	if (fail == FAIL_NONE)
		blob_cache_take(c, &path, buf_str(&job->folder), buf_str(&job->name));
	else
		(void)sys.unlink(path.bytes);
	map_remove(&job->r->fetches, &job->by_key);
	blob_job_finish(job, fail);
	return STEP_CLOSE;
}

void
blob_fetch_drop(struct blob_job *job)
{
	struct blob_path path;

	blob_cache_download_path(&job->r->cache, &path, job->download);
	(void)sys.unlink(path.bytes);
}
