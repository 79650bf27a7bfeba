#include "smtp/session.h"

/* "BDAT" SP chunk-size [ SP "LAST" ] (RFC 3030 2) */
enum smtp_state
cmd_bdat(struct smtp_session *s, struct str argument)
{
	struct smtp_txn *t = s->txn;

	/* Without its size the chunk would be taken for commands: there is no way back in step. */
	if (!str_u64(&argument, UINT32_MAX, &t->chunk_left)) {
		smtp_reply_write(conn_out(s->conn), REPLY_SYNTAX);
		return SMTP_CLOSING;
	}
	argument = str_trim(argument);
	t->is_last_chunk = str_eq_nocase(argument, STR("LAST"));
	if (!t->is_last_chunk && !str_empty(argument)) {
		smtp_reply_write(conn_out(s->conn), REPLY_SYNTAX);
		return SMTP_CLOSING;
	}
	if (!(s->have & HAVE_RCPT) && !t->is_refused) {
		t->is_refused = true; /* the chunk is on its way already and must be read over */
		t->refusal = REPLY_NEED_RCPT;
	}
	if (!t->is_refused && !t->intake.is_started && smtp_start_content(s) != FAIL_NONE) {
		t->is_refused = true;
		t->refusal = REPLY_DISK;
	}
	s->have |= HAVE_CHUNK;
	return SMTP_READ_CHUNK;
}

static enum smtp_state
end_chunk(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	if (t->is_chunk_failed)
		return smtp_say(s, REPLY_BDAT_BROKEN);
	if (t->is_refused || t->intake.fail != FAIL_NONE) {
		t->is_chunk_failed = true;
		if (!t->is_refused)
			t->refusal = t->intake.fail == FAIL_LIMIT ? REPLY_TOO_BIG : REPLY_DISK;
		return smtp_say(s, t->refusal);
	}
	return t->is_last_chunk ? smtp_finish_message(s) : smtp_say(s, REPLY_CHUNK_OK);
}

enum smtp_state
smtp_read_chunk(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct str piece;

	if (t->chunk_left == 0)
		return end_chunk(s);
	piece = conn_take(s->conn, (size_t)t->chunk_left);
	if (str_empty(piece))
		return SMTP_STAY;
	if (!t->is_refused && !t->is_chunk_failed)
		intake_feed(&t->intake, piece);
	t->chunk_left -= piece.n;
	return SMTP_READ_CHUNK;
}
