/*
 * Members elsewhere: what the recipients of a job lead to beyond this server, sent on a slice at a time (inner.h).
 *
 * The list lies in memory while it is worked off; how far it was is in the recipient's row, written together
 * with each slice. So a list of any length costs a turn no more than EXPAND_SLICE, and whatever happens in
 * between (a crash, a full disk, a mailbox here that must be tried again), nobody is sent a second copy.
 */
#include "queue/inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "delivery/delivery.h"
#include "delivery/resolve.h"

#define EXPAND_SLICE 500 /* members of one step: at most some two thousand keys (design.md 5) */
#define CHILD_COST   5   /* a message of its own and its file weigh like so many members */
#define FORWARDS_ARENA_MAX \
	(8 * 1024 * 1024) /* bytes: an address that leads to LOOKUP_TARGETS_MAX others fits */

struct forward {
	struct list_node node; /* in forwards.left */
	struct job_rcpt *of;
	struct delivery_remote *members; /* arena; those that have nothing yet */
	size_t count;
	bool is_alone; /* one address for another: it takes the sender's wishes along */
};

void
forwards_init(struct forwards *f)
{
	*f = (struct forwards){ .is_checked = false };
	arena_init(&f->arena, FORWARDS_ARENA_MAX);
}

void
forwards_reset(struct forwards *f)
{
	f->left = (struct list){ 0 };
	f->is_checked = false;
	arena_reset(&f->arena);
}

void
forwards_release(struct forwards *f)
{
	arena_release(&f->arena);
}

enum fail
forwards_add(struct forwards *f, struct job_rcpt *r, const struct delivery_resolve *found)
{
	size_t done = r->row.expanded < found->remote_count ? r->row.expanded : found->remote_count;
	struct forward *w = arena_alloc(&f->arena, 1, sizeof *w);

	if (w == NULL)
		return FAIL_LIMIT;
	w->of = r;
	w->count = found->remote_count - done;
	w->is_alone = found->remote_count + found->local_count == 1;
	w->members = arena_alloc(&f->arena, w->count, sizeof *w->members);
	if (w->members == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < w->count; i++) {
		const struct delivery_remote *from = &found->remotes[done + i];

		w->members[i].address = arena_str(&f->arena, from->address);
		w->members[i].list = arena_str(&f->arena, from->list);
		if (w->members[i].address.p == NULL || w->members[i].list.p == NULL)
			return FAIL_LIMIT;
	}
	list_append(&f->left, &w->node);
	return FAIL_NONE;
}

/* It goes no further; who has it, has it (row.expanded). */
static void
end_forward(struct forward *w, struct delivery_targets *targets, enum fail why)
{
	list_remove(&w->node);
	if (why == FAIL_NONE) {
		/* RFC 3461 5.2.7: several addresses answer for themselves, one takes the wishes along */
		job_rcpt_set(w->of, w->is_alone ? JOB_FORWARDED : JOB_EXPANDED, STATUS(2, 0, 0),
		    "");
		return;
	}
	delivery_targets_drop(targets, w->of->row.envelope.address);
	if (why == FAIL_TEMP)
		job_rcpt_set(w->of, JOB_DEFERRED, STATUS(4, 3, 0), "it cannot be forwarded now");
	else
		job_rcpt_set(w->of, JOB_FAILED, STATUS(5, 1, 7),
		    why == FAIL_LIMIT ? "the sender's address is too long to be forwarded"
				      : "mail from this sender's address cannot be forwarded");
}

/* Without its file nothing can be linked: all of them wait. */
static void
check_file(struct forwards *f, struct queue_job *j, struct delivery_targets *targets)
{
	struct list_node *node;
	struct str content;

	if (f->is_checked || list_empty(&f->left))
		return;
	f->is_checked = true;
	if (job_map(j, &content) == FAIL_NONE)
		return;
	while ((node = list_first(&f->left)) != NULL)
		end_forward(container_of(node, struct forward, node), targets, FAIL_TEMP);
}

bool
forwards_next(struct forwards *f, struct queue_job *j, struct delivery_targets *targets)
{
	struct list_node *node;
	size_t budget = EXPAND_SLICE;

	check_file(f, j, targets);
	while ((node = list_first(&f->left)) != NULL && budget > CHILD_COST) {
		struct forward *w = container_of(node, struct forward, node);
		size_t n = w->count < budget - CHILD_COST ? w->count : budget - CHILD_COST;
		enum fail fail = n > 0 ? job_add_forward(j, w->of, w->members, n) : FAIL_NONE;

		if (fail == FAIL_NONE) {
			w->of->row.expanded += (uint32_t)n;
			w->members += n;
			w->count -= n;
			budget -= n + CHILD_COST;
		}
		if (fail != FAIL_NONE || w->count == 0)
			end_forward(w, targets, fail);
	}
	return !list_empty(&f->left);
}

/* --- a slice, written -------------------------------------------------------------------------------------- */

/* How far it came, in the row as it is in the store now. FAIL_MISSING: it was cancelled meanwhile. */
static enum fail
put_position(struct txn *t, const struct queue_rcpt *row)
{
	struct key k = queue_key_rcpt(row->message, row->n);
	struct queue_rcpt stored;
	struct str value;
	struct buf was, now;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail != FAIL_NONE)
		return fail;
	buf_init(&was, STORE_VALUE_MAX);
	buf_init(&now, STORE_VALUE_MAX);
	buf_add(&was, value);
	fail = queue_rcpt_read(buf_str(&was), &stored);
	stored.expanded = row->expanded;
	queue_rcpt_write(&now, &stored);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), buf_str(&now));
	buf_release(&was);
	buf_release(&now);
	return fail;
}

static enum fail
expand_run(struct txn *t, void *arg)
{
	struct queue_job *j = arg;
	enum fail fail = FAIL_NONE;

	for (struct job_child *c = job_child_first(j); c && fail == FAIL_NONE;
	     c = job_child_next(j, c))
		fail = put_position(t, &c->of->row);
	return fail == FAIL_NONE ? job_children_run(t, j) : fail;
}

enum fail
job_expand(struct queue_job *j)
{
	enum fail fail = job_link_children(j);

	if (fail == FAIL_NONE)
		fail = store_run(j->queue->house.store, expand_run, j);
	if (fail == FAIL_NONE)
		job_announce_children(j);
	job_forget_children(j);
	j->turn = j->queue->house.loop->turns;
	return fail;
}
