/*
 * The mirror: Maildir is first, and every file is copied to S3 behind the commit. The transaction that names a
 * file leaves a key (MIRROR_SPACE, account, name); it is forgotten when the object is there, or when the file
 * is gone and the object is gone, too. A walk over the keys begins anew while there are some.
 *
 *     HASH --a slice in each turn--> PUT --there--> is the file still there? yes: copied
 *       | the file is gone                          no: v
 *       +--> is it named? no -----------------------> DELETE --gone--> copied
 *                         yes, the object may be all there is of it: let it be; the key goes
 *     any --failed: the key stays, all rest
 */
#include "blob/remote.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "store/key.h"

#define MIRROR_SPACE 'f' /* space byte of the keys */
#define AT_ONCE      4   /* files */
#define FORGET_AT    64  /* keys that go together */

enum copy_state { COPY_HASH, COPY_PUT, COPY_DELETE };

struct copy {
	struct list_node node;
	struct buf account, name, key; /* own; key: of the object */
	struct s3_call call;
	struct blob_map map;
	struct s3_sums sums;
	enum copy_state state;
};

static void
make_key(struct key *k, struct str account, struct str name)
{
	key_init(k, MIRROR_SPACE);
	key_bytes(k, account);
	key_rest(k, name);
}

/* --- keys ------------------------------------------------------------------------------------ */

static enum fail
put_keys(struct txn *t, void *arg)
{
	struct blob_store *b = arg;
	struct buf account;
	enum fail fail = FAIL_NONE;

	buf_init(&account, BLOB_FOLDER_MAX);
	for (struct list_node *n = list_first(&b->fresh); n && fail == FAIL_NONE;
	     n = list_next(&b->fresh, n)) {
		const struct blob_pending *p = container_of(n, struct blob_pending, node);
		struct key k;

		if (!blob_is_mirrored(b, p->folder) || !blob_folder_account(p->folder, &account))
			continue;
		make_key(&k, buf_str(&account), blob_name_str(&p->name));
		fail = txn_put(t, key_str(&k), STR(""));
		b->remote->has_news = true;
	}
	buf_release(&account);
	if (b->remote->has_news)
		task_wake(&b->remote->task);
	return fail;
}

enum fail
blob_mirror_note(struct blob_store *b)
{
	if (b->remote == NULL || !b->remote->is_mirror)
		return FAIL_NONE;
	return store_run(b->store, put_keys, b);
}

static enum fail
delete_keys(struct txn *t, void *arg)
{
	struct blob_remote *r = arg;
	enum fail fail = FAIL_NONE;

	for (struct list_node *n = list_first(&r->copied); n && fail == FAIL_NONE;
	     n = list_next(&r->copied, n)) {
		const struct copy *c = container_of(n, struct copy, node);
		struct key k;

		make_key(&k, buf_str(&c->account), buf_str(&c->name));
		fail = txn_delete(t, key_str(&k));
	}
	return fail;
}

struct next {
	struct blob_remote *r;
	struct buf account, name;
	bool is_found;
};

/* The first key behind r->after. */
static enum fail
find_next(struct txn *t, void *arg)
{
	struct next *next = arg;
	struct cursor c;
	struct str key, value;
	struct key_reader reader;
	struct key from, to;

	key_init(&from, MIRROR_SPACE);
	to = from;
	key_end(&to);
	txn_scan(t, &c, next->r->after.n > 0 ? buf_str(&next->r->after) : key_str(&from),
	    key_str(&to), false);
	while (!next->is_found && cursor_next(&c, &key, &value)) {
		if (str_eq(key, buf_str(&next->r->after)))
			continue;
		buf_clear(&next->r->after);
		buf_add(&next->r->after, key);
		buf_clear(&next->account);
		buf_clear(&next->name);
		key_read(&reader, key);
		(void)key_read_char(&reader);
		key_read_bytes(&reader, &next->account);
		buf_add(&next->name, key_read_rest(&reader));
		next->is_found = !reader.is_bad && next->name.n > 0;
	}
	return cursor_end(&c);
}

/* --- one file -------------------------------------------------------------------------------- */

static void
copy_free(struct copy *c)
{
	list_remove(&c->node);
	s3_call_release(&c->call);
	blob_unmap(&c->map);
	s3_sums_release(&c->sums);
	buf_release(&c->account);
	buf_release(&c->name);
	buf_release(&c->key);
	mem_free(c);
}

static void
begin_delete(struct blob_remote *r, struct copy *c)
{
	c->state = COPY_DELETE;
	blob_unmap(&c->map);
	s3_delete_start(r->s3, &c->call, &r->task, buf_str(&c->key));
}

/* Done: its key goes with the next that are forgotten. */
static void
copied(struct blob_remote *r, struct copy *c)
{
	list_remove(&c->node);
	list_append(&r->copied, &c->node);
	r->copied_count++;
	blob_unmap(&c->map);
}

/*
 * Its file is not here. A store that was restored on another host may name it, and then the object must stay. While
 * a turn's writes may yet be undone (D3), nobody can say.
 */
