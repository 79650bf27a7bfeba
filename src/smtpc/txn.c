/*
 * One message up to its content: what the host cannot take at all, then MAIL, RCPT and DATA.
 *
 * Commands are said in order and answered in order (RFC 2920 3.1); how many may wait for their replies is
 * all that PIPELINING changes.
 */

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/header.h"
#include "smtpc/smtpc_private.h"

/* --- last words ----------------------------------------------------------------------------- */

void
txn_settle(struct smtpc_inner *c, size_t i, enum fail fail, struct smtpc_answer answer)
{
	struct smtpc_rcpt *rcpt = &c->txn.message->rcpts[i];

	c->txn.rcpts[i] = SMTPC_RCPT_DONE;
	rcpt->fail = fail;
	rcpt->answer = answer;
	log_debug(&c->log, fail == FAIL_NONE ? "smtpc.sent" : "smtpc.refused",
	    LOG_TEXT("rcpt", rcpt->rcpt->address),
	    LOG_TEXT("stage", str_c(smtpc_stage_names[answer.stage])), LOG_NUM("code", answer.code),
	    LOG_TEXT("text", answer.text));
}

void
txn_settle_taken(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer)
{
	for (size_t i = 0; i < c->txn.message->rcpt_count; i++) {
		if (c->txn.rcpts[i] == SMTPC_RCPT_TAKEN)
			txn_settle(c, i, fail, answer);
	}
}

void
txn_settle_all(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer)
{
	for (size_t i = 0; i < c->txn.message->rcpt_count; i++) {
		if (c->txn.rcpts[i] != SMTPC_RCPT_DONE)
			txn_settle(c, i, fail, answer);
	}
}

/* The next recipient from `i` on that RCPT is about; rcpt_count when there is none. */
static size_t
next_asked(const struct smtpc_txn *t, size_t i)
{
	while (i < t->message->rcpt_count && t->rcpts[i] != SMTPC_RCPT_ASK)
		i++;
	return i;
}

void
txn_release(struct smtpc_inner *c)
{
	content_release(&c->txn.content);
	c->txn = (struct smtpc_txn){ 0 };
}

enum smtpc_state
txn_done(struct smtpc_inner *c)
{
	txn_release(c);
	op_finish(&c->s->op, FAIL_NONE);
	return SMTPC_IDLE;
}

/* --- before anything is said ---------------------------------------------------------------- */

/* We know without asking: the host cannot take it (from anybody, or for this recipient). */
static struct smtpc_answer
objection(enum smtpc_stage stage, struct status status, const char *text)
{
	return (struct smtpc_answer){ .stage = stage, .status = status, .text = str_c(text) };
}

static void
object(struct smtpc_inner *c, struct status status, const char *text)
{
	txn_settle_all(c, FAIL_PERM, objection(SMTPC_AT_MAIL, status, text));
}

/* RFC 8689 4.2.1; reports, which have no sender, go anyway (5). */
static void
check_tls(struct smtpc_inner *c, const struct envelope *e)
{
	if (!e->is_tls_must || str_empty(e->sender))
		return;
	if (!c->s->is_tls)
		object(c, STATUS(5, 7, 10),
		    "it has to travel encrypted, which this host does not offer");
	else if (!(c->s->has & SMTPC_HAS_REQUIRETLS))
		object(c, STATUS(5, 7, 30),
		    "it has to travel encrypted all the way, which this host does not promise");
}

/* RFC 2852 4: "return" goes only to who promises to do so, and in time. */
static void
check_by(struct smtpc_inner *c, const struct envelope *e, int64_t now_s)
{
	int64_t left = command_by_left(e, now_s);

	if (e->by != BY_RETURN)
		return;
	if (!(c->s->has & SMTPC_HAS_DELIVERBY))
		object(c, STATUS(5, 3, 3), "this host cannot deliver by a time that is given");
	else if (left <= 0 || left < c->by_min_s)
		object(c, STATUS(5, 4, 7),
		    "there is too little time left for this host to deliver it");
}

/* UTF-8 in header fields, which only SMTPUTF8 may carry (RFC 6531 3.2). */
static bool
has_utf8_header(const struct smtpc_message *m)
{
	return m->envelope->is_utf8 &&
	    (!utf8_is_ascii(m->fields) ||
		!utf8_is_ascii(str_head(m->content, header_size(m->content))));
}

