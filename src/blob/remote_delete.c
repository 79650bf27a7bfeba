/*
 * Deleting objects, behind the commit and behind the scenes, a few at a time. What cannot be deleted now is
 * tried again after a rest: its key, or its file in tmp, stays as long.
 *
 *     waiting --a place is free--> under way --done--> its key is forgotten, its file in tmp unlinked
 *        ^                             |
 *        +--failed: all rest-----------+
 *
 * An account that is gone is listed, a page at a time; the objects of a page are deleted before the next one.
 */
#include "blob/remote.h"

/* system */
#include <errno.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

#define AT_ONCE 4 /* requests */

struct blob_remove {
	struct list_node node;   /* in r->removes */
	struct blob_deletion *d; /* own */
	struct s3_call call;
	struct buf after;          /* own; account: the last key of the page */
	size_t children;           /* account: of the page, not yet done */
	bool has_more, has_failed; /* account */
};

/* An account that is gone; else one object. */
static bool
is_account(const struct blob_remove *x)
{
	return x->d->name.n == 0;
}

static void
append(struct blob_remote *r, struct blob_deletion *d)
{
	list_append(&r->deletes, &d->node);
	r->delete_count++;
	task_wake(&r->task);
}

void
blob_remote_delete(struct blob_remote *r, struct blob_deletion *d)
{
	if (r->b->loop && r->delete_count < BLOB_DELETES_MAX) {
		append(r, d);
		return;
	}
	r->has_left_out |= !d->is_note;
	mem_free(d); /* its key, or its file in tmp, is there */
}

void
blob_remote_drop(struct blob_remote *r, struct str folder, struct str name)
{
	struct blob_deletion *d;
	struct buf account;

	buf_init(&account, BLOB_FOLDER_MAX);
	if (blob_folder_account(folder, &account)) {
		d = blob_deletion_new(buf_str(&account), name);
		d->is_note = true;
		blob_remote_delete(r, d);
	}
	buf_release(&account);
}

/* --- one of them ----------------------------------------------------------------------------- */

static void
begin(struct blob_remote *r, struct blob_remove *x)
{
	struct buf folder, key;

	(void)!blob_folder_name(x->d->account, &folder);
	blob_object_key(&key, buf_str(&folder), x->d->name);
	if (is_account(x))
		s3_list_start(r->s3, &x->call, &r->task, buf_str(&key), buf_str(&x->after));
	else
		s3_delete_start(r->s3, &x->call, &r->task, buf_str(&key));
	buf_release(&folder);
	buf_release(&key);
}

static void
remove_free(struct blob_remove *x)
{
	list_remove(&x->node);
	s3_call_release(&x->call);
	buf_release(&x->after);
	mem_free(x->d);
	mem_free(x);
}

static void
unlink_note(struct blob_remote *r, const struct blob_deletion *d)
{
	struct blob_path path;
	struct buf folder;

	if (blob_folder_name(d->account, &folder) == FAIL_NONE &&
	    blob_path(r->b, &path, buf_str(&folder), "tmp", d->name) == FAIL_NONE &&
	    sys.unlink(path.bytes) != 0 && errno != ENOENT)
		log_warn(&blob_log, "blob.note", LOG_NUM("errno", errno));
	buf_release(&folder);
}

static void end(struct blob_remote *r, struct blob_remove *x, enum fail fail);

/* The last object of a page is gone: the next page, or all is done. */
static void
go_on(struct blob_remote *r, struct blob_remove *x)
{
	if (x->has_failed)
		end(r, x, FAIL_TEMP);
	else if (x->has_more)
		begin(r, x);
	else
		end(r, x, FAIL_NONE);
}

static void
end_child(struct blob_remote *r, struct blob_remove *parent, enum fail fail)
{
	parent->has_failed |= fail != FAIL_NONE;
	if (--parent->children == 0)
		go_on(r, parent);
}

