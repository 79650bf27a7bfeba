/* DATA (RFC 5321 4.1.1.4). */
#include "smtp/session.h"

enum smtp_state
cmd_data(struct smtp_session *s, struct str argument)
{
	(void)argument;
	if (s->have & HAVE_CHUNK)
		return smtp_say(s, REPLY_BDAT_MIXED);
	if (s->txn->envelope.body == BODY_BINARYMIME) /* RFC 3030 3 */
		return smtp_say(s, REPLY_BINARY_DATA);
	if (smtp_start_content(s) != FAIL_NONE)
		return smtp_say(s, REPLY_DISK);
	smtp_reply_write(conn_out(s->conn), REPLY_START_DATA);
	return SMTP_READ_DATA;
}

/* The text comes in pieces; only CRLF.CRLF ends it (RFC 5321 4.1.1.4, 4.5.2). */
enum smtp_state
smtp_read_data(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct str piece;

	smtp_origin_go_on(s);
	switch (conn_dots(s->conn, &t->dots, &piece)) {
	case DOTS_NONE: conn_hurry(s->conn); return SMTP_STAY;
	case DOTS_BARE: break; /* intake sees it too, and judges */
	case DOTS_TEXT:
		s->data_since += piece.n;
		intake_feed(&t->intake, piece);
		break;
	case DOTS_END: return smtp_finish_message(s);
	}
	return SMTP_READ_DATA;
}
