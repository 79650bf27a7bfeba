/*
 * A message on its way out, from its recipients to the queue (submission.h).
 */
#include "jmap/submission.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "jmap/identity.h"
#include "jmap/private.h"

#define PIECE_MAX (256 * 1024) /* bytes written before the clock is looked at */
#define TRACE_MAX 8192         /* bytes of Return-Path, Delivered-To and Received together */

static const struct jmap *
jmap_of(const struct jmap_call *c)
{
	return c->run->host.jmap;
}

void
jmap_submitting_reset(struct jmap_submitting *s)
{
	submit_release(&s->submit);
	deposit_release(&s->deposit);
	blob_wait_release(&s->fetch);
	intake_cancel(&s->intake);
	build_release(&s->build);
	buf_release(&s->piece);
	blob_unmap(&s->map);
	arena_release(&s->arena);
	*s = (struct jmap_submitting){ .state = SUBMITTING_IDLE };
}

/* Letters and digits that nobody guesses. */
void
jmap_submitting_text(char *out, size_t n)
{
	struct buf text;
	struct str random;

	buf_init(&text, n);
	random_text(&text, n);
	random = buf_str(&text);
	for (size_t i = 0; i < random.n; i++)
		out[i] = random.p[i];
	buf_release(&text);
}

void
jmap_submitting_start(struct jmap_call *c, struct jmap_submitting *s)
{
	const struct jmap *j = jmap_of(c);

	jmap_submitting_text(s->log_id, sizeof(s->log_id));
	delivery_targets_init(&s->targets, &s->arena);
	submit_start(&s->submit, &j->house, c->run->host.task, s->rcpts, s->submission.rcpt_count,
	    &s->targets, s->envelope.hold_s != 0);
	s->state = SUBMITTING_LOOKUP;
}

/* --- LOOKUP: the recipients -------------------------------------------------------------------------------- */

static enum jmap_set_said
judge_rcpts(struct jmap_call *c, const struct jmap_submitting *s, struct jmap_set_error *e)
{
	size_t count = s->submission.rcpt_count;
	struct str *bad = arena_alloc(&c->arena, count, sizeof(*bad));

	if (!bad)
		return jmap_set_error(e, "tooLarge", NULL);
	for (size_t i = 0; i < count; i++)
		if (s->rcpts[i].verdict != SUBMIT_GOOD)
			bad[e->list_count++] =
			    arena_str(&c->arena, s->rcpts[i].deposit.envelope.address);
	if (e->list_count == 0)
		return SET_OK;
	e->list_name = "invalidRecipients";
	e->list = bad;
	return jmap_set_error(e, "invalidRecipients", "Nobody has these addresses.");
}

static enum jmap_set_said
judge_amount(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	switch (fail) {
	case FAIL_NONE: break;
	case FAIL_LIMIT:
		return jmap_set_error(e, "forbiddenToSend",
		    "This account sent as much as it may for now. Try again later.");
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: return jmap_set_failed(c);
	}
	return SET_OK;
}

static enum jmap_set_said
judge_account(struct jmap_call *c, const struct jmap_submitting *s, struct jmap_set_error *e)
{
	const struct submit_house *house = &jmap_of(c)->house;
	enum jmap_set_said said = judge_amount(c,
	    submit_may(house, c->run->account->name, s->rcpts, s->submission.rcpt_count), e);

	if (said == SET_OK && !queue_has_room(house->queue))
		return jmap_set_error(e, "forbiddenToSend", "The queue is full. Try again later.");
	return said;
}

