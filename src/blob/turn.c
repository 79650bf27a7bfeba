/* The turn's end: sync files and folders, let the store commit, then move or drop what is new. */
#include "blob/remote.h"

/* system */
#include <errno.h>
#include <fcntl.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

/* --- syncing ------------------------------------------------------------------------------- */

static struct blob_pending *
pending_of(struct list_node *node)
{
	return node ? container_of(node, struct blob_pending, node) : NULL;
}

/* Let the disk begin with all of them before waiting for any. */
static void
begin_all(struct blob_store *b)
{
	for (struct list_node *n = list_first(&b->fresh); n; n = list_next(&b->fresh, n))
		if (pending_of(n)->fd >= 0)
			(void)sync_file_range(pending_of(n)->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void
forget_folders(struct blob_store *b)
{
	struct map_node *node;

	while ((node = map_first(&b->folders)) != NULL) {
		map_remove(&b->folders, node);
		mem_free(container_of(node, struct blob_folder, node));
	}
	map_release(&b->folders);
}

/*
 * Every open file of the turn becomes durable. Many at once: one syncfs() is one journal commit and one
 * flush of the disk, where each fdatasync() is a flush; the folders are durable with it. It reports write
 * errors since Linux 5.8.
 */
enum fail
blob_sync_files(struct blob_store *b)
{
	bool is_done = false;
	enum fail fail = FAIL_NONE;

	if (b->open_count == 0)
		return FAIL_NONE;
	if (b->open_count > 1)
		begin_all(b);
	for (struct list_node *n = list_first(&b->fresh); n; n = list_next(&b->fresh, n)) {
		struct blob_pending *p = pending_of(n);

		if (p->fd < 0)
			continue;
		if (!is_done && b->open_count >= BLOB_WHOLE_SYNC && fail == FAIL_NONE) {
			is_done = true;
			if (sys.syncfs(p->fd) != 0)
				fail = blob_error(b, "blob.sync.all", errno);
			else
				forget_folders(b);
		}
		if (!is_done && fail == FAIL_NONE && sys.fdatasync(p->fd) != 0)
			fail = blob_error(b, "blob.sync", errno);
		sys.close(p->fd);
		p->fd = -1;
	}
	b->open_count = 0;
	if (fail != FAIL_NONE)
		b->has_failed = true; /* also when it was early: the turn is lost */
	return fail;
}

static enum fail
sync_folder(struct blob_store *b, struct str path)
{
	int fd = sys.open(path.p, O_RDONLY | O_DIRECTORY, 0);
	enum fail fail = FAIL_NONE;

	if (fd < 0)
		return errno == ENOENT ? FAIL_NONE : blob_error(b, "blob.sync.folder", errno);
	if (sys.fsync(fd) != 0)
		fail = blob_error(b, "blob.sync.folder", errno);
	sys.close(fd);
	return fail;
}

/* After a failure, those that are left wait for the next turn: a new account's folder stays in use. */
static enum fail
sync_folders(struct blob_store *b)
{
	struct map_node *node;

	while ((node = map_first(&b->folders)) != NULL) {
		struct blob_folder *f = container_of(node, struct blob_folder, node);
		enum fail fail = sync_folder(b, f->path);

		if (fail != FAIL_NONE)
			return fail;
		map_remove(&b->folders, node);
		mem_free(f);
	}
	map_release(&b->folders);
	return FAIL_NONE;
}

enum fail
blob_sync(struct blob_store *b)
{
	enum fail fail = FAIL_NONE;

	if (store_is_dirty(b->store) && b->done_count >= BLOB_PURGE_AT)
		fail = blob_deletions_forget(b);
	if (fail == FAIL_NONE && store_is_dirty(b->store) && !list_empty(&b->fresh))
		fail = blob_mirror_note(b);
	if (fail == FAIL_NONE && b->has_failed)
		fail = FAIL_TEMP;
	if (fail == FAIL_NONE)
		fail = blob_carry_put(b);
	if (fail == FAIL_NONE)
		fail = blob_sync_files(b);
	if (fail == FAIL_NONE && b->is_whole_due)
		fail = blob_sync_tree(b);
	/* Folders are needed by a commit only: those left by a failure do not fail idle turns. */
	if (fail == FAIL_NONE && (store_is_dirty(b->store) || !list_empty(&b->fresh)))
		fail = sync_folders(b);
	b->has_failed = fail != FAIL_NONE;
	return fail;
}

/* --- settling ------------------------------------------------------------------------------ */

enum fail
blob_is_named(struct blob_store *b, struct str account, struct str name)
{
	enum fail named = list_empty(&b->namers) ? FAIL_NONE : FAIL_MISSING;

	for (struct list_node *n = list_first(&b->namers); n; n = list_next(&b->namers, n)) {
		const struct blob_namer *namer = container_of(n, struct blob_namer, node);

		named = namer->fn(namer->arg, account, name);
		if (named != FAIL_MISSING)
			break;
	}
	return named;
}

/* Named: the file in tmp becomes the cache's. Not named: its object goes first. */
static void
settle_far(struct blob_store *b, struct blob_pending *p, const struct blob_path *from,
    enum fail named)
{
	if (named == FAIL_NONE)
		blob_cache_take(&b->remote->cache, from, p->folder, blob_name_str(&p->name));
	if (named == FAIL_MISSING)
		blob_pending_drop(b, &p);
	else
		blob_pending_free(b, &p);
}

/* The commit was durable, or was not tried: the store knows whether the file is named. */
static void
settle_one(struct blob_store *b, struct blob_pending *p)
{
	struct blob_path from, to;
	struct buf account;
	enum fail named = FAIL_TEMP;

	buf_init(&account, BLOB_FOLDER_MAX);
	if (blob_folder_account(p->folder, &account) &&
	    blob_path(b, &from, p->folder, "tmp", blob_name_str(&p->name)) == FAIL_NONE &&
	    blob_path(b, &to, p->folder, "cur", blob_name_str(&p->name)) == FAIL_NONE)
		named = blob_is_named(b, buf_str(&account), blob_name_str(&p->name));
	buf_release(&account);
	if (p->is_remote) {
		settle_far(b, p, &from, named);
		return;
	}
	/* What fails here stays in tmp, where reading finds it and the next start settles it. */
	if (named == FAIL_NONE && sys.rename(from.bytes, to.bytes) != 0)
		log_warn(&blob_log, "blob.move", LOG_NUM("errno", errno));
	else if (named == FAIL_MISSING && sys.unlink(from.bytes) != 0)
		log_warn(&blob_log, "blob.drop", LOG_NUM("errno", errno));
	blob_pending_free(b, &p);
}

static void
settle_all(struct blob_store *b, struct list *files)
{
	struct list_node *node;

	while ((node = list_first(files)) != NULL)
		settle_one(b, pending_of(node));
}

/* Their commit failed. Once a later one is durable, it is certain that theirs is gone. */
static void
settle_doubtful(struct blob_store *b)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&b->doubtful); n; n = next) {
		next = list_next(&b->doubtful, n);
		if (pending_of(n)->commits < store_commits(b->store))
			settle_one(b, pending_of(n));
	}
}

