/* Start and check: look at what lies in the folders and ask who names it. */
#include "blob/remote.h"

/* system */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

enum fail
blob_each_entry(struct blob_store *b, const char *path, blob_entry_fn *fn, void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum fail fail = FAIL_NONE;

	(void)b;
	if (dir == NULL && errno == ENOENT)
		return FAIL_MISSING;
	if (dir == NULL)
		return fail_because(&blob_log, FAIL_TEMP, "blob.list", errno);
	while (fail == FAIL_NONE && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			fail = fn(arg, str_c(entry->d_name));
	closedir(dir);
	return fail;
}

struct sweep {
	struct blob_store *b;
	struct buf account, folder;
	const char *sub;
	bool is_repair;
	blob_found_fn *found;
	void *found_arg;
	enum fail (*each)(struct sweep *s);
};

static void
sweep_release(struct sweep *s)
{
	buf_release(&s->account);
	buf_release(&s->folder);
}

/* Entries of one of the account's folders. */
static enum fail
each_file(struct sweep *s, const char *sub, blob_entry_fn *fn)
{
	struct blob_path path;
	enum fail fail = blob_path(s->b, &path, buf_str(&s->folder), sub, STR(""));

	s->sub = sub;
	if (fail == FAIL_NONE)
		fail = blob_each_entry(s->b, path.bytes, fn, s);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* A folder of the tree: is it an account's? */
static enum fail
enter(void *arg, struct str entry)
{
	struct sweep *s = arg;

	if (!blob_folder_account(entry, &s->account))
		return FAIL_NONE;
	buf_clear(&s->folder);
	buf_add(&s->folder, entry);
	return s->each(s);
}

static enum fail
each_account(struct sweep *s)
{
	struct blob_path path;
	enum fail fail = blob_path(s->b, &path, STR(""), "", STR(""));

	buf_init(&s->account, BLOB_FOLDER_MAX);
	buf_init(&s->folder, BLOB_FOLDER_MAX);
	if (fail == FAIL_NONE)
		fail = blob_each_entry(s->b, path.bytes, enter, s);
	sweep_release(s);
	return fail;
}

/* --- start --------------------------------------------------------------------------------- */

/* The same of a message that is kept far away: only a whole name was ever put. */
static enum fail
recover_far(struct sweep *s, struct str entry, enum fail named)
{
	bool may_be_there = str_find(entry, STR(",S=")) != STR_NONE;
	struct blob_path path;

	if (blob_path(s->b, &path, buf_str(&s->folder), "tmp", entry) != FAIL_NONE)
		return FAIL_NONE;
	log_info(&blob_log, named == FAIL_NONE ? "blob.recover.moved" : "blob.recover.dropped",
	    LOG_TEXT("account", buf_str(&s->account)), LOG_TEXT("name", entry));
	if (named == FAIL_NONE && s->b->remote->cache.is_trusted)
		blob_cache_take(&s->b->remote->cache, &path, buf_str(&s->folder), entry);
	else if (named == FAIL_MISSING && may_be_there)
		blob_remote_drop(s->b->remote, buf_str(&s->folder), entry);
	else if ((named == FAIL_NONE || named == FAIL_MISSING) && sys.unlink(path.bytes) != 0)
		return fail_because(&blob_log, FAIL_TEMP, "blob.recover", errno);
	return named == FAIL_MISSING ? FAIL_NONE : named;
}

/* A file that a crash left in tmp: finished and named, or nobody's. */
static enum fail
recover_file(void *arg, struct str entry)
{
	struct sweep *s = arg;
	struct blob_path from, to;
	enum fail named = blob_is_named(s->b, buf_str(&s->account), entry);

	if (blob_is_remote(s->b, buf_str(&s->folder)))
		return recover_far(s, entry, named);
	if (blob_path(s->b, &from, buf_str(&s->folder), "tmp", entry) != FAIL_NONE ||
	    blob_path(s->b, &to, buf_str(&s->folder), "cur", entry) != FAIL_NONE)
		return FAIL_NONE;
	log_info(&blob_log, named == FAIL_NONE ? "blob.recover.moved" : "blob.recover.dropped",
	    LOG_TEXT("account", buf_str(&s->account)), LOG_TEXT("name", entry));
	if (named == FAIL_NONE && sys.rename(from.bytes, to.bytes) != 0)
		return fail_because(&blob_log, FAIL_TEMP, "blob.recover", errno);
	if (named == FAIL_MISSING && sys.unlink(from.bytes) != 0)
		return fail_because(&blob_log, FAIL_TEMP, "blob.recover", errno);
	return named == FAIL_MISSING ? FAIL_NONE : named;
}

static enum fail
recover_account(struct sweep *s)
{
	return each_file(s, "tmp", recover_file);
}

enum fail
blob_sync_tree(struct blob_store *b)
{
	return sys.syncfs(b->root_fd) == 0
	    ? FAIL_NONE
	    : fail_because(&blob_log, FAIL_TEMP, "blob.sync.tree", errno);
}

enum fail
blob_recover(struct blob_store *b)
{
	struct sweep s = { .b = b, .each = recover_account };
	struct blob_path probe;
	enum fail fail = each_account(&s);

	if (blob_path(b, &probe, STR(""), ".probe", STR("")) == FAIL_NONE)
		(void)sys.unlink(probe.bytes);
	if (fail == FAIL_NONE)
		blob_carry_recover(b);
	if (fail == FAIL_NONE)
		fail = blob_deletions_collect(b);
	if (fail == FAIL_NONE)
		fail = blob_sync_tree(b); /* what earlier processes left in memory only */
	if (fail == FAIL_NONE && b->done_count > 0)
		fail = blob_deletions_forget(b);
	if (fail == FAIL_NONE && b->far && b->remote)
		blob_cache_recovered(&b->remote->cache);
	return fail;
}

/* --- check --------------------------------------------------------------------------------- */

static enum fail
check_file(void *arg, struct str entry)
{
	struct sweep *s = arg;
	struct str name = blob_cur_name(entry);
	struct blob_path path;
	enum fail named = blob_is_named(s->b, buf_str(&s->account), name);

	if (named != FAIL_MISSING)
		return named;
	if (s->found != NULL)
		s->found(s->found_arg, buf_str(&s->account), name);
	if (!s->is_repair)
		return FAIL_NONE;
	/* The entry as it is: not every file in cur has our ":2,". */
	if (blob_path(s->b, &path, buf_str(&s->folder), s->sub, STR("")) != FAIL_NONE)
		return FAIL_NONE;
	return blob_unlink_entry(&path, entry);
}

static enum fail
check_account(struct sweep *s)
{
	enum fail fail;

	if (blob_is_remote(s->b, buf_str(&s->folder)))
		return FAIL_NONE;
	fail = each_file(s, "cur", check_file);

	return fail == FAIL_NONE ? each_file(s, "new", check_file) : fail;
}

enum fail
blob_check(struct blob_store *b, bool is_repair, blob_found_fn *found, void *arg)
{
	struct sweep s = {
		.b = b,
		.is_repair = is_repair,
		.found = found,
		.found_arg = arg,
		.each = check_account,
	};

	enum fail fail = each_account(&s);

	return fail == FAIL_NONE && b->remote ? blob_remote_check(b->remote, is_repair, found, arg)
					      : fail;
}

/* --- an account that is gone --------------------------------------------------------------- */

/* Its files that nobody names, then its folders where they are empty. */
enum fail
blob_sweep_account(struct blob_store *b, struct str account)
{
	static const char *const subs[] = { "tmp", "new", "cur", "" };
	struct sweep s = { .b = b, .is_repair = true, .each = check_account };
	struct blob_path path;
	enum fail fail = blob_folder_name(account, &s.folder);

	buf_init(&s.account, BLOB_FOLDER_MAX);
	buf_add(&s.account, account);
	if (fail == FAIL_NONE)
		fail = check_account(&s);
	for (size_t i = 0; i < ARRAY_LEN(subs) && fail == FAIL_NONE; i++)
		if (blob_path(b, &path, buf_str(&s.folder), subs[i], STR("")) == FAIL_NONE)
			(void)rmdir(path.bytes); /* not empty: the account is there again */
	sweep_release(&s);
	return fail;
}