static enum jmap_set_said
start_writing(struct jmap_call *c, struct jmap_submitting *s)
{
	const struct jmap *j = jmap_of(c);
	const struct submit_rcpt *first = &s->rcpts[0];
	struct delivery_trace trace = { .with = WITH_HTTP,
		.is_authenticated = true,
		.sender = s->envelope.sender,
		.own_name = j->sending.hostname,
		.id = str_of(s->log_id, sizeof(s->log_id)),
		.now_s = clock_wall_s(),
		.hides_client = true };
	struct buf fields;
	enum fail fail;

	/* more would show Bcc recipients to each other (smtp/content.c) */
	if (s->submission.rcpt_count == 1 && first->deposit.way != DEPOSIT_WAY_REMOTE)
		trace.recipient = first->deposit.envelope.address;
	buf_init(&fields, TRACE_MAX);
	delivery_write_headers(&fields, &trace);
	s->skip = str_find(buf_str(&fields), STR("\r\n")) + 2; /* Return-Path */
	s->intake.is_submission = true;
	s->intake.wants_authors = j->sending.is_author_own;
	s->intake.lines = INTAKE_LINES_STRIP;
	s->intake.hostname = j->sending.hostname;
	s->intake.recipient = trace.recipient;
	fail = intake_start(&s->intake, mail_blobs(c->account->mail),
	    deposit_content_folder(&s->envelope, &s->targets), buf_str(&fields),
	    (uint64_t)j->sending.message_bytes);
	buf_release(&fields);
	s->state = SUBMITTING_WRITE;
	return fail ? jmap_set_failed(c) : SET_OK;
}

static enum jmap_set_said
look(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	enum jmap_set_said said;

	if (op_pending(&s->submit.op))
		return SET_WAIT;
	said = judge_rcpts(c, s, e);
	if (said == SET_OK)
		said = judge_account(c, s, e);
	return said == SET_OK ? start_writing(c, s) : said;
}

/* --- WRITE: the message ---------------------------------------------------------------------------------------- */

/* `from = own`: every author is the user, and there is one. */
static bool
is_author_allowed(const struct jmap_call *c, const struct intake *i)
{
	struct str rest = buf_str(&i->authors), author;

	if (!i->wants_authors)
		return true;
	if (!buf_ok(&i->authors) || str_empty(rest))
		return false;
	while (str_take_until(&rest, '\n', &author))
		if (!jmap_may_send_as(c, author))
			return false;
	return true;
}

static enum jmap_set_said
judge_content(const struct jmap_call *c, const struct jmap_submitting *s, enum fail fail,
    struct jmap_set_error *e)
{
	if (fail == FAIL_LIMIT && s->is_made)
		return jmap_set_error(e, "tooLarge", NULL);
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "invalidEmail", "Its header is too large.");
	if (s->intake.is_loop)
		return jmap_set_error(e, "invalidEmail", "It went through too many hosts.");
	if (!is_author_allowed(c, &s->intake))
		return jmap_set_error(e, "forbiddenFrom", "The author is not the user.");
	return SET_OK;
}

static enum jmap_set_said
refuse_deposit(struct jmap_call *c, const struct deposit *d, enum fail fail,
    struct jmap_set_error *e)
{
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, d->is_queue_full ? "forbiddenToSend" : "overQuota",
		    d->is_queue_full ? "The queue is full. Try again later."
				     : "The mailbox of a recipient is full.");
	if (fail == FAIL_PERM)
		return jmap_set_error(e, "invalidEmail", "It went round in a circle.");
	if (fail == FAIL_SYNTAX)
		return jmap_set_error(e, "invalidEmail", "Its binary parts cannot be sent.");
	return jmap_set_failed(c);
}

/* What is known of each recipient now. */
static void
note_rcpts(struct jmap_submitting *s, const struct deposit *d)
{
	struct submission *sub = &s->submission;

	sub->undo = SUBMISSION_PENDING;
	for (size_t i = 0; i < sub->rcpt_count; i++) {
		bool is_stored = s->rcpts[i].deposit.way == DEPOSIT_WAY_MAILBOX;

		sub->rcpts[i].delivered = is_stored ? SUBMISSION_YES : SUBMISSION_QUEUED;
		sub->rcpts[i].reply =
		    is_stored ? STR("250 2.1.5 Delivered") : STR("250 2.0.0 Queued");
		if (is_stored)
			sub->undo = SUBMISSION_FINAL;
	}
	for (size_t i = 0; i < ARRAY_LEN(sub->queue_ids); i++)
		sub->queue_ids[i] = d->ids[i];
}

