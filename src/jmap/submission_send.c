/*
 * A creation of EmailSubmission, step by step (submission.h).
 */
#include "jmap/submission.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "crypto/random.h"
#include "jmap/identity.h"
#include "jmap/private.h"
#include "mail/email.h"
#include "mail/identity.h"
#include "message/header.h"

#define SUBMITTING_MAX (4 * 1024 * 1024) /* bytes: an envelope and the addresses of a header */
#define PIECE_MAX      (256 * 1024)      /* bytes written before the clock is looked at */
#define TRACE_MAX      8192 /* bytes of Return-Path, Delivered-To and Received together */

static const struct jmap *
jmap_of(const struct jmap_call *c)
{
	return c->run->host.jmap;
}

void
jmap_submitting_reset(struct jmap_submitting *s)
{
	submit_release(&s->submit);
	intake_cancel(&s->intake);
	blob_unmap(&s->map);
	arena_release(&s->arena);
	*s = (struct jmap_submitting){ .state = SUBMITTING_IDLE };
}

/* Letters and digits that nobody guesses. */
static void
make_text(char *out, size_t n)
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

static enum jmap_set_said
store_failed(struct jmap_call *c)
{
	jmap_fail(c, "serverPartialFail", "The store failed.");
	return SET_FAIL;
}

/* --- IDLE: the object ---------------------------------------------------------------------------------- */

struct asked { /* the properties of the object */
	const struct json *envelope;
	struct str email, identity;
};

static enum jmap_set_said
take_properties(const struct json *object, struct asked *out, struct jmap_set_error *e)
{
	*out = (struct asked){ .envelope = NULL };
	for (uint32_t i = 0; i < object->count; i++) {
		const struct json_member *m = &object->members[i];

		if (str_eq(m->name, STR("envelope"))) {
			out->envelope = json_is(&m->value, JSON_NULL) ? NULL : &m->value;
		} else if (str_eq(m->name, STR("emailId"))) {
			if (!json_get_text(&m->value, &out->email))
				return jmap_set_invalid(e, m->name, "This is no Id.");
		} else if (str_eq(m->name, STR("identityId"))) {
			if (!json_get_text(&m->value, &out->identity))
				return jmap_set_invalid(e, m->name, "This is no Id.");
		} else {
			return jmap_set_invalid(e, m->name,
			    "The server sets this, or knows no such.");
		}
	}
	return SET_OK;
}

static enum jmap_set_said
find_identity(struct jmap_call *c, struct jmap_submitting *s, struct str text,
    struct str *email_out, struct jmap_set_error *e)
{
	struct str id = jmap_created_find(c->run, text);
	struct identity *identity;
	enum fail fail = FAIL_MISSING;

	if (id.p && id_parse(id, ID_IDENTITY, &s->submission.identity_id))
		fail = identity_get(c->account, s->submission.identity_id, &s->arena, &identity);
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("identityId"), "There is no such Identity.");
	if (fail)
		return store_failed(c);
	*email_out = identity->email;
	return SET_OK;
}

static enum jmap_set_said
find_email(struct jmap_call *c, struct jmap_submitting *s, struct str text,
    struct jmap_set_error *e)
{
	struct str id = jmap_created_find(c->run, text);
	struct email *email;
	enum fail fail = FAIL_MISSING;

	if (id.p && id_parse(id, ID_EMAIL, &s->submission.email_id))
		fail = email_get(c->account, s->submission.email_id, &s->arena, &email);
	if (fail == FAIL_NONE && !email_is_visible(email))
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = email_map(c->account, s->submission.email_id, &s->map);
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("emailId"), "There is no such Email.");
	if (fail)
		return store_failed(c);
	s->submission.thread_id = email->thread_id;
	return SET_OK;
}