/* Is SMTPUTF8 needed for what is about the whole message? Objects when it is and cannot be. */
static bool
check_sender(struct smtpc_inner *c, const struct smtpc_message *m)
{
	bool can = (c->s->has & SMTPC_HAS_SMTPUTF8) != 0;
	enum command_address kind = command_address(m->envelope->sender);

	if (kind == COMMAND_ADDRESS_BAD)
		object(c, STATUS(5, 1, 7), "the sender's address is malformed");
	if (kind == COMMAND_ADDRESS_UTF8) {
		if (!can)
			object(c, STATUS(5, 6, 7), "this host takes no sender in UTF-8");
		return true;
	}
	if (!has_utf8_header(m))
		return false;
	if (!can) /* X.6.9 of RFC 6531 4.3 */
		object(c, STATUS(5, 6, 9), "this host takes no header in UTF-8");
	return true;
}

/* The same for one recipient. */
static bool
check_rcpt(struct smtpc_inner *c, size_t i)
{
	struct str address = c->txn.message->rcpts[i].rcpt->address;
	enum command_address kind = command_address(address);

	if (c->txn.rcpts[i] == SMTPC_RCPT_DONE)
		return false;
	if (str_empty(address) || kind == COMMAND_ADDRESS_BAD) {
		txn_settle(c, i, FAIL_PERM,
		    objection(SMTPC_AT_RCPT, STATUS(5, 1, 3), "the address is malformed"));
		return false;
	}
	if (kind != COMMAND_ADDRESS_UTF8)
		return false;
	if (c->s->has & SMTPC_HAS_SMTPUTF8)
		return true;
	txn_settle(c, i, FAIL_PERM,
	    objection(SMTPC_AT_RCPT, STATUS(5, 6, 7), "this host takes no address in UTF-8"));
	return false;
}

bool
txn_begin(struct smtpc_inner *c, struct smtpc_message *m)
{
	struct smtpc_txn *t = &c->txn;

	invariant(m->rcpt_count > 0 && m->rcpt_count <= c->s->rcpt_max);
	t->message = m;
	t->rcpts = arena_alloc(&c->arena, m->rcpt_count, sizeof t->rcpts[0]);
	invariant(t->rcpts != NULL);
	for (size_t i = 0; i < m->rcpt_count; i++) {
		m->rcpts[i].fail = FAIL_TEMP;
		m->rcpts[i].answer = (struct smtpc_answer){ 0 };
	}
	t->last = '\n';
	t->mail.now_s = m->now_s;
	content_init(&t->content, m->fields, m->content);
	check_tls(c, m->envelope);
	check_by(c, m->envelope, m->now_s);
	if (c->s->size_max > 0 && t->content.size > c->s->size_max)
		object(c, STATUS(5, 3, 4), "it is larger than this host takes");
	t->mail.is_utf8 = check_sender(c, m);
	for (size_t i = 0; i < m->rcpt_count; i++)
		t->mail.is_utf8 |= check_rcpt(c, i);
	if (next_asked(t, 0) < m->rcpt_count)
		return true;
	txn_release(c);
	return false;
}

unsigned
smtpc_takes(const struct smtpc *s)
{
	const unsigned for_binary = SMTPC_HAS_CHUNKING | SMTPC_HAS_BINARYMIME; /* RFC 3030 3 */

	return ((s->has & SMTPC_HAS_8BITMIME) ? SEVEN_NEEDS_8BIT : 0u) |
	    ((s->has & for_binary) == for_binary ? SEVEN_NEEDS_BINARY : 0u);
}

/* How the content will go is known when all of it was seen. */
enum smtpc_state
txn_look(struct smtpc_inner *c)
{
	struct smtpc_txn *t = &c->txn;
	unsigned has = c->s->has;

	if (!content_look(&t->content))
		return SMTPC_MORE;
	if (content_begin(&t->content, smtpc_takes(c->s)) != FAIL_NONE) {
		object(c, STATUS(5, 6, 3),
		    "it would have to be converted for this host and cannot be");
		return txn_done(c);
	}
	/* Chunks, where they are known: as fast as DATA, and no dot in the content means anything. */
	t->is_bdat = (has & SMTPC_HAS_CHUNKING) != 0;
	t->mail.body = t->content.body;
	t->mail.size = t->content.form == CONTENT_AS_IS ? t->content.size : 0;
	return SMTPC_ENVELOPE;
}

/* --- saying --------------------------------------------------------------------------------- */

static void
say_mail(struct smtpc_inner *c)
{
	command_mail_write(conn_out(c->conn), c->txn.message->envelope, &c->txn.mail, c->s->has);
	c->txn.has_said_mail = true;
	c->s->mail_count++;
}

