/*
 * Carrying: a small message travels in the commit that names it, as the value of a key (CARRY_SPACE, account, name).
 * So one sync of the store's log makes both durable, and the file needs none of its own: it is written behind the
 * commit, straight into cur. Before the log goes into the store's file, one syncfs makes the files of all those turns
 * durable, and their keys are deleted. The key stands in for the file as long as it is there: the start writes
 * every such file anew, and reading finds the bytes in it where the file could not be written.
 */
#include "blob/inner.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "store/key.h"
#include "sys/sys.h"

#define CARRY_SPACE 'w' /* space byte of the keys */

static void
make_key(struct key *k, struct str account, struct str name)
{
	key_init(k, CARRY_SPACE);
	key_bytes(k, account);
	key_rest(k, name);
}

bool
blob_carry_may(const struct blob_writer *w)
{
	const struct blob_store *b = w->store;

	return w->file->name.n == 0 && w->size > 0 && w->size <= BLOB_CARRY_MAX &&
	    b->carried_bytes + w->size <= BLOB_CARRY_TURN && !b->is_behind && !b->far &&
	    !b->remote && b->store && store_has_log(b->store);
}

void
blob_carry(struct blob_writer *w)
{
	struct blob_pending *p = w->file;

	p->name = p->whole;
	p->size = w->size;
	p->is_carried = true;
	p->bytes = w->buffer;
	w->buffer = (struct buf){ 0 };
	w->store->carried_bytes += p->size;
}

static struct blob_pending *
find_fresh(const struct blob_store *b, struct str folder, struct str name)
{
	for (struct list_node *n = list_first(&b->fresh); n; n = list_next(&b->fresh, n)) {
		struct blob_pending *p = container_of(n, struct blob_pending, node);

		if (p->is_carried && str_eq(blob_name_str(&p->name), name) &&
		    str_eq(p->folder, folder))
			return p;
	}
	return NULL;
}

/* A link has to have a file, durable with its own turn. */
enum fail
blob_carry_lay(struct blob_store *b, struct str folder, struct str name)
{
	struct blob_pending *p = find_fresh(b, folder, name);
	struct blob_path path;
	enum fail fail;

	b->is_whole_due |= b->is_loose;
	if (p == NULL)
		return FAIL_NONE;
	fail = blob_pending_lay(b, p, buf_str(&p->bytes));
	if (fail == FAIL_NONE) {
		blob_pending_uncarry(b, p);
		blob_pending_finish(b, p);
		return FAIL_NONE;
	}
	if (p->fd >= 0)
		sys.close(p->fd);
	p->fd = -1;
	if (blob_path(b, &path, p->folder, "tmp", name) == FAIL_NONE)
		(void)sys.unlink(path.bytes);
	return fail;
}

/* --- the turn ------------------------------------------------------------------------------ */

struct put {
	struct blob_pending *p;
	struct str account;
};

static enum fail
put_key(struct txn *t, void *arg)
{
	const struct put *put = arg;
	struct key k;

	make_key(&k, put->account, blob_name_str(&put->p->name));
	return txn_pass(t, key_str(&k), buf_str(&put->p->bytes));
}

/* Who names it knows already: the runs of this turn are over. */
static enum fail
put_one(struct blob_store *b, struct blob_pending *p, struct buf *account)
{
	struct put put = { .p = p };
	enum fail named;

	if (!blob_folder_account(p->folder, account))
		return FAIL_PERM;
	put.account = buf_str(account);
	named = blob_is_named(b, put.account, blob_name_str(&p->name));
	if (named == FAIL_MISSING) {
		blob_pending_free(b, &p);
		return FAIL_NONE;
	}
	p->is_in_commit = true;
	p->is_unsure = named != FAIL_NONE;
	return store_run(b->store, put_key, &put);
}

enum fail
blob_carry_put(struct blob_store *b)
{
	struct list_node *next;
	struct buf account;
	enum fail fail = FAIL_NONE;

	if (b->carried_bytes == 0)
		return FAIL_NONE;
	buf_init(&account, BLOB_FOLDER_MAX);
	for (struct list_node *n = list_first(&b->fresh); n && fail == FAIL_NONE; n = next) {
		struct blob_pending *p = container_of(n, struct blob_pending, node);

		next = list_next(&b->fresh, n);
		if (p->is_carried)
			fail = put_one(b, p, &account);
	}
	buf_release(&account);
	return fail;
}

static enum fail
write_file(struct blob_store *b, struct str folder, struct str name, struct str bytes)
{
	struct blob_path path;
	int fd = -1;
	enum fail fail = blob_path(b, &path, folder, "cur", name);

	if (fail == FAIL_NONE)
		fail = blob_create(b, folder, &path, O_WRONLY | O_EXCL, &fd);
	if (fail != FAIL_NONE)
		return fail;
	fail = blob_write_all(b, fd, bytes);
	sys.close(fd);
	return fail;
}

/* Until all are written again the keys are what is read. */
static void
fall_behind(struct blob_store *b)
{
	b->is_loose = b->is_behind = true;
	b->is_blind = store_keep_passing(b->store) != FAIL_NONE;
}

