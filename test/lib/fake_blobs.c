#include "lib/fake_blobs.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/inner.h"
#include "mail/email.h"

/* what is on this disk always (queue/queue.h), and the folder of that */
#define QUEUE_ACCOUNT STR("/queue")
#define QUEUE_FOLDER  STR("%2fqueue")

enum kind { FETCH, PUT, COPY };

/* A wait, later what it brought about. */
struct deed {
	struct list_node node;
	enum kind kind;
	struct blob_wait *wait; /* borrow; NULL: nobody waits for it */
	unsigned turns;         /* still to wait */
	uint64_t turn;          /* when it ended */
	enum fail fail;
	struct buf key; /* account, name, to; each ends with a NUL */
};

static struct {
	struct blob_far far;
	struct blob_store *blobs;
	struct loop *loop;
	struct task task;
	struct list waiting, done;
	unsigned turns, waits;
	unsigned skip, count;
	enum fail fail;
	uint64_t turn; /* without a loop */
	bool is_far, is_held;
} fake;

static uint64_t
now(void)
{
	return fake.loop ? fake.loop->turns : fake.turn;
}

/* --- deeds ------------------------------------------------------------------------------------- */

static void
key_write(struct buf *out, struct str account, struct str name, struct str to)
{
	buf_init(out, 4096);
	buf_add(out, account);
	buf_add_char(out, '\0');
	buf_add(out, name);
	buf_add_char(out, '\0');
	buf_add(out, to);
}

static void
deed_free(struct deed *d)
{
	list_remove(&d->node);
	buf_release(&d->key);
	mem_free(d);
}

/* Fetched files may be gone again behind the next turn. */
static struct deed *
find(enum kind kind, struct str account, struct str name, struct str to)
{
	struct deed *found = NULL;
	struct list_node *next;
	struct buf key;

	key_write(&key, account, name, to);
	for (struct list_node *n = list_first(&fake.done); n; n = next) {
		struct deed *d = container_of(n, struct deed, node);

		next = list_next(&fake.done, n);
		if (d->kind == FETCH && d->turn + 1 < now())
			deed_free(d);
		else if (d->kind == kind && str_eq(buf_str(&d->key), buf_str(&key)))
			found = d;
	}
	buf_release(&key);
	return found;
}

static bool
is_here(struct str account)
{
	return !fake.is_far || str_eq(account, QUEUE_ACCOUNT) || str_eq(account, QUEUE_FOLDER);
}

static void
start(struct blob_wait *w, struct task *owner, enum kind kind, struct str account, struct str name,
    struct str to)
{
	struct deed *d;

	invariant(owner != NULL);
	if (owner->queue == NULL &&
	    kind == FETCH) { /* nobody turns: the real one fetches in place */
		blob_wait_done(w, owner, FAIL_NONE);
		return;
	}
	fake.waits++;
	d = mem_new(1, sizeof *d);
	d->kind = kind;
	d->wait = w;
	d->turns = fake.turns;
	if (fake.skip > 0) {
		fake.skip--;
	} else if (fake.count > 0) {
		fake.count--;
		d->fail = fake.fail;
	}
	key_write(&d->key, account, name, to);
	list_append(&fake.waiting, &d->node);
	w->state = d;
	op_begin(&w->op, owner);
	if (fake.loop)
		task_wake(&fake.task);
}

static void
end(struct deed *d)
{
	struct blob_wait *w = d->wait;

	d->turn = now();
	list_remove(&d->node);
	list_append(&fake.done, &d->node);
	op_finish(&w->op, d->fail);
	if (d->kind == FETCH) {
		d->wait = NULL;
		w->state = NULL;
	}
	if (d->fail == FAIL_NONE)
		return;
	w->state = NULL;
	deed_free(d);
}

static enum step
fake_step(struct task *t)
{
	struct list_node *next;

	(void)t;
	if (fake.is_held)
		return STEP_WAIT;
	for (struct list_node *n = list_first(&fake.waiting); n; n = next) {
		struct deed *d = container_of(n, struct deed, node);

		next = list_next(&fake.waiting, n);
		if (d->turns > 0)
			d->turns--;
		else
			end(d);
	}
	return list_empty(&fake.waiting) ? STEP_WAIT : STEP_YIELD;
}

/* --- the far side ------------------------------------------------------------------------------ */

static void
far_fetch(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
    struct str name)
{
	(void)far;
	if (is_here(account))
		blob_wait_done(w, owner, FAIL_NONE);
	else
		start(w, owner, FETCH, account, name, STR(""));
}