static void
end(struct blob_remote *r, struct blob_remove *x, enum fail fail)
{
	struct blob_deletion *d = x->d;
	struct blob_remove *parent = d->parent;

	if (fail != FAIL_NONE)
		blob_remote_rest(r);
	if (parent) {
		remove_free(x);
		end_child(r, parent, fail);
		return;
	}
	x->d = NULL;
	remove_free(x);
	if (fail != FAIL_NONE) {
		append(r, d);
	} else if (d->is_note) {
		unlink_note(r, d);
		mem_free(d);
	} else {
		blob_deletion_done(r->b, d);
	}
}

/* Nobody names it, and nobody is about to: with a note in tmp, that one's turn decides. */
static bool
is_nobodys(struct blob_remote *r, struct blob_remove *x, struct str folder, struct str name)
{
	enum fail named = blob_is_named(r->b, x->d->account, name);

	x->has_failed |= named != FAIL_NONE && named != FAIL_MISSING;
	return named == FAIL_MISSING && !blob_has_note(r->b, folder, name);
}

/* Objects of a page that are nobody's; the account may be there again, with others. */
static void
take_page(struct blob_remote *r, struct blob_remove *x)
{
	const struct s3_page *page = &x->call.page;

	x->has_more = page->has_more;
	buf_release(&x->after);
	buf_init(&x->after, S3_KEY_MAX);
	for (size_t i = 0; i < page->count; i++) {
		struct str key = page->objects[i].key, name = key, folder;
		struct blob_deletion *d;

		if (i + 1 == page->count)
			buf_add(&x->after, key);
		if (!str_take_until(&name, '/', &folder) || !blob_name_is_ours(name) ||
		    !is_nobodys(r, x, folder, name))
			continue;
		d = blob_deletion_new(x->d->account, name);
		d->parent = x;
		x->children++;
		append(r, d);
	}
	if (x->children == 0)
		go_on(r, x);
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool
look_at_ended(struct blob_remote *r, size_t *running_out)
{
	struct list_node *n = list_first(&r->removes);
	bool has_moved = false;

	*running_out = 0;
	while (n) {
		struct blob_remove *x = container_of(n, struct blob_remove, node);
		bool is_page = is_account(x) && x->call.op.fail == FAIL_NONE;

		n = list_next(&r->removes, n);
		if (op_pending(&x->call.op)) {
			++*running_out;
			continue;
		}
		if (x->children > 0)
			continue;
		has_moved = true;
		if (is_page && store_is_dirty(r->b->store))
			continue; /* what this turn drops may yet be undone (D3): the next turn asks */
		if (is_page)
			take_page(r, x);
		else
			end(r, x, x->call.op.fail);
		n = list_first(&r->removes); /* a child may have ended its parent */
		*running_out = 0;
	}
	return has_moved;
}

/*
 * Keys that were left out, once all others are done and forgotten. Not those of this turn: they may yet be
 * undone (D3).
 */
static bool
refill(struct blob_remote *r)
{
	if (!r->has_left_out || r->b->due_count > 0 || !list_empty(&r->deletes) ||
	    !list_empty(&r->removes))
		return false;
	if (r->b->done_count > 0)
		return blob_deletions_forget(r->b) == FAIL_NONE;
	if (store_is_dirty(r->b->store))
		return true;
	r->has_left_out = false;
	if (blob_deletions_collect(r->b) == FAIL_NONE)
		return true;
	r->has_left_out = true;
	blob_remote_rest(r);
	return false;
}

bool
blob_deletes_step(struct blob_remote *r)
{
	size_t running;
	bool has_moved = look_at_ended(r, &running);
	struct list_node *n;

	if (timer_running(&r->timer))
		return has_moved;
	while (running < AT_ONCE && (n = list_pop(&r->deletes)) != NULL) {
		struct blob_remove *x = mem_new(1, sizeof *x);

		r->delete_count--;
		x->d = container_of(n, struct blob_deletion, node);
		list_append(&r->removes, &x->node);
		begin(r, x);
		running++;
		has_moved = true;
	}
	return has_moved || refill(r);
}

void
blob_deletes_release(struct blob_remote *r)
{
	struct list_node *n;

	while ((n = list_first(&r->removes)) != NULL)
		remove_free(container_of(n, struct blob_remove, node));
	while ((n = list_pop(&r->deletes)) != NULL)
		mem_free(container_of(n, struct blob_deletion, node));
}
