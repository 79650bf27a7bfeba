/*
 * The content on its way, by DATA (RFC 5321 4.1.1.4) or in chunks (RFC 3030), and what is said of it.
 *
 * What is not written yet costs no memory: a piece is pulled when the output is low. Replies are heard all
 * the time, since a host that has had enough says so in the middle.
 */

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "smtpc/smtpc_private.h"

#define PIECE_BYTES (16 * 1024) /* of content that are framed at a time */

/* --- saying --------------------------------------------------------------------------------- */

/*
 * A dot at the start of a line is doubled (RFC 5321 4.5.2). Strict: behind a bare CR or LF too, which do
 * not get here, but if they did, no host that takes them for line ends would see the end of the data.
 */
static void
add_stuffed(struct buf *out, struct str piece, char *last)
{
	size_t from = 0, at;

	while ((at = str_find_char(str_from(piece, from), '.')) != STR_NONE) {
		char before = from + at > 0 ? piece.p[from + at - 1] : *last;

		at += from;
		buf_add(out, str_slice(piece, from, at - from));
		if (before == '\n' || before == '\r')
			buf_add_char(out, '.');
		buf_add_char(out, '.');
		from = at + 1;
	}
	buf_add(out, str_from(piece, from));
	if (piece.n > 0)
		*last = piece.p[piece.n - 1];
}

/* LMTP answers for each recipient that was taken (RFC 2033 4.2). */
static void
all_said(struct smtpc_inner *c)
{
	c->txn.is_all_said = true;
	c->txn.ends = c->is_lmtp ? c->txn.taken : 1;
}

static void
say_piece(struct smtpc_inner *c)
{
	struct smtpc_txn *t = &c->txn;
	struct buf *out = conn_out(c->conn);

	add_stuffed(out, content_next(&t->content, PIECE_BYTES), &t->last);
	if (!content_is_done(&t->content))
		return;
	buf_add(out, STR(".\r\n"));
	all_said(c);
}

/* bdat-cmd = "BDAT" SP chunk-size [ SP "LAST" ] CRLF, and the chunk (RFC 3030 2) */
static void
say_chunk(struct smtpc_inner *c)
{
	struct smtpc_txn *t = &c->txn;
	struct buf *out = conn_out(c->conn);
	struct buf chunk;

	buf_init(&chunk, SMTPC_CHUNK_BYTES);
	while (chunk.n + 2 <= SMTPC_CHUNK_BYTES && !content_is_done(&t->content))
		buf_add(&chunk, content_next(&t->content, SMTPC_CHUNK_BYTES - chunk.n));
	buf_add(out, STR("BDAT "));
	buf_add_u64(out, chunk.n);
	if (content_is_done(&t->content)) {
		buf_add(out, STR(" LAST"));
		all_said(c);
	} else {
		t->chunks++;
	}
	buf_add(out, STR("\r\n"));
	buf_add(out, buf_str(&chunk));
	buf_release(&chunk);
}

static bool
may_say(struct smtpc_inner *c)
{
	const struct smtpc_txn *t = &c->txn;

	if (t->is_all_said || t->is_abandoned || conn_is_high(c->conn))
		return false;
	return t->chunks == 0 || (c->s->has & SMTPC_HAS_PIPELINING);
}

enum smtpc_state
send_content(struct smtpc_inner *c)
{
	enum smtpc_state next = smtpc_hear(c);
	bool has_said = false;

	if (next != SMTPC_STAY)
		return next;
	while (may_say(c)) {
		if (c->txn.is_bdat)
			say_chunk(c);
		else
			say_piece(c);
		has_said = true;
	}
	if (has_said) /* there was room for it: the host is taking the content */
		conn_deadline(c->conn, c->settings->content_ms);
	return c->txn.is_all_said && conn_drained(c->conn) ? SMTPC_END : SMTPC_STAY;
}

/*
 * All recipients were refused and the host wants the content anyway: the empty message (RFC 2920 3.1),
 * whose fate is nobody's. LMTP has no reply to count on for nobody.
 */
enum smtpc_state
send_nothing(struct smtpc_inner *c)
{
	buf_add(conn_out(c->conn), STR(".\r\n"));
	all_said(c);
	c->txn.is_abandoned = true;
	if (!c->is_lmtp)
		return SMTPC_END;
	return smtpc_end(c, FAIL_NONE, (struct smtpc_answer){ 0 }, true);
}

/* --- hearing -------------------------------------------------------------------------------- */

/* Everybody has a last word: wait for the replies that are due, then start afresh. */
static enum smtpc_state
abandoned(struct smtpc_inner *c)
{
	const struct smtpc_txn *t = &c->txn;

	if (c->is_lmtp && t->ends > 0) /* one reply or many after a failed chunk: no RFC says */
		return smtpc_end(c, FAIL_NONE, (struct smtpc_answer){ 0 }, true);
	if (t->chunks > 0 || t->ends > 0)
		return c->state;
	return t->is_bdat ? SMTPC_RSET : txn_done(c);
}

static enum smtpc_state
chunk_reply(struct smtpc_inner *c, struct sorted sorted)
{
	struct smtpc_txn *t = &c->txn;

	t->chunks--;
	if (sorted.fail != FAIL_NONE && !t->is_abandoned) {
		txn_settle_taken(c, sorted.fail,
		    smtpc_answer_heard(c, SMTPC_AT_DATA, sorted.status));
		t->is_abandoned = true;
	}
	return t->is_abandoned ? abandoned(c) : c->state;
}

/* The recipient that the next reply of LMTP is about. */
static size_t
next_taken(const struct smtpc_txn *t)
{
	size_t i = t->end_heard;

	while (t->rcpts[i] != SMTPC_RCPT_TAKEN)
		i++;
	return i;
}

static enum smtpc_state
end_reply(struct smtpc_inner *c, struct sorted sorted)
{
	struct smtpc_txn *t = &c->txn;
	struct smtpc_answer answer;

	t->ends--;
	if (t->is_abandoned)
		return abandoned(c);
	answer = smtpc_answer_heard(c, SMTPC_AT_CONTENT, sorted.status);
	if (c->is_lmtp)
		txn_settle(c, t->end_heard = next_taken(t), sorted.fail, answer);
	else
		txn_settle_taken(c, sorted.fail, answer);
	return t->ends > 0 ? c->state : txn_done(c);
}

/* Refused in the middle: there is no way to stop but to go. */
static enum smtpc_state
early_reply(struct smtpc_inner *c, struct sorted sorted)
{
	if (sorted.fail == FAIL_NONE)
		return smtpc_garbage(c);
	txn_settle_taken(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_CONTENT, sorted.status));
	c->txn.is_abandoned = true;
	return smtpc_end(c, FAIL_NONE, (struct smtpc_answer){ 0 }, false);
}

enum smtpc_state
send_reply(struct smtpc_inner *c)
{
	struct smtpc_txn *t = &c->txn;
	struct sorted sorted = smtpc_sorted(c, t->chunks > 0 ? SMTPC_AT_DATA : SMTPC_AT_CONTENT);

	if (reply_is(&c->reply, 3))
		return smtpc_garbage(c);
	if (t->chunks > 0)
		return chunk_reply(c, sorted);
	return t->ends > 0 ? end_reply(c, sorted) : early_reply(c, sorted);
}
