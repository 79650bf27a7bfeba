#include "imap/command.h"

/* base */
#include "base/limits.h"

/* Lines and pieces of literals in one go; of what is refused any number may come: others come first. */
#define IMAP_READ_PIECES_MAX 16

/* Bytes of a command with its small literals. */
static size_t
text_max(const struct imap_session *s)
{
	return s->have & HAVE_AUTH ? IMAP_TEXT_MAX : IMAP_TEXT_LOGIN_MAX;
}

/*
 * A line that cannot be part of a command. The tag is answered: of the command's first line, or, when this is it, of
 * its beginning in `head`.
 */
static enum imap_state
refuse_line(struct imap_session *s, struct str head, const char *text)
{
	struct imap_cursor c = { .arena = &s->run.arena };

	if (s->run.reply.n > 0) /* refused before */
		return IMAP_REPLY;
	if (s->reader.text.n == 0)
		buf_add(&s->reader.text, str_head(head, CONN_LINE_HEAD));
	c.at = buf_str(&s->reader.text);
	(void)imap_command_begin(s, &c);
	return imap_bad(s, text);
}

/* RFC 7888 4: what is announced without waiting is taken and dropped up to here; before login little is. */
static uint64_t
literal_max(const struct imap_session *s)
{
	return s->have & HAVE_AUTH ? (uint64_t)s->service->settings->message_bytes
				   : IMAP_LITERAL_MAX;
}

/* The command cannot be carried out, but the client may be sending the literal already. */
static enum imap_state
refuse_literal(struct imap_session *s, const struct imap_literal *literal)
{
	struct imap_cursor c = { .at = buf_str(&s->reader.text), .arena = &s->run.arena };

	if (!s->reader.is_refused && s->run.reply.n == 0) {
		(void)imap_command_begin(s, &c);
		(void)imap_no(s, "TOOBIG", "Literal too large");
	}
	if (literal->is_sync)
		return IMAP_REPLY;
	if (literal->bytes > literal_max(s))
		return imap_bye(s, "[TOOBIG] Literal too large");
	s->reader.is_refused = true;
	s->reader.literal = literal->bytes;
	return IMAP_READ;
}

/* A line that ends in a literal's marker. */
static enum imap_state
begin_literal(struct imap_session *s, const struct imap_literal *literal)
{
	enum imap_state next;

	if (s->reader.is_refused)
		return refuse_literal(s, literal);
	if (imap_append_literal(s, literal, &next))
		return next;
	if (literal->bytes > IMAP_LITERAL_MAX ||
	    literal->bytes + s->reader.text.n + 2 > text_max(s))
		return refuse_literal(s, literal);
	buf_add(&s->reader.text, STR("\r\n"));
	s->reader.literal = literal->bytes;
	if (literal->is_sync)
		buf_add(conn_out(s->conn), STR("+ OK\r\n"));
	return IMAP_READ;
}

/* Bytes of the current literal; false when there are none now. */
static bool
take_literal(struct imap_session *s)
{
	size_t most =
	    s->reader.literal < CONN_READ_BYTES ? (size_t)s->reader.literal : CONN_READ_BYTES;
	struct str piece = conn_take(s->conn, most);

	if (piece.n == 0)
		return false;
	if (!s->reader.is_refused)
		buf_add(&s->reader.text, piece);
	s->reader.literal -= piece.n;
	return true;
}

enum imap_read
imap_read(struct imap_session *s, enum imap_state *state_out)
{
	struct imap_literal literal;
	unsigned pieces = 0;
	struct str line;

	for (;;) {
		if (pieces++ == IMAP_READ_PIECES_MAX) {
			task_wake(&s->task);
			return READ_WAIT;
		}
		if (s->reader.literal > 0) {
			if (!take_literal(s))
				return READ_WAIT;
			continue;
		}
		switch (conn_line(s->conn, IMAP_LINE_MAX, &line)) {
		case LINE_NONE: return READ_WAIT;
		case LINE_READY: break;
		case LINE_TOO_LONG:
			*state_out = refuse_line(s, line, "Line too long");
			return READ_ENTERED;
		case LINE_BARE:
			*state_out = refuse_line(s, STR(""), "Lines must end in CRLF");
			return READ_ENTERED;
		}
		if (!s->reader.is_refused && line.n + s->reader.text.n > text_max(s)) {
			*state_out = refuse_line(s, line, "Command too long");
			return READ_ENTERED;
		}
		if (!s->reader.is_refused)
			buf_add(&s->reader.text, line);
		if (!imap_literal_suffix(line, &literal))
			break;
		*state_out = begin_literal(s, &literal);
		if (*state_out != IMAP_READ)
			return READ_ENTERED;
	}
	if (!s->reader.is_refused)
		return READ_COMMAND;
	*state_out = IMAP_REPLY;
	return READ_ENTERED;
}