/* May the message be sent as it is, whoever gets it? */
static enum jmap_set_said
check_message(struct jmap_call *c, const struct jmap_submitting *s,
    const struct submission_head *head, struct jmap_set_error *e)
{
	const struct jmap_sending *sending = &jmap_of(c)->sending;

	if ((int64_t)s->map.bytes.n > sending->message_bytes) {
		e->number_name = "maxSize";
		e->number = (uint64_t)sending->message_bytes;
		return jmap_set_error(e, "tooLarge", NULL);
	}
	if (!head->has_from) {
		jmap_set_invalid(e, STR("from"), NULL);
		return jmap_set_error(e, "invalidEmail", "There is one From field in a message.");
	}
	return SET_OK;
}

/* Parameters become what the queue knows; an ENVID of ours where the client said none, for reports to name. */
static enum jmap_set_said
take_params(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	const struct jmap_sending *sending = &jmap_of(c)->sending;
	const struct param_limits limits = { clock_wall_s(), sending->hold_ms / 1000,
		sending->message_bytes };
	struct submission *sub = &s->submission;
	char random[sizeof(s->log_id)];
	bool is_good = true;

	s->envelope = (struct envelope){ .sender = sub->from.email, .body = BODY_8BITMIME };
	s->envelope.is_utf8 = !utf8_is_ascii(sub->from.email);
	for (size_t i = 0; i < sub->from.param_count; i++)
		is_good &= jmap_mail_param(&sub->from.params[i], &limits, &s->envelope);
	for (size_t i = 0; i < sub->rcpt_count; i++) {
		const struct submission_address *a = &sub->rcpts[i].address;
		struct envelope_rcpt *to = &s->rcpts[i].deposit.envelope;

		to->address = a->email;
		s->envelope.is_utf8 |= !utf8_is_ascii(a->email);
		for (size_t k = 0; k < a->param_count; k++)
			is_good &= jmap_rcpt_param(&a->params[k], &s->arena, to);
	}
	if (!is_good)
		return jmap_set_invalid(e, STR("envelope"), "A parameter is wrong, or not known.");
	make_text(random, sizeof(random));
	if (str_empty(s->envelope.id))
		s->envelope.id = arena_str(&s->arena, str_of(random, sizeof(random)));
	sub->envelope_id = s->envelope.id;
	sub->send_s = s->envelope.hold_s > limits.now_s ? s->envelope.hold_s : limits.now_s;
	return SET_OK;
}

static enum jmap_set_said
make_envelope(struct jmap_call *c, struct jmap_submitting *s, const struct asked *asked,
    struct str identity, struct jmap_set_error *e)
{
	struct submission_head head;
	enum jmap_set_said said;

	if (jmap_submission_head(s->map.bytes, &s->arena, &head) != FAIL_NONE)
		return jmap_set_error(e, "invalidEmail", "Its header has too many addresses.");
	s->submission.message_id = head.message_id;
	said = check_message(c, s, &head, e);
	if (said == SET_OK && asked->envelope)
		said = jmap_envelope_read(asked->envelope, &s->arena, &s->submission, e);
	else if (said == SET_OK)
		said = jmap_envelope_make(&head, identity, &s->arena, &s->submission, e);
	if (said == SET_OK)
		said = jmap_envelope_check(&s->submission, &c->arena, e);
	if (said != SET_OK)
		return said;
	if (!str_empty(s->submission.from.email) && !jmap_may_send_as(c, s->submission.from.email))
		return jmap_set_error(e, "forbiddenMailFrom", "This is no address of the user.");
	s->rcpts = arena_alloc(&s->arena, s->submission.rcpt_count, sizeof(*s->rcpts));
	return s->rcpts ? take_params(c, s, e) : jmap_set_error(e, "tooLarge", NULL);
}

static enum jmap_set_said
begin(struct jmap_call *c, struct jmap_submitting *s, const struct json *object,
    struct jmap_set_error *e)
{
	const struct jmap *j = jmap_of(c);
	struct str identity;
	struct asked asked;
	enum jmap_set_said said = take_properties(object, &asked, e);

