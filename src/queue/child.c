/* Messages that come of a job: forwards, and what has to be tried again alone (inner.h). */
#include "queue/inner.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "codec/utf8.h"
#include "delivery/resolve.h"
#include "envelope/xtext.h"

#define SENDER_MAX 1024 /* bytes of a rewritten sender: more than any path may have */

enum fail
job_make_room(struct queue_job *j, size_t more)
{
	struct addition *larger =
	    arena_alloc(&j->arena, j->child_count + more, sizeof *j->children);

	if (larger == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < j->child_count; i++)
		larger[i] = j->children[i];
	j->children = larger;
	return FAIL_NONE;
}

/* A child as the caller changes it. */
struct child {
	struct envelope envelope;
	struct envelope_rcpt rcpt;
	struct queue_new new;
};

/* The same message to one address; in the job's arena. */
static enum fail
add_child(struct queue_job *j, const struct job_rcpt *r, struct str address,
    struct child **child_out)
{
	struct child *c = arena_alloc(&j->arena, 1, sizeof *c);
	struct blob_name name;
	enum fail fail;

	if (c == NULL)
		return FAIL_LIMIT;
	fail = blob_link(j->queue->house.blobs, STR(QUEUE_FOLDER), j->message.blob,
	    STR(QUEUE_FOLDER), &name);
	if (fail != FAIL_NONE)
		return fail;
	c->envelope = j->message.envelope;
	c->rcpt = r->row.envelope;
	c->rcpt.address = arena_str(&j->arena, address);
	c->new = (struct queue_new){ .envelope = &c->envelope,
		.rcpts = &c->rcpt,
		.rcpt_count = 1,
		.skip = j->message.skip,
		.fields = j->message.fields,
		.helo = j->message.helo,
		.owner = j->message.owner,
		.log_id = j->message.log_id };
	j->children[j->child_count++] = (struct addition){ .queue = j->queue,
		.new = &c->new,
		.blob = arena_str(&j->arena, blob_name_str(&name)) };
	*child_out = c;
	return FAIL_NONE;
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
		original = arena_str(&j->arena, buf_str(&text));
	buf_release(&text);
	return original;
}

enum fail
job_add_forward(struct queue_job *j, const struct job_rcpt *r, const struct delivery_remote *to)
{
	struct child *c;
	struct buf sender;
	enum fail fail = add_child(j, r, to->address, &c);

	if (fail != FAIL_NONE)
		return fail;
	buf_init(&sender, SENDER_MAX);
	fail = queue_forward_sender(j->queue, &sender, c->envelope.sender, r->row.envelope.address);
	c->envelope.sender = arena_str(&j->arena, buf_str(&sender));
	buf_release(&sender);
	c->new.is_remote = true;
	c->rcpt.original = original_of(j, &r->row.envelope);
	if (!str_empty(to->list)) /* RFC 3461 5.2.7.3: a list answers for its members itself */
		c->rcpt.notify &= ~(unsigned)(NOTIFY_SUCCESS | NOTIFY_DELAY);
	return fail;
}

enum fail
job_add_later(struct queue_job *j, const struct job_rcpt *r, struct str account)
{
	struct child *c;
	enum fail fail = add_child(j, r, account, &c);

	if (fail == FAIL_NONE)
		c->new.wait_s = clock_wall_s() + queue_wait_s(j->queue, 1);
	return fail;
}
