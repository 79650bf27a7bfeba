/* CHUNKING (RFC 3030): the content in counted pieces. */
#include "smtp/extension.h"

/*
 * Why this chunk is read over and refused, or REPLY_OK. Its bytes are on their way already, whatever
 * we think of it: taken for commands, a message could give us orders (smuggling behind a client that
 * pipelines MAIL, RCPT and BDAT, when MAIL was refused).
 */
static enum smtp_reply
objection(const struct smtp_session *s)
{
	if (!(s->have & HAVE_HELO))
		return REPLY_NEED_HELO;
	if (!(s->have & HAVE_MAIL))
		return REPLY_NEED_MAIL;
	return s->have & HAVE_RCPT ? REPLY_OK : REPLY_NEED_RCPT;
}

static void
refuse(struct smtp_txn *t, enum smtp_reply reply)
{
	if (t->is_refused)
		return;
	t->is_refused = true;
	t->refusal = reply;
}

/* "BDAT" SP chunk-size [ SP "LAST" ] (RFC 3030 2) */
enum smtp_state
cmd_bdat(struct smtp_session *s, struct str argument)
{
	struct smtp_txn *t = s->txn;
	enum smtp_reply reply = objection(s);
	bool is_last;

	/* Without its size the chunk would be taken for commands: there is no way back in step. */
	if (!str_u64(&argument, UINT32_MAX, &s->chunk_left)) {
		smtp_reply_write(conn_out(s->conn), REPLY_SYNTAX);
		return SMTP_CLOSING;
	}
	argument = str_trim(argument);
	is_last = str_eq_nocase(argument, STR("LAST"));
	if (!is_last && !str_empty(argument)) {
		smtp_reply_write(conn_out(s->conn), REPLY_SYNTAX);
		return SMTP_CLOSING;
	}
	if (t == NULL)
		return SMTP_READ_CHUNK;
	t->is_last_chunk = is_last;
	if (reply != REPLY_OK)
		refuse(t, reply);
	else if (!t->is_refused && !t->intake.is_started && smtp_start_content(s) != FAIL_NONE)
		refuse(t, REPLY_DISK);
	s->have |= HAVE_CHUNK;
	return SMTP_READ_CHUNK;
}

static enum smtp_state
end_chunk(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	if (t == NULL)
		return smtp_say(s, objection(s));
	if (t->intake.fail != FAIL_NONE)
		refuse(t, t->intake.fail == FAIL_LIMIT ? REPLY_TOO_BIG : REPLY_DISK);
	/* RFC 2033 4.2: the last chunk is answered for each recipient, also when it is refused */
	if (t->is_last_chunk && (!t->is_refused || (smtp_is_lmtp(s) && t->rcpt_count > 0)))
		return smtp_finish_message(s);
	if (!t->is_refused)
		return smtp_say(s, REPLY_CHUNK_OK);
	if (t->is_chunk_failed)
		return smtp_say(s, REPLY_BDAT_BROKEN);
	t->is_chunk_failed = true;
	return smtp_say(s, t->refusal);
}

enum smtp_state
smtp_read_chunk(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct str piece;

	smtp_origin_go_on(s);
	if (s->chunk_left == 0)
		return end_chunk(s);
	piece = conn_take(s->conn, (size_t)s->chunk_left);
	if (str_empty(piece)) {
		conn_hurry(s->conn);
		return SMTP_STAY;
	}
	if (t && !t->is_refused)
		intake_feed(&t->intake, piece);
	s->chunk_left -= piece.n;
	s->data_since += piece.n;
	return SMTP_READ_CHUNK;
}

const struct smtp_extension smtp_ext_chunking = { .keyword = "CHUNKING" };