void
blob_carry_settle(struct blob_store *b, enum fail outcome)
{
	bool is_behind = false;
	struct list_node *next;

	for (struct list_node *n = list_first(&b->fresh); n; n = next) {
		struct blob_pending *p = container_of(n, struct blob_pending, node);

		next = list_next(&b->fresh, n);
		if (!p->is_carried || (outcome == FAIL_NONE && !p->is_in_commit))
			continue;
		if (outcome == FAIL_NONE) {
			b->is_loose = true;
			if (p->is_unsure ||
			    write_file(b, p->folder, blob_name_str(&p->name), buf_str(&p->bytes)) !=
				FAIL_NONE)
				is_behind = true;
		}
		blob_pending_free(b, &p);
	}
	if (is_behind)
		fall_behind(b);
}

/* --- from the keys ------------------------------------------------------------------------- */

struct lookup {
	struct str account, name, bytes;
};

static enum fail
get_bytes(struct txn *t, void *arg)
{
	struct lookup *l = arg;
	struct key k;

	make_key(&k, l->account, l->name);
	return txn_get(t, key_str(&k), &l->bytes);
}

/* Valid until the next reading. */
static enum fail
find_bytes(struct blob_store *b, struct str account, struct str name, struct str *out)
{
	struct lookup l = { .account = account, .name = name };
	const struct blob_pending *p = NULL;
	struct buf folder;
	enum fail fail;

	if (b->carried_bytes > 0 && blob_folder_name(account, &folder) == FAIL_NONE) {
		p = find_fresh(b, buf_str(&folder), name);
		buf_release(&folder);
	}
	if (p != NULL) {
		*out = buf_str(&p->bytes);
		return FAIL_NONE;
	}
	if (!b->is_behind || name.n == 0 || name.n > BLOB_NAME_MAX)
		return FAIL_MISSING;
	if (b->is_blind)
		b->is_blind = store_keep_passing(b->store) != FAIL_NONE;
	fail = b->is_blind ? FAIL_TEMP : store_read(b->store, get_bytes, &l);
	*out = l.bytes;
	return fail;
}

enum fail
blob_carry_find(struct blob_store *b, struct str account, struct str name, struct blob_map *out)
{
	struct str bytes;
	enum fail fail = find_bytes(b, account, name, &bytes);

	if (fail == FAIL_NONE)
		*out = (struct blob_map){ .bytes = blob_copy_of(bytes) };
	return fail;
}

/* --- away from the keys -------------------------------------------------------------------- */

/* What is named gets a new file: one that is there may be torn, or be a link to what is whole elsewhere. */
static enum fail
write_again(struct blob_store *b, struct str account, struct str name, struct str bytes)
{
	enum fail named = blob_is_named(b, account, name);
	struct blob_path path;
	struct buf folder;
	enum fail fail;

	if (named != FAIL_NONE)
		return named == FAIL_MISSING ? FAIL_NONE : named;
	fail = blob_folder_name(account, &folder);
	if (fail == FAIL_NONE)
		fail = blob_path(b, &path, buf_str(&folder), "cur", name);
	if (fail == FAIL_NONE && sys.unlink(path.bytes) != 0 && errno != ENOENT)
		fail = blob_error(b, "blob.carry.unlink", errno);
	if (fail == FAIL_NONE)
		fail = write_file(b, buf_str(&folder), name, bytes);
	buf_release(&folder);
	return fail;
}

static enum fail
write_all_again(struct txn *t, void *arg)
{
	struct blob_store *b = arg;
	struct str key, value;
	struct key from, to;
	struct buf account;
	struct cursor c;
	enum fail fail = FAIL_NONE, walk;

	buf_init(&account, STORE_KEY_MAX);
	key_init(&from, CARRY_SPACE);
	to = from;
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		struct key_reader r;

		key_read(&r, key);
		(void)key_read_char(&r);
		buf_clear(&account);
		key_read_bytes(&r, &account);
		b->is_loose = true;
		if (!r.is_bad && account.n > 0)
			fail = write_again(b, buf_str(&account), key_read_rest(&r), value);
	}
	buf_release(&account);
	walk = cursor_end(&c);
	return fail == FAIL_NONE ? walk : fail;
}

/* The files of the keys become durable; after a failure none of them is trusted. */
static enum fail
settle_loose(struct store_passing *passing)
{
	struct blob_store *b = container_of(passing, struct blob_store, passing);
	enum fail fail = FAIL_NONE;

	blob_carry_settle(b, FAIL_NONE);
	if (!b->is_loose)
		return FAIL_MISSING;
	if (b->is_behind)
		fail = store_keep_passing(b->store);
	if (fail == FAIL_NONE && b->is_behind)
		fail = store_read(b->store, write_all_again, b);
	if (fail == FAIL_NONE)
		fail = blob_sync_tree(b);
	b->is_loose = b->is_behind = b->is_blind = false;
	if (fail != FAIL_NONE)
		fall_behind(b);
	return fail;
}

/* A disk that is full is no reason not to start: the keys are there, and will be written when there is room. */
void
blob_carry_recover(struct blob_store *b)
{
	b->is_behind = store_read(b->store, write_all_again, b) != FAIL_NONE;
	b->is_loose |= b->is_behind;
	b->passing.is_kept = b->is_loose;
}

void
blob_carry_init(struct blob_store *b)
{
	b->passing = (struct store_passing){ .space = CARRY_SPACE, .settle = settle_loose };
	if (b->store)
		store_set_passing(b->store, &b->passing);
}

void
blob_carry_release(struct blob_store *b)
{
	if (b->is_loose)
		store_flush(b->store);
	if (b->store)
		store_set_passing(b->store, NULL);
}
