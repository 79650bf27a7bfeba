/* The S3 engine, or the mirror, as a whole: open, close, work behind the scenes. */
#include "blob/remote.h"

/* system */
#include <errno.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "sys/sys.h"

#define REST_LEAST_MS 1000
#define HASH_SLICE    ((size_t)1 << 20) /* bytes in one step */

static bool
is_here(const struct blob_remote *r, struct str folder)
{
	return str_eq(folder, r->local);
}

bool
blob_is_remote(const struct blob_store *b, struct str folder)
{
	return b->remote && !b->remote->is_mirror && !is_here(b->remote, folder);
}

bool
blob_is_mirrored(const struct blob_store *b, struct str folder)
{
	return b->remote && b->remote->is_mirror && !is_here(b->remote, folder);
}

void
blob_object_key(struct buf *out, struct str folder, struct str name)
{
	buf_init(out, S3_KEY_MAX);
	buf_add(out, folder);
	buf_add_char(out, '/');
	buf_add(out, name);
}

bool
blob_has_note(const struct blob_store *b, struct str folder, struct str name)
{
	struct blob_path path;
	struct stat st;

	return blob_path(b, &path, folder, "tmp", name) == FAIL_NONE &&
	    (sys.stat(path.bytes, &st) == 0 || errno != ENOENT);
}

enum fail
blob_far_fail(enum fail fail)
{
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}

bool
blob_hash_on(struct s3_sums *sums, struct str bytes)
{
	s3_sums_add(sums, str_slice(bytes, (size_t)sums->size, HASH_SLICE));
	if (sums->size < bytes.n)
		return false;
	s3_sums_end(sums);
	return true;
}

/* --- behind the scenes ----------------------------------------------------------------------- */

/* As long as others try again: the server is not asked more often than that for what nobody waits for. */
void
blob_remote_rest(struct blob_remote *r)
{
	int64_t rest = i64_max(r->s3->settings->retry_ms, REST_LEAST_MS);

	if (!timer_running(&r->timer))
		timer_start(r->s3->loop, &r->timer, &r->task, clock_mono_ms() + rest);
}

static enum step
remote_step(struct task *t)
{
	struct blob_remote *r = container_of(t, struct blob_remote, task);
	bool has_moved;

	if (r->b->loop == NULL)
		return STEP_WAIT;
	has_moved = blob_deletes_step(r);
	has_moved |= blob_mirror_step(r);
	return has_moved ? STEP_YIELD : STEP_WAIT;
}

/* --- open, close ----------------------------------------------------------------------------- */

enum fail
blob_use_s3(struct blob_store *b, const struct blob_s3_options *options)
{
	struct blob_remote *r = mem_new(1, sizeof *r);
	struct buf folder;
	enum fail fail = blob_folder_name(options->local, &folder);

	invariant(b->remote == NULL && fail == FAIL_NONE);
	b->remote = r;
	r->b = b;
	r->s3 = options->s3;
	r->is_mirror = options->settings->engine == BLOB_MAILDIR;
	r->local = blob_copy_of(buf_str(&folder));
	buf_release(&folder);
	buf_init(&r->after, STORE_KEY_MAX);
	buf_init(&r->names_of, BLOB_FOLDER_MAX);
	loop_task(r->s3->loop, &r->task, remote_step, NULL);
	r->has_news = true;
	if (r->is_mirror) {
		task_wake(&r->task);
		return FAIL_NONE;
	}
	blob_remote_fill(&r->far);
	b->far = &r->far;
	return blob_cache_open(&r->cache, b, r->s3->loop, options->cache,
	    (uint64_t)options->settings->cache_bytes);
}

void
blob_remote_close(struct blob_store *b)
{
	struct blob_remote *r = b->remote;

	if (r == NULL)
		return;
	blob_jobs_release(r);
	blob_deletes_release(r);
	blob_mirror_release(r);
	blob_names_release(r);
	blob_cache_close(&r->cache);
	timer_stop(r->s3->loop, &r->timer);
	task_cancel(&r->task);
	buf_release(&r->after);
	buf_release(&r->names_of);
	blob_give_back(&r->local);
	mem_free(r);
	b->remote = NULL;
	b->far = NULL;
}