void
blob_settle(struct blob_store *b, enum fail outcome)
{
	struct list_node *node;

	blob_carry_settle(b, outcome);
	b->is_whole_due = false;
	if (outcome == FAIL_NONE || b->has_failed)
		settle_all(b, &b->fresh);
	while ((node = list_pop(&b->fresh)) != NULL) {
		struct blob_pending *p = pending_of(node);

		p->commits = store_commits(b->store);
		if (p->fd >= 0)
			sys.close(p->fd);
		p->fd = -1;
		list_append(&b->doubtful, &p->node);
	}
	b->open_count = 0;
	b->has_failed = false;
	settle_doubtful(b);
	blob_deletions_commit(b, outcome);
}

enum fail
blob_commit(struct blob_store *b)
{
	enum fail fail = blob_sync(b);

	if (fail == FAIL_NONE)
		fail = store_commit(b->store);
	else
		store_rollback(b->store);
	if (fail == FAIL_NONE)
		b->is_well = true;
	blob_settle(b, fail);
	return fail;
}

/* --- in the loop --------------------------------------------------------------------------- */

static enum fail
on_sync(struct turn_hook *hook, enum fail so_far)
{
	(void)so_far;
	return blob_sync(container_of(hook, struct blob_store, sync_hook));
}

static enum fail
on_committed(struct turn_hook *hook, enum fail so_far)
{
	blob_settle(container_of(hook, struct blob_store, committed_hook), so_far);
	return FAIL_NONE;
}

/* Can a file be written and synced again? */
static bool
try_writing(struct blob_store *b)
{
	static char zeros[BLOB_PROBE_BYTES];
	struct blob_path path;
	bool is_well = false;
	int fd;

	if (blob_path(b, &path, STR(""), ".probe", STR("")) != FAIL_NONE)
		return false;
	fd = sys.open(path.bytes, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0) {
		is_well = blob_write_all(b, fd, str_of(zeros, sizeof zeros)) == FAIL_NONE &&
		    sys.fdatasync(fd) == 0;
		sys.close(fd);
		(void)sys.unlink(path.bytes);
	}
	return is_well;
}

static enum step
probe(struct task *t)
{
	struct blob_store *b = container_of(t, struct blob_store, probe);

	if (b->is_well)
		return STEP_WAIT;
	b->is_well = try_writing(b);
	if (b->is_well)
		log_info(&blob_log, "blob.well", LOG_NUM("files", b->sequence));
	else
		timer_start(b->loop, &b->timer, t, clock_mono_ms() + BLOB_PROBE_MS);
	return STEP_WAIT;
}

void
blob_turn_init(struct blob_store *b)
{
	list_init(&b->writing);
	list_init(&b->fresh);
	list_init(&b->doubtful);
	list_init(&b->deletions);
	list_init(&b->due);
	list_init(&b->done);
	b->is_well = true;
	if (b->loop == NULL)
		return;
	b->sync_hook.run = on_sync;
	b->committed_hook.run = on_committed;
	loop_hook(b->loop, TURN_SYNC, &b->sync_hook);
	loop_hook(b->loop, TURN_COMMITTED, &b->committed_hook);
	loop_task(b->loop, &b->probe, probe, NULL);
	loop_task(b->loop, &b->unlinking, blob_deletions_step, NULL);
}

static void
drop_all(struct blob_store *b, struct list *files)
{
	struct list_node *node;

	while ((node = list_first(files)) != NULL) {
		struct blob_pending *p = pending_of(node);

		blob_pending_free(b, &p);
	}
}

/* Files stay in tmp: the store was not asked to commit them, and the next start settles them. */
void
blob_turn_release(struct blob_store *b)
{
	if (b->loop != NULL) {
		loop_unhook(&b->sync_hook);
		loop_unhook(&b->committed_hook);
		timer_stop(b->loop, &b->timer);
		task_cancel(&b->probe);
		task_cancel(&b->unlinking);
	}
	drop_all(b, &b->fresh);
	drop_all(b, &b->doubtful);
	forget_folders(b);
	blob_deletions_release(b);
}