static void
say_rcpt(struct smtpc_inner *c, size_t i)
{
	command_rcpt_write(conn_out(c->conn), c->txn.message->rcpts[i].rcpt, c->txn.mail.is_utf8,
	    c->s->has);
	c->txn.rcpt_said = i + 1;
}

static void
say_data(struct smtpc_inner *c)
{
	buf_add(conn_out(c->conn), STR("DATA\r\n"));
	c->txn.data = SMTPC_DATA_SAID;
}

/* Say the next command, if there is one that may be said now. */
static bool
say_next(struct smtpc_inner *c)
{
	struct smtpc_txn *t = &c->txn;
	size_t most = (c->s->has & SMTPC_HAS_PIPELINING) ? SMTPC_PIPELINE_MAX : 1;
	size_t i;

	if (t->waiting >= most || t->is_mail_refused)
		return false;
	i = next_asked(t, t->rcpt_said);
	if (!t->has_said_mail)
		say_mail(c);
	else if (i < t->message->rcpt_count)
		say_rcpt(c, i);
	else if (!t->is_bdat && t->data == SMTPC_DATA_UNSAID && (t->taken > 0 || t->waiting > 0))
		say_data(c); /* the last of its group, though nobody may be taken yet */
	else
		return false;
	t->waiting++;
	return true;
}

/* All was said and answered. */
static enum smtpc_state
envelope_done(struct smtpc_inner *c)
{
	const struct smtpc_txn *t = &c->txn;

	if (t->data == SMTPC_DATA_GO && t->taken == 0)
		return send_nothing(c);
	if (t->taken > 0 && (t->is_bdat || t->data == SMTPC_DATA_GO))
		return SMTPC_CONTENT;
	return SMTPC_RSET;
}

enum smtpc_state
txn_envelope(struct smtpc_inner *c)
{
	while (say_next(c))
		continue;
	return c->txn.waiting > 0 ? smtpc_hear(c) : envelope_done(c);
}

/* --- hearing -------------------------------------------------------------------------------- */

enum smtpc_stage
txn_stage(const struct smtpc_inner *c)
{
	const struct smtpc_txn *t = &c->txn;

	if (!t->has_heard_mail)
		return SMTPC_AT_MAIL;
	return t->data == SMTPC_DATA_SAID && t->waiting == 1 ? SMTPC_AT_DATA : SMTPC_AT_RCPT;
}

static void
take_mail(struct smtpc_inner *c, struct sorted sorted)
{
	c->txn.has_heard_mail = true;
	if (sorted.fail == FAIL_NONE)
		return;
	c->txn.is_mail_refused = true;
	txn_settle_all(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_MAIL, sorted.status));
}

static void
take_rcpt(struct smtpc_inner *c, struct sorted sorted)
{
	struct smtpc_txn *t = &c->txn;
	struct smtpc_answer answer;
	size_t i;

	if (t->is_mail_refused) /* what is said of recipients then is not about them */
		return;
	i = next_asked(t, t->rcpt_heard);
	answer = smtpc_answer_heard(c, SMTPC_AT_RCPT, sorted.status);
	t->rcpt_heard = i + 1;
	if (sorted.fail != FAIL_NONE) {
		txn_settle(c, i, sorted.fail, answer);
		return;
	}
	t->rcpts[i] = SMTPC_RCPT_TAKEN;
	t->message->rcpts[i].answer = answer;
	t->taken++;
}

static void
take_data(struct smtpc_inner *c, struct sorted sorted)
{
	if (sorted.fail == FAIL_NONE) {
		c->txn.data = SMTPC_DATA_GO;
		return;
	}
	c->txn.data = SMTPC_DATA_REFUSED;
	txn_settle_taken(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_DATA, sorted.status));
}

enum smtpc_state
txn_envelope_reply(struct smtpc_inner *c)
{
	enum smtpc_stage stage = txn_stage(c);
	struct sorted sorted = smtpc_sorted(c, stage);

	/* 354 to DATA, 2xx to the others: anything else that sounds well is a misunderstanding. */
	if (sorted.fail == FAIL_NONE && reply_is(&c->reply, 3) != (stage == SMTPC_AT_DATA))
		return smtpc_garbage(c);
	if (stage == SMTPC_AT_MAIL)
		take_mail(c, sorted);
	else if (stage == SMTPC_AT_RCPT)
		take_rcpt(c, sorted);
	else
		take_data(c, sorted);
	c->txn.waiting--;
	return SMTPC_ENVELOPE;
}
