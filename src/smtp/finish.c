/* The content is complete: judge it, have it stored, answer (RFC 5321 4.1.1.4, RFC 2033 4.2). */
#include "smtp/extension.h"

/* rooms */
#include "mail/mail.h"
#include "queue/queue.h"

static enum smtp_reply
reply_of(const struct smtp_txn *t, enum fail fail)
{
	switch (fail) {
	case FAIL_NONE: return t->targets.count > 0 ? REPLY_ACCEPTED : REPLY_QUEUED;
	case FAIL_LIMIT: return t->deposit.is_queue_full ? REPLY_QUEUE_FULL : REPLY_QUOTA_LATER;
	case FAIL_PERM: return REPLY_LOOP;
	case FAIL_SYNTAX: return REPLY_BAD_BINARY;
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return REPLY_DISK;
}

/* What is wrong with the message itself, or REPLY_ACCEPTED. */
static enum smtp_reply
judge(const struct smtp_session *s)
{
	const struct smtp_txn *t = s->txn;

	if (t->is_refused)
		return t->refusal;
	if (t->intake.fail != FAIL_NONE)
		return t->intake.fail == FAIL_LIMIT ? REPLY_TOO_BIG : REPLY_DISK;
	/* Strict: a bare CR or LF may hide a second message (smuggling) */
	if (t->intake.has_bare && t->intake.lines == INTAKE_LINES_REJECT)
		return REPLY_BAD_CONTENT;
	if (t->intake.is_loop)
		return REPLY_LOOP;
	return smtp_is_solicitation(s, buf_str(&t->intake.solicitation)) ? REPLY_SOLICITATION
									 : REPLY_ACCEPTED;
}

/* One line and one count for each answer to a message. */
static void
note_message(const struct smtp_session *s, struct str rcpt, enum smtp_reply reply)
{
	const struct smtp_txn *t = s->txn;

	if (!smtp_reply_is_failure(reply))
		s->service->messages_taken++;
	else
		s->service->messages_refused++;
	log_info(&s->log, "smtp.message", LOG_TEXT("id", str_of(t->id, sizeof t->id)),
	    LOG_TEXT("from", t->envelope.sender), LOG_TEXT("rcpt", rcpt),
	    LOG_NUM("rcpts", t->rcpt_count), LOG_NUM("size", t->intake.size),
	    LOG_TEXT("reply", str_c(smtp_reply_code(reply))));
}

/* One reply per recipient, in the order in which they were given (RFC 2033 4.2). */
static enum smtp_state
answer_each(struct smtp_session *s, enum smtp_reply judgement, enum fail stored)
{
	for (const struct deposit_rcpt *r = s->txn->rcpts; r; r = r->next) {
		enum smtp_reply reply = judgement;
		if (judgement == REPLY_ACCEPTED) {
			enum fail outcome = deposit_outcome(&s->txn->deposit, r);

			/* where nothing was tried, because the content could not be kept, all share that */
			reply = reply_of(s->txn,
			    stored != FAIL_NONE && outcome == FAIL_NONE ? stored : outcome);
		}
		note_message(s, r->envelope.address, reply);
		smtp_reply_write(conn_out(s->conn), reply);
	}
	return SMTP_READ_COMMAND;
}

static bool
is_junk(const struct smtp_txn *t)
{
	return t->origin && t->origin->advice == ORIGIN_JUNK;
}

/* Everybody's copy (deposit.h) begins to go where it is kept. */
static enum fail
start(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	const struct directory_account *user = smtp_user(s);
	enum fail fail = FAIL_NONE;

	t->deposit = (struct deposit){ .queue = s->service->queue,
		.mail = s->service->mail,
		.content = &t->intake.writer,
		.envelope = &t->envelope,
		.rcpts = t->rcpts,
		.rcpt_count = t->rcpt_count,
		.targets = &t->targets,
		.skip = t->skip,
		.helo = buf_str(&s->helo),
		.owner = user ? user->name : STR(""),
		.traits = (smtp_may_relay(s) ? QUEUE_OURS : 0) | (is_junk(t) ? QUEUE_JUNK : 0),
		.log_id = str_of(t->id, sizeof t->id),
		.is_each_told = smtp_is_lmtp(s) };
	if (!t->deposit.is_each_told)
		fail = deposit_check_room(&t->deposit, t->intake.size);
	if (fail == FAIL_NONE)
		fail = intake_end(&t->intake);
	if (fail == FAIL_NONE) {
		deposit_note_header(&t->deposit, &t->intake);
		deposit_start(&t->deposit, &s->task);
	}
	return fail;
}

/* Stored or not: answer, end. */
static enum smtp_state
conclude(struct smtp_session *s, enum smtp_reply reply, enum fail stored)
{
	enum smtp_state next;

	s->messages++;
	if (reply == REPLY_ACCEPTED && stored == FAIL_NONE) {
		s->junk = 0;
		smtp_note_accepted(s);
	}
	if (smtp_is_lmtp(s)) {
		next = answer_each(s, reply, stored);
	} else {
		if (reply == REPLY_ACCEPTED)
			reply = reply_of(s->txn, stored);
		note_message(s, s->txn->rcpts->envelope.address, reply);
		next = smtp_say_with(s, reply, s->txn->detail);
		smtp_origin_note(s, reply);
	}
	smtp_txn_end(s);
	return next;
}

enum smtp_state
smtp_finish_stored(struct smtp_session *s)
{
	enum smtp_reply reply = REPLY_ACCEPTED;

	if (!deposit_is_ready(&s->txn->deposit))
		return s->state == SMTP_STORE ? SMTP_STAY : SMTP_STORE;
	if (s->state == SMTP_STORE) /* the user's other messages may have gone meanwhile */
		reply = smtp_check_account(s);
	return conclude(s, reply,
	    reply == REPLY_ACCEPTED ? deposit_run(&s->txn->deposit) : FAIL_NONE);
}

/* Judged already, and it is well. */
static enum smtp_state
store(struct smtp_session *s)
{
	enum fail fail = start(s);

	return fail == FAIL_NONE ? smtp_finish_stored(s) : conclude(s, REPLY_ACCEPTED, fail);
}

enum smtp_state
smtp_finish_message(struct smtp_session *s)
{
	/* What is wrong with it in itself need not wait for anybody; why, judge() says. */
	if (s->txn->origin && judge(s) == REPLY_ACCEPTED &&
	    intake_end(&s->txn->intake) == FAIL_NONE && !origin_look(s->txn->origin))
		return SMTP_JUDGE;
	return smtp_finish_judged(s);
}

enum smtp_state
smtp_finish_judged(struct smtp_session *s)
{
	enum smtp_reply reply;

	if (s->state == SMTP_JUDGE && !origin_look(s->txn->origin))
		return SMTP_STAY;
	reply = judge(s);
	if (reply == REPLY_ACCEPTED)
		reply = smtp_origin_judge(s);
	if (reply == REPLY_ACCEPTED)
		reply = smtp_check_author(s);
	if (reply == REPLY_ACCEPTED)
		reply = smtp_check_account(s);
	if (reply == REPLY_ACCEPTED && smtp_is_slowed(s))
		return SMTP_SLOW;
	return reply == REPLY_ACCEPTED ? store(s) : conclude(s, reply, FAIL_NONE);
}

enum smtp_state
smtp_finish_slowed(struct smtp_session *s)
{
	return store(s);
}
