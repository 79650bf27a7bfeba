/* The beginning of the content: what we write above it (RFC 5321 4.4). */
#include "smtp/session.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "mail/mail.h"
#include "queue/queue.h"
#include "tls/tls.h"

#define TRACE_MAX 8192 /* bytes of Return-Path, Delivered-To and Received together */

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

/*
 * The recipient, when there is exactly one: more would show Bcc recipients to each other. Delivered-To is
 * for addresses whose mailbox is here, and tells loops of forwards (RFC 5321 6.3).
 */
static struct str
only_recipient(const struct smtp_session *s)
{
	const struct smtp_txn *t = s->txn;

	return t->rcpt_count == 1 && t->rcpts->way != DEPOSIT_WAY_REMOTE &&
		!queue_hands_on(s->service->queue)
	    ? t->rcpts->envelope.address
	    : STR("");
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
		.recipient = only_recipient(s),
		.helo = buf_str(&s->helo),
		.client_ip = conn_peer(s->conn),
		.client_name = s->client.name,
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

/* What a CR or LF alone in the content means. */
static enum intake_lines
lines_of(const struct smtp_session *s)
{
	if (s->txn->envelope.body == BODY_BINARYMIME)
		return INTAKE_LINES_ANY;
	return s->service->settings->lines == SMTP_LINES_STRIP ? INTAKE_LINES_STRIP
							       : INTAKE_LINES_REJECT;
}

enum fail
smtp_start_content(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct buf trace;
	enum fail fail;

	buf_init(&trace, TRACE_MAX);
	write_trace(s, &trace);
	t->skip = str_find(buf_str(&trace), STR("\r\n")) + 2; /* Return-Path */
	t->intake.is_submission = smtp_is_submission(s);
	t->intake.wants_authors = smtp_user(s) && s->service->settings->from == SMTP_FROM_OWN;
	t->intake.lines = lines_of(s);
	t->intake.hostname = s->service->hostname;
	t->intake.recipient = only_recipient(s);
	t->intake.is_trusted = smtp_is_of_ours(s);
	smtp_origin_start(s);
	t->intake.origin = t->origin;
	t->intake.above = t->skip;
	fail = buf_ok(&trace) ? intake_start(&t->intake, mail_blobs(s->service->mail),
				    deposit_content_folder(&t->envelope, &t->targets),
				    buf_str(&trace), (uint64_t)s->service->settings->message_bytes)
			      : FAIL_LIMIT;
	if (fail != FAIL_NONE)
		intake_cancel(&t->intake); /* a second DATA may find the disk well again */
	buf_release(&trace);
	return fail;
}