	if (said != SET_OK)
		return said;
	if (!j || !j->house.queue)
		return jmap_set_error(e, "forbiddenToSend", "Nothing is sent from here.");
	arena_init(&s->arena, SUBMITTING_MAX);
	said = find_identity(c, s, asked.identity, &identity, e);
	if (said == SET_OK)
		said = find_email(c, s, asked.email, e);
	if (said == SET_OK)
		said = make_envelope(c, s, &asked, identity, e);
	if (said != SET_OK)
		return said;
	make_text(s->log_id, sizeof(s->log_id));
	delivery_targets_init(&s->targets, &s->arena);
	submit_start(&s->submit, &j->house, c->run->host.task, s->rcpts, s->submission.rcpt_count,
	    &s->targets, s->envelope.hold_s != 0);
	s->state = SUBMITTING_LOOKUP;
	return SET_OK;
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
judge_account(struct jmap_call *c, const struct jmap_submitting *s, struct jmap_set_error *e)
{
	const struct submit_house *house = &jmap_of(c)->house;

	switch (submit_may(house, c->account->name, s->rcpts, s->submission.rcpt_count)) {
	case FAIL_NONE: break;
	case FAIL_LIMIT:
		return jmap_set_error(e, "forbiddenToSend",
		    "This account sent as much as it may for now. Try again later.");
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: return store_failed(c);
	}
	if (!queue_has_room(house->queue))
		return jmap_set_error(e, "forbiddenToSend", "The queue is full. Try again later.");
	return SET_OK;
}

/* Whose folder the file is written to: that of somebody who gets it. */
static struct str
folder_of(const struct jmap_submitting *s)
{
	return s->targets.count > 0 ? s->targets.targets[0].account : STR(QUEUE_FOLDER);
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
	fail = intake_start(&s->intake, mail_blobs(c->account->mail), folder_of(s),
	    buf_str(&fields), (uint64_t)j->sending.message_bytes);
	buf_release(&fields);
	s->state = SUBMITTING_WRITE;
	return fail ? store_failed(c) : SET_OK;
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
	return store_failed(c);
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

/* The queue must know the record's id, so that comes first, and the record behind what came of it. */
static enum jmap_set_said
hand_over(struct jmap_call *c, struct jmap_submitting *s, struct deposit *d,
    struct jmap_set_error *e)
{
	enum fail fail = submission_reserve(c->account, &s->submission.id);

	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "forbiddenToSend", "Too many messages wait to be sent.");
	if (fail)
		return store_failed(c);
	d->submission = s->submission.id;
	fail = deposit_run(d);
	if (fail)
		return refuse_deposit(c, d, fail, e);
	note_rcpts(s, d);
	submit_note(&jmap_of(c)->house, c->account->name, s->rcpts, s->submission.rcpt_count);
	/* sent is sent: a record that cannot be written is as good as one that the server destroyed at once */
	return submission_add(c->account, &s->submission) ? store_failed(c) : SET_OK;
}

static enum jmap_set_said
finish(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	struct deposit d = { .queue = jmap_of(c)->house.queue,
		.mail = c->account->mail,
		.folder = folder_of(s),
		.envelope = &s->envelope,
		.rcpts = &s->rcpts[0].deposit,
		.rcpt_count = s->submission.rcpt_count,
		.targets = &s->targets,
		.skip = s->skip,
		.owner = c->account->name,
		.log_id = str_of(s->log_id, sizeof(s->log_id)) };
	enum fail fail = intake_finish(&s->intake, &d.blob);
	enum jmap_set_said said;

	if (fail && fail != FAIL_LIMIT)
		return store_failed(c);
	said = judge_content(c, s, fail, e);
	if (said != SET_OK)
		return said;
	fail = deposit_check_room(&d, s->intake.size);
	return fail ? refuse_deposit(c, &d, fail, e) : hand_over(c, s, &d, e);
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
jmap_submitting_run(struct jmap_call *c, struct jmap_submitting *s, const struct json *object,
    uint64_t *id_out, struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	if (s->state == SUBMITTING_IDLE)
		said = begin(c, s, object, e);
	if (said == SET_OK && s->state == SUBMITTING_LOOKUP)
		said = look(c, s, e);
	if (said == SET_OK && s->state == SUBMITTING_WRITE)
		said = write_on(c, s, e);
	if (said == SET_WAIT || said == SET_YIELD)
		return said;
	*id_out = s->submission.id;
	jmap_submitting_reset(s);
	return said;
}
