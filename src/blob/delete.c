/*
 * Deleting. The key (BLOB_SPACE, account, name) is written by the transaction that drops the last
 * reference, so it is there exactly when that is durable. Then the file is unlinked, in slices behind
 * the answers of the turn: each may cost the kernel a millisecond. The keys of unlinked files are
 * deleted later, many together, in a transaction that there is anyway, once the folders are synced.
 * The next start does what is left.
 */
#include "blob/remote.h"

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "store/key.h"
#include "sys/sys.h"

static void
make_key(struct key *k, struct str account, struct str name)
{
	key_init(k, BLOB_SPACE);
	key_bytes(k, account);
	key_rest(k, name);
}

struct blob_deletion *
blob_deletion_new(struct str account, struct str name)
{
	struct blob_deletion *d = mem_new(1, sizeof *d + account.n + name.n);
	char *copy = (char *)(d + 1);

	memcpy(copy, account.p, account.n);
	if (name.n > 0)
		memcpy(copy + account.n, name.p, name.n);
	d->account = str_of(copy, account.n);
	d->name = str_of(copy + account.n, name.n);
	return d;
}

static void
remember(struct list *deletions, struct str account, struct str name)
{
	list_append(deletions, &blob_deletion_new(account, name)->node);
}

enum fail
blob_delete_later(struct blob_store *b, struct txn *t, struct str account, struct str name)
{
	struct key k;
	enum fail fail;

	invariant(account.n > 0 && name.n > 0);
	make_key(&k, account, name);
	fail = txn_put(t, key_str(&k), STR(""));
	if (fail == FAIL_NONE)
		remember(&b->deletions, account, name);
	return fail;
}

enum fail
blob_delete_account_later(struct blob_store *b, struct txn *t, struct str account)
{
	struct key k;
	enum fail fail;

	invariant(account.n > 0);
	make_key(&k, account, STR(""));
	fail = txn_put(t, key_str(&k), STR(""));
	if (fail == FAIL_NONE)
		remember(&b->deletions, account, STR(""));
	return fail;
}

/* --- after the commit ---------------------------------------------------------------------- */

/* Was the run that asked for it undone? */
static enum fail
is_there(struct txn *t, void *arg)
{
	const struct blob_deletion *d = arg;
	struct str value;
	struct key k;

	make_key(&k, d->account, d->name);
	return txn_get(t, key_str(&k), &value);
}

enum fail
blob_deletion_is_due(struct blob_store *b, struct str account, struct str name)
{
	struct blob_deletion d = { .account = account, .name = name };

	return store_read(b->store, is_there, &d);
}

static enum fail
unlink_one(struct blob_store *b, struct str account, struct str name)
{
	static const char *const subs[] = { "cur", "tmp" };
	struct blob_path path;
	struct buf folder;
	enum fail fail = blob_folder_name(account, &folder);

	if (fail == FAIL_NONE && blob_is_remote(b, buf_str(&folder)))
		blob_cache_drop(&b->remote->cache, buf_str(&folder), name);
	for (size_t i = 0; i < ARRAY_LEN(subs) && fail == FAIL_NONE; i++) {
		if (blob_path(b, &path, buf_str(&folder), subs[i], name) != FAIL_NONE)
			continue;
		if (sys.unlink(path.bytes) == 0)
			break;
		if (errno != ENOENT)
			fail = fail_because(&blob_log, FAIL_TEMP, "blob.unlink", errno);
	}
	buf_release(&folder);
	return fail;
}

/* One deletion whose transaction is durable. A file that is named again stays, of course. */
static enum fail
carry_out(struct blob_store *b, struct str account, struct str name)
{
	enum fail named;

	if (name.n == 0)
		return blob_sweep_account(b, account);
	named = list_empty(&b->namers) ? FAIL_MISSING : blob_is_named(b, account, name);
	if (named == FAIL_NONE)
		log_error(&blob_log, "blob.delete.named", LOG_TEXT("name", name));
	return named == FAIL_MISSING ? unlink_one(b, account, name) : named;
}

void
blob_deletion_done(struct blob_store *b, struct blob_deletion *d)
{
	list_append(&b->done, &d->node);
	b->done_count++;
}

static bool
has_object(const struct blob_store *b, struct str account)
{
	struct buf folder;
	bool has = blob_folder_name(account, &folder) == FAIL_NONE &&
	    (blob_is_remote(b, buf_str(&folder)) || blob_is_mirrored(b, buf_str(&folder)));

	buf_release(&folder);
	return has;
}

/* Takes d over. */
static void
after_commit(struct blob_store *b, struct blob_deletion *d)
{
	bool is_due = store_read(b->store, is_there, d) == FAIL_NONE;
	enum fail fail = is_due ? carry_out(b, d->account, d->name) : FAIL_MISSING;

	if (fail == FAIL_NONE && has_object(b, d->account)) {
		blob_remote_delete(b->remote, d);
	} else if (fail == FAIL_NONE) {
		blob_deletion_done(b, d);
	} else {
		mem_free(d); /* undone, or the next start tries again */
	}
}

/* Keys that this turn's transaction deleted: gone for good, or to be deleted another time. */
static void
settle_forgotten(struct blob_store *b, enum fail outcome)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&b->done); n; n = next) {
		struct blob_deletion *d = container_of(n, struct blob_deletion, node);

		next = list_next(&b->done, n);
		if (!d->is_forgotten)
			break;
		d->is_forgotten = false;
		if (outcome != FAIL_NONE)
			continue;
		list_remove(n);
		b->done_count--;
		mem_free(d);
	}
}