static void
without_file(struct blob_remote *r, struct copy *c)
{
	bool is_early = store_is_dirty(r->b->store);
	enum fail named =
	    is_early ? FAIL_TEMP : blob_is_named(r->b, buf_str(&c->account), buf_str(&c->name));

	if (named == FAIL_MISSING) {
		begin_delete(r, c);
	} else if (named == FAIL_NONE) {
		log_warn(&blob_log, "blob.mirror.alone", LOG_TEXT("account", buf_str(&c->account)),
		    LOG_TEXT("name", buf_str(&c->name)),
		    LOG_TEXT("reason", STR("a message without its file: the object stays")));
		copied(r, c);
	} else {
		copy_free(c);
		r->has_news = true;
		if (!is_early)
			blob_remote_rest(r);
	}
}

static void
begin(struct blob_remote *r, struct next *next)
{
	struct copy *c = mem_new(1, sizeof *c);
	struct buf folder;
	enum fail fail;

	c->account = next->account;
	c->name = next->name;
	(void)!blob_folder_name(buf_str(&c->account), &folder);
	blob_object_key(&c->key, buf_str(&folder), buf_str(&c->name));
	buf_release(&folder);
	s3_sums_init(&c->sums);
	list_append(&r->copies, &c->node);
	fail = blob_map(r->b, buf_str(&c->account), buf_str(&c->name), &c->map);
	if (fail == FAIL_MISSING) {
		without_file(r, c);
	} else if (fail != FAIL_NONE) {
		copy_free(c); /* the disk is not well: the key stays */
		r->has_news = true;
		blob_remote_rest(r);
	}
}

static void
hash_on(struct blob_remote *r, struct copy *c)
{
	if (!blob_hash_on(&c->sums, c->map.bytes))
		return;
	c->state = COPY_PUT;
	s3_put_start(r->s3, &c->call, &r->task, buf_str(&c->key), c->map.bytes, &c->sums);
}

static void
end(struct blob_remote *r, struct copy *c)
{
	if (c->call.op.fail != FAIL_NONE) {
		copy_free(c);
		r->has_news = true;
		blob_remote_rest(r);
	} else if (c->state == COPY_PUT &&
	    blob_exists(r->b, buf_str(&c->account), buf_str(&c->name)) == FAIL_MISSING) {
		without_file(r, c); /* it was deleted meanwhile */
	} else {
		copied(r, c);
	}
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool
go_on(struct blob_remote *r, size_t *running_out)
{
	struct list_node *next;
	bool has_moved = false;

	*running_out = 0;
	for (struct list_node *n = list_first(&r->copies); n; n = next) {
		struct copy *c = container_of(n, struct copy, node);

		next = list_next(&r->copies, n);
		++*running_out;
		if (c->state == COPY_HASH)
			hash_on(r, c);
		else if (!op_pending(&c->call.op))
			end(r, c);
		else
			continue;
		has_moved = true;
	}
	return has_moved;
}

/* Keys of files that are there: gone with this turn. Done again after a crash, it does no harm. */
static void
forget(struct blob_remote *r)
{
	struct list_node *n;

	if (store_run(r->b->store, delete_keys, r) != FAIL_NONE)
		r->has_news = true;
	while ((n = list_first(&r->copied)) != NULL)
		copy_free(container_of(n, struct copy, node));
	r->copied_count = 0;
}

static bool
start_next(struct blob_remote *r)
{
	struct next next = { .r = r };

	buf_init(&next.account, BLOB_FOLDER_MAX);
	buf_init(&next.name, BLOB_NAME_MAX);
	if (store_read(r->b->store, find_next, &next) != FAIL_NONE) {
		r->has_news = true;
		blob_remote_rest(r);
	}
	if (next.is_found) {
		begin(r, &next);
		return true;
	}
	buf_release(&next.account);
	buf_release(&next.name);
	return false;
}

bool
blob_mirror_step(struct blob_remote *r)
{
	size_t running;
	bool has_moved;

	if (!r->is_mirror)
		return false;
	has_moved = go_on(r, &running);
	/* before the next walk, which would meet them again */
	if (r->copied_count >= FORGET_AT ||
	    (r->copied_count > 0 && !r->is_walking && list_empty(&r->copies))) {
		forget(r);
		has_moved = true;
	}
	if (timer_running(&r->timer))
		return has_moved;
	if (!r->is_walking && r->has_news && running == 0) {
		r->has_news = false;
		r->is_walking = true;
		buf_clear(&r->after);
	}
	while (r->is_walking && running < AT_ONCE && !timer_running(&r->timer)) {
		r->is_walking = start_next(r);
		has_moved = true;
		running++;
	}
	return has_moved;
}

void
blob_mirror_release(struct blob_remote *r)
{
	struct list_node *n;

	while ((n = list_first(&r->copies)) != NULL)
		copy_free(container_of(n, struct copy, node));
	while ((n = list_first(&r->copied)) != NULL)
		copy_free(container_of(n, struct copy, node));
}
