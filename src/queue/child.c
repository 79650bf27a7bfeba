/*
 * Messages that come of a job: forwards, and what has to be tried again alone (inner.h).
 *
 * A child is described while the job is under way; its file is linked in the step that writes the rows which
 * name it, for a turn that ends in between would sweep the link away.
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "delivery/resolve.h"
#include "envelope/xtext.h"

#define SENDER_MAX 1024 /* bytes of a rewritten sender: more than any path may have */

/* --- describing ------------------------------------------------------------------------------------------ */

/* The same message to `count` recipients, which the caller fills in. NULL: no room. */
static struct job_child *
add_child(struct queue_job *j, struct job_rcpt *r, size_t count)
{
	struct job_child *c = arena_alloc(&j->child_arena, 1, sizeof *c);
	struct envelope_rcpt *rcpts = arena_alloc(&j->child_arena, count, sizeof *rcpts);

	if (c == NULL || rcpts == NULL)
		return NULL;
	c->of = r;
	c->rcpts = rcpts;
	c->envelope = j->message.envelope;
	c->new = (struct queue_new){ .envelope = &c->envelope,
		.rcpts = rcpts,
		.rcpt_count = count,
		.skip = j->message.skip,
		.fields = j->message.fields,
		.helo = j->message.helo,
		.owner = j->message.owner,
		.traits = j->message.traits,
		.log_id = j->message.log_id };
	list_append(&j->children, &c->node);
	return c;
}

/* "rfc822;" and the address as xtext: what the sender wrote (RFC 3461 4.2). */
static struct str
original_of(struct queue_job *j, const struct envelope_rcpt *rcpt)
{
	struct str original = rcpt->original;
	struct buf text;

	if (!str_empty(original) || !utf8_is_ascii(rcpt->address))
		return original;
	buf_init(&text, ENVELOPE_ORIGINAL_MAX);
	buf_add(&text, STR("rfc822;"));
	xtext_write(&text, rcpt->address);
	if (buf_ok(&text))
		original = arena_str(&j->child_arena, buf_str(&text));
	buf_release(&text);
	return original;
}

enum fail
job_add_forward(struct queue_job *j, struct job_rcpt *r, const struct delivery_remote *members,
    size_t count)
{
	struct buf sender;
	struct str kept, original = original_of(j, &r->row.envelope);
	struct job_child *c;
	enum fail fail;

	buf_init(&sender, SENDER_MAX);
	fail = queue_forward_sender(j->queue, &sender, j->message.envelope.sender,
	    r->row.envelope.address);
	kept = arena_str(&j->child_arena, buf_str(&sender));
	buf_release(&sender);
	if (fail != FAIL_NONE)
		return fail;
	c = add_child(j, r, count);
	if (c == NULL)
		return FAIL_TEMP;
	c->envelope.sender = kept;
	c->new.is_remote = true;
	for (size_t i = 0; i < count; i++) {
		c->rcpts[i] = r->row.envelope;
		c->rcpts[i].address = members[i].address;
		c->rcpts[i].original = original;
		if (!str_empty(members[i].list)) /* RFC 3461 5.2.7.3: a list answers itself */
			c->rcpts[i].notify &= ~(unsigned)(NOTIFY_SUCCESS | NOTIFY_DELAY);
	}
	return FAIL_NONE;
}

/* To these accounts. NULL: no room. */
static struct job_child *
add_for_accounts(struct queue_job *j, struct job_rcpt *r, const struct str *accounts, size_t count)
{
	struct job_child *c = add_child(j, r, count);

	for (size_t i = 0; c && i < count; i++) {
		c->rcpts[i] = r->row.envelope;
		c->rcpts[i].address = accounts[i];
	}
	return c;
}

enum fail
job_add_later(struct queue_job *j, struct job_rcpt *r, const struct str *accounts, size_t count)
{
	struct job_child *c = add_for_accounts(j, r, accounts, count);

	if (c == NULL)
		return FAIL_LIMIT;
	c->new.wait_s = clock_wall_s() + queue_wait_s(j->queue, 1);
	return FAIL_NONE;
}

enum fail
job_add_home(struct queue_job *j, struct job_rcpt *r, const struct str *accounts, size_t count)
{
	struct job_child *c = add_for_accounts(j, r, accounts, count);

	if (c == NULL)
		return FAIL_LIMIT;
	c->new.is_home = true;
	return FAIL_NONE;
}

void
job_forget_children(struct queue_job *j)
{
	j->children = (struct list){ 0 };
	arena_reset(&j->child_arena);
}

/* --- taking in ------------------------------------------------------------------------------------------- */

static struct job_child *
child_of(struct list_node *node)
{
	return node ? container_of(node, struct job_child, node) : NULL;
}

struct job_child *
job_child_first(const struct queue_job *j)
{
	return child_of(list_first(&j->children));
}

struct job_child *
job_child_next(const struct queue_job *j, const struct job_child *c)
{
	return child_of(list_next(&j->children, &c->node));
}

enum fail
job_link_children(struct queue_job *j)
{
	enum fail fail = FAIL_NONE;

	for (struct job_child *c = job_child_first(j); c && fail == FAIL_NONE;
	     c = job_child_next(j, c)) {
		fail = blob_link(j->queue->house.blobs, STR(QUEUE_FOLDER), j->message.blob,
		    STR(QUEUE_FOLDER), &c->blob);
		c->added = (struct addition){ .queue = j->queue,
			.new = &c->new,
			.blob = blob_name_str(&c->blob) };
	}
	return fail;
}

enum fail
job_children_run(struct txn *t, struct queue_job *j)
{
	enum fail fail = FAIL_NONE;

	for (struct job_child *c = job_child_first(j); c && fail == FAIL_NONE;
	     c = job_child_next(j, c))
		fail = addition_run(t, &c->added);
	return fail;
}

void
job_announce_children(const struct queue_job *j)
{
	for (struct job_child *c = job_child_first(j); c; c = job_child_next(j, c))
		addition_announce(&c->added);
}
