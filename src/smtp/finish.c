#include "smtp/session.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "mail/mail.h"
#include "tls/tls.h"

#define TRACE_MAX 8192 /* bytes of Return-Path, Delivered-To and Received together */

/* --- the beginning of the content ---------------------------------------------------------------- */

static void
describe_tls(const struct smtp_session *s, struct buf *out)
{
	struct tls_facts facts;

	if (!tls_facts(s->conn, &facts) || !facts.is_done)
		return;
	buf_add_c(out, facts.version);
	buf_add_char(out, ' ');
	buf_add_c(out, facts.cipher);
}

static enum delivery_with
protocol(const struct smtp_session *s)
{
	if (smtp_is_lmtp(s))
		return s->txn->envelope.is_utf8 ? WITH_UTF8LMTP : WITH_LMTP;
	if (s->txn->envelope.is_utf8)
		return WITH_UTF8SMTP;
	return (s->have & HAVE_ESMTP) ? WITH_ESMTP : WITH_SMTP;
}

/* The recipient, when there is exactly one: more would show Bcc recipients to each other. */
static struct str
only_recipient(const struct smtp_txn *t)
{
	return t->rcpt_count == 1 ? t->rcpts->envelope.address : STR("");
}

static void
write_trace(const struct smtp_session *s, struct buf *out)
{
	const struct smtp_txn *t = s->txn;
	struct buf tls;
	struct delivery_trace trace = {
		.with = protocol(s),
		.is_tls = (s->have & HAVE_TLS) != 0,
		.is_authenticated = (s->have & HAVE_AUTH) != 0,
		.sender = t->envelope.sender,
		.recipient = only_recipient(t),
		.helo = buf_str(&s->helo),
		.client_ip = conn_peer(s->conn),
		.own_name = s->service->hostname,
		.id = str_of(t->id, sizeof t->id),
		.now_s = clock_wall_s(),
		.hides_client = smtp_is_submission(s),
	};

	buf_init(&tls, 128);
	describe_tls(s, &tls);
	trace.tls_text = buf_str(&tls);
	delivery_write_headers(out, &trace);
	buf_release(&tls);
}

enum fail
smtp_start_content(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct buf trace;
	enum fail fail;

	buf_init(&trace, TRACE_MAX);
	write_trace(s, &trace);
	t->intake.is_submission = smtp_is_submission(s);
	t->intake.hostname = s->service->hostname;
	t->intake.recipient = only_recipient(t);
	fail = buf_ok(&trace)
	    ? intake_start(&t->intake, mail_blobs(s->service->mail), t->targets.targets[0].account,
		  buf_str(&trace), (uint64_t)s->service->settings->message_bytes)
	    : FAIL_LIMIT;
	if (fail != FAIL_NONE)
		intake_cancel(&t->intake); /* a second DATA may find the disk well again */
	buf_release(&trace);
	return fail;
}

/* --- its end ------------------------------------------------------------------------------------- */

static enum smtp_reply
reply_of(enum fail fail)
{
	switch (fail) {
	case FAIL_NONE: return REPLY_ACCEPTED;
	case FAIL_LIMIT: return REPLY_QUOTA_LATER;
	case FAIL_PERM: return REPLY_LOOP;
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return REPLY_DISK;
}

/* What is wrong with the message itself, or REPLY_ACCEPTED. */
static enum smtp_reply
judge(const struct smtp_txn *t)
{
	if (t->is_refused)
		return t->refusal;
	if (t->intake.fail != FAIL_NONE)
		return t->intake.fail == FAIL_LIMIT ? REPLY_TOO_BIG : REPLY_DISK;
	return t->intake.is_loop ? REPLY_LOOP : REPLY_ACCEPTED;
}

/* Every account must have room: with one reply for all there is no telling who has it and who not. */
static enum fail
check_room(struct smtp_session *s)
{
	const struct smtp_txn *t = s->txn;

	for (size_t i = 0; i < t->targets.count; i++) {
		const struct delivery_target *target = &t->targets.targets[i];
		struct account *account;
		enum fail fail =
		    account_open(s->service->mail, target->account, &target->limits, &account);

		if (fail != FAIL_NONE)
			return fail;
		fail = account_room(account, t->intake.size);
		account_close(&account);
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

static enum fail
store_message(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct blob_name name;
	struct delivery delivery = { .account = t->targets.targets[0].account,
		.sender = t->envelope.sender,
		.received_s = clock_wall_s(),
		.is_all_or_none = !smtp_is_lmtp(s) };
	enum fail fail = FAIL_NONE;

	if (!smtp_is_lmtp(s))
		fail = check_room(s);
	if (fail == FAIL_NONE)
		fail = intake_finish(&t->intake, &name);
	if (fail != FAIL_NONE)
		return fail;
	delivery.blob = blob_name_str(&name);
	return delivery_store(s->service->mail, &delivery, &t->targets);
}

/* One line and one count for each answer to a message. */
static void
note_message(const struct smtp_session *s, struct str rcpt, enum smtp_reply reply)
{
	const struct smtp_txn *t = s->txn;

	if (reply == REPLY_ACCEPTED)
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
	enum smtp_state next = SMTP_READ_COMMAND;

	for (const struct smtp_rcpt *r = s->txn->rcpts; r; r = r->next) {
		enum smtp_reply reply = judgement;
		enum fail outcome = delivery_outcome(&s->txn->targets, r->envelope.address);

		if (judgement == REPLY_ACCEPTED) {
			/* where nothing was tried, because the content could not be kept, all share that */
			reply = reply_of(
			    stored != FAIL_NONE && outcome == FAIL_NONE ? stored : outcome);
		}
		note_message(s, r->envelope.address, reply);
		smtp_reply_write(conn_out(s->conn), reply);
	}
	return next;
}

enum smtp_state
smtp_finish_message(struct smtp_session *s)
{
	enum smtp_reply reply = judge(s->txn);
	enum fail stored = reply == REPLY_ACCEPTED ? store_message(s) : FAIL_NONE;
	enum smtp_state next;

	s->messages++;
	if (smtp_is_lmtp(s)) {
		next = answer_each(s, reply, stored);
	} else {
		if (reply == REPLY_ACCEPTED)
			reply = reply_of(stored);
		note_message(s, s->txn->rcpts->envelope.address, reply);
		next = smtp_say(s, reply);
	}
	smtp_txn_end(s);
	return next;
}