/* An account is not put off: another one may get its name, and the folder with it. */
static bool
can_wait(const struct blob_store *b, const struct blob_deletion *d)
{
	return b->loop != NULL && d->name.n > 0 && b->due_count < BLOB_DUE_MAX;
}

static struct blob_deletion *
take_due(struct blob_store *b)
{
	struct list_node *node = list_pop(&b->due);

	b->due_count -= node != NULL;
	return node ? container_of(node, struct blob_deletion, node) : NULL;
}

void
blob_deletions_commit(struct blob_store *b, enum fail outcome)
{
	struct list_node *node;

	settle_forgotten(b, outcome);
	while ((node = list_first(&b->deletions)) != NULL) {
		struct blob_deletion *d = container_of(node, struct blob_deletion, node);

		list_remove(node);
		if (outcome != FAIL_NONE) {
			mem_free(d);
		} else if (can_wait(b, d)) {
			list_append(&b->due, node);
			b->due_count++;
		} else {
			after_commit(b, d);
		}
	}
	if (!list_empty(&b->due))
		task_wake(&b->unlinking);
}

/*
 * What this turn drops may yet be undone (D3), and an undone run of an earlier turn may have asked for the same: then
 * the next turn looks.
 */
enum step
blob_deletions_step(struct task *t)
{
	struct blob_store *b = container_of(t, struct blob_store, unlinking);
	struct blob_deletion *d;

	if (store_is_dirty(b->store))
		return STEP_YIELD;
	for (size_t i = 0; i < BLOB_UNLINK_MAX && (d = take_due(b)) != NULL; i++)
		after_commit(b, d);
	if (!list_empty(&b->due))
		return STEP_YIELD;
	if (b->remote != NULL)
		task_wake(&b->remote->task); /* it may wait for that to look for more */
	return STEP_WAIT;
}

/* --- forgetting the keys ------------------------------------------------------------------- */

static enum fail
delete_keys(struct txn *t, void *arg)
{
	struct blob_store *b = arg;
	size_t count = 0;

	for (struct list_node *n = list_first(&b->done); n && count < BLOB_PURGE_MAX;
	     n = list_next(&b->done, n), count++) {
		struct blob_deletion *d = container_of(n, struct blob_deletion, node);
		struct key k;
		enum fail fail;

		make_key(&k, d->account, d->name);
		fail = txn_delete(t, key_str(&k));
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

/*
 * The unlinks must be durable before the keys are gone; also where messages are kept far away, for cur may have
 * what was there before they moved.
 */
static void
touch_done(struct blob_store *b)
{
	size_t count = 0;

	for (struct list_node *n = list_first(&b->done); n && count < BLOB_PURGE_MAX;
	     n = list_next(&b->done, n), count++) {
		struct blob_deletion *d = container_of(n, struct blob_deletion, node);
		struct blob_path path;
		struct buf folder;

		d->is_forgotten = true;
		if (blob_folder_name(d->account, &folder) == FAIL_NONE &&
		    blob_path(b, &path, buf_str(&folder), "cur", STR("")) == FAIL_NONE)
			blob_touch(b, str_of(path.bytes, path.n));
		buf_release(&folder);
	}
}

/* In a turn that commits anyway: delete the keys of many done deletions, and have folders synced. */
enum fail
blob_deletions_forget(struct blob_store *b)
{
	touch_done(b);
	return store_run(b->store, delete_keys, b);
}

void
blob_deletions_release(struct blob_store *b)
{
	struct list_node *node;

	while ((node = list_pop(&b->deletions)) != NULL)
		mem_free(container_of(node, struct blob_deletion, node));
	for (struct blob_deletion *d; (d = take_due(b)) != NULL;)
		mem_free(d);
	while ((node = list_pop(&b->done)) != NULL)
		mem_free(container_of(node, struct blob_deletion, node));
}

/* --- at start ------------------------------------------------------------------------------ */

static enum fail
collect(struct txn *t, void *arg)
{
	struct blob_store *b = arg;
	struct cursor c;
	struct str key, value;
	struct buf account;
	struct key from, to;
	size_t count = 0;

	buf_init(&account, STORE_KEY_MAX);
	key_init(&from, BLOB_SPACE);
	to = from;
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value)) {
		struct key_reader r;

		if (b->remote && ++count > BLOB_DELETES_MAX) {
			b->remote->has_left_out = true;
			break;
		}

		key_read(&r, key);
		(void)key_read_char(&r);
		buf_clear(&account);
		key_read_bytes(&r, &account);
		if (!r.is_bad && account.n > 0)
			remember(&b->deletions, buf_str(&account), key_read_rest(&r));
	}
	buf_release(&account);
	return cursor_end(&c);
}

/* What the keys ask for, again. */
enum fail
blob_deletions_collect(struct blob_store *b)
{
	enum fail fail = store_read(b->store, collect, b);
	struct list_node *node;

	while ((node = list_pop(&b->deletions)) != NULL) {
		struct blob_deletion *d = container_of(node, struct blob_deletion, node);

		if (fail == FAIL_NONE)
			after_commit(b, d);
		else
			mem_free(d);
	}
	return fail;
}