static void
far_put(struct blob_far *far, struct blob_wait *w, struct task *owner, struct blob_writer *writer)
{
	(void)far;
	if (is_here(writer->file->folder))
		blob_wait_done(w, owner, FAIL_NONE);
	else
		start(w, owner, PUT, writer->file->folder, blob_writer_name(writer), STR(""));
}

static void
far_copy(struct blob_far *far, struct blob_wait *w, struct task *owner, struct str account,
    struct str name, struct str to)
{
	(void)far;
	if (is_here(account) && is_here(to))
		blob_wait_done(w, owner, FAIL_NONE);
	else
		start(w, owner, COPY, account, name, to);
}

static void
far_release(struct blob_far *far, struct blob_wait *w)
{
	struct deed *d = w->state;

	(void)far;
	if (d)
		deed_free(d);
	if (op_pending(&w->op))
		op_drop(&w->op);
}

/* Finished in this turn? */
static bool
is_fresh(struct str account, struct str name)
{
	struct list *fresh = &fake.blobs->fresh;
	struct buf folder;
	bool is_so = false;

	if (blob_folder_name(account, &folder) != FAIL_NONE)
		return false;
	for (struct list_node *n = list_first(fresh); n && !is_so; n = list_next(fresh, n)) {
		struct blob_pending *p = container_of(n, struct blob_pending, node);

		is_so =
		    str_eq(p->folder, buf_str(&folder)) && str_eq(blob_name_str(&p->name), name);
	}
	buf_release(&folder);
	return is_so;
}

static enum fail
far_may_map(struct blob_far *far, struct str account, struct str name)
{
	(void)far;
	return is_here(account) || is_fresh(account, name) || find(FETCH, account, name, STR(""))
	    ? FAIL_NONE
	    : FAIL_TEMP;
}

static enum fail
far_may_finish(struct blob_far *far, const struct blob_writer *writer)
{
	struct str name = blob_writer_name(writer);

	(void)far;
	return is_here(writer->file->folder) || find(PUT, writer->file->folder, name, STR(""))
	    ? FAIL_NONE
	    : FAIL_TEMP;
}

static enum fail
far_may_link(struct blob_far *far, struct str account, struct str name, struct str to)
{
	(void)far;
	return (is_here(account) && is_here(to)) || find(COPY, account, name, to) ? FAIL_NONE
										  : FAIL_TEMP;
}

/* --- for tests --------------------------------------------------------------------------------- */

static unsigned
count(struct list *list)
{
	unsigned n = 0;

	for (struct list_node *at = list_first(list); at; at = list_next(list, at))
		n += container_of(at, struct deed, node)->wait != NULL;
	return n;
}

void
fake_blobs_begin(struct blob_store *b, struct loop *l, unsigned turns)
{
	if (fake.blobs)
		return;
	fake.far = (struct blob_far){ far_fetch, far_put, far_copy, far_release, far_may_map,
		far_may_finish, far_may_link };
	fake.blobs = b;
	fake.loop = l;
	fake.turns = turns;
	fake.waits = fake.skip = fake.count = 0;
	fake.is_far = true;
	fake.is_held = false;
	list_init(&fake.waiting);
	list_init(&fake.done);
	if (l)
		loop_task(l, &fake.task, fake_step, NULL);
	b->far = &fake.far;
}

void
fake_blobs_turn(void)
{
	fake.turn++;
	if (fake.blobs)
		(void)fake_step(&fake.task);
}

void
fake_blobs_end(void)
{
	if (!fake.blobs)
		return;
	invariant(list_empty(&fake.waiting));
	while (!list_empty(&fake.done))
		deed_free(container_of(list_first(&fake.done), struct deed, node));
	task_cancel(&fake.task);
	fake.blobs->far = NULL;
	fake.blobs = NULL;
}

void
fake_blobs_far(bool is_far)
{
	fake.is_far = is_far && fake.blobs;
}

enum fail
fake_blobs_email_map(struct account *a, uint64_t id, struct blob_map *out)
{
	bool was_far = fake.is_far;
	enum fail fail;

	fake.is_far = false;
	fail = email_map(a, id, out);
	fake.is_far = was_far;
	return fail;
}

void
fake_blobs_hold(bool is_held)
{
	if (fake.is_held && !is_held && fake.loop)
		task_wake(&fake.task);
	fake.is_held = is_held;
}

void
fake_blobs_fail(unsigned skip, unsigned n, enum fail fail)
{
	fake.skip = skip;
	fake.count = n;
	fake.fail = fail;
}

unsigned
fake_blobs_waits(void)
{
	return fake.waits;
}

unsigned
fake_blobs_waiting(void)
{
	return count(&fake.waiting);
}

unsigned
fake_blobs_left(void)
{
	return count(&fake.done);
}