/*
 * STORE: everything is where it is kept. The queue must know the record's id, so that comes first, and the record
 * behind what came of it.
 */
static enum jmap_set_said
hand_over(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	const struct submit_house *house = &jmap_of(c)->house;
	struct str account = c->run->account->name;
	struct deposit *d = &s->deposit;
	enum jmap_set_said said;
	enum fail fail;

	if (!deposit_is_ready(d))
		return SET_WAIT;
	/* the user's other messages may have gone meanwhile */
	said = judge_amount(c, submit_may_still(house, account, s->rcpts, s->submission.rcpt_count),
	    e);
	if (said != SET_OK)
		return said;
	fail = s->is_made ? FAIL_NONE : submission_reserve(c->account, &s->submission.id);

	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "forbiddenToSend", "Too many messages wait to be sent.");
	if (fail)
		return jmap_set_failed(c);
	d->submission = s->submission.id;
	fail = deposit_run(d);
	if (fail)
		return refuse_deposit(c, d, fail, e);
	note_rcpts(s, d);
	submit_note(house, account, s->rcpts, s->submission.rcpt_count);
	if (s->is_made)
		return SET_OK;
	/* sent is sent: a record that cannot be written is as good as one that the server destroyed at once */
	return submission_add(c->account, &s->submission) ? jmap_set_failed(c) : SET_OK;
}

/* The message is complete: is it right, and where is it kept? */
static enum jmap_set_said
finish(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	enum fail fail = intake_end(&s->intake);
	enum jmap_set_said said;

	s->deposit = (struct deposit){ .queue = jmap_of(c)->house.queue,
		.mail = c->account->mail,
		.content = &s->intake.writer,
		.envelope = &s->envelope,
		.rcpts = &s->rcpts[0].deposit,
		.rcpt_count = s->submission.rcpt_count,
		.targets = &s->targets,
		.skip = s->skip,
		.owner = c->run->account->name,
		.traits = QUEUE_OURS,
		.log_id = str_of(s->log_id, sizeof(s->log_id)) };
	if (fail && fail != FAIL_LIMIT)
		return jmap_set_failed(c);
	said = judge_content(c, s, fail, e);
	if (said != SET_OK)
		return said;
	fail = deposit_check_room(&s->deposit, s->intake.size);
	if (fail)
		return refuse_deposit(c, &s->deposit, fail, e);
	deposit_note_header(&s->deposit, &s->intake);
	deposit_start(&s->deposit, c->run->host.task);
	s->state = SUBMITTING_STORE;
	return hand_over(c, s, e);
}

/* The same for a message that is made while it is written. */
static enum jmap_set_said
make_on(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	while (build_next(&s->build, &s->piece)) {
		intake_feed(&s->intake, buf_str(&s->piece));
		buf_clear(&s->piece);
		if (jmap_slice_over(c))
			return SET_YIELD;
	}
	if (s->build.fail || !buf_ok(&s->piece))
		return jmap_set_error(e, "tooLarge", "The message has too much structure.");
	return finish(c, s, e);
}

static enum jmap_set_said
write_on(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	while (s->at < s->map.bytes.n) {
		struct str piece = str_head(str_from(s->map.bytes, s->at), PIECE_MAX);

		intake_feed(&s->intake, piece);
		s->at += piece.n;
		if (jmap_slice_over(c) && s->at < s->map.bytes.n)
			return SET_YIELD;
	}
	return finish(c, s, e);
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

enum jmap_set_said
jmap_submitting_go_on(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	if (s->state == SUBMITTING_LOOKUP)
		said = look(c, s, e);
	if (said == SET_OK && s->state == SUBMITTING_WRITE)
		said = s->is_made ? make_on(c, s, e) : write_on(c, s, e);
	else if (said == SET_OK && s->state == SUBMITTING_STORE)
		said = hand_over(c, s, e);
	return said;
}
