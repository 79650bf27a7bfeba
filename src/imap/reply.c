#include "imap/command.h"

/* system */
#include <assert.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "imap/message_limit.h"

/* How the outcomes of other rooms are told (RFC 5530). */
static const struct {
	const char *status, *code, *text;
} failures[] = {
	[FAIL_NONE] = { "OK", NULL, "Done" },
	[FAIL_SYNTAX] = { "NO", "CANNOT", "That name is not allowed" },
	[FAIL_LIMIT] = { "NO", "LIMIT", "A limit was reached" },
	[FAIL_DENIED] = { "NO", "NOPERM", "Not allowed" },
	[FAIL_MISSING] = { "NO", "NONEXISTENT", "There is no such thing" },
	[FAIL_TEMP] = { "NO", "UNAVAILABLE", "Not possible at the moment, try again later" },
	[FAIL_PERM] = { "NO", "CANNOT", "That cannot be done" },
};

static_assert(ARRAY_LEN(failures) == FAIL_COUNT, "every outcome has its words");

/* RFC 9738 3.1: "[MESSAGELIMIT 1000 4711] " of a command that did a part */
static void
limited_write(const struct imap_session *s, struct buf *out)
{
	buf_add_c(out, "[MESSAGELIMIT ");
	buf_add_u64(out, imap_message_limit(s));
	buf_add_char(out, ' ');
	buf_add_u64(out, s->run.limited_uid);
	buf_add_c(out, "] ");
}

static struct buf *
begin(struct imap_session *s, const char *status)
{
	struct buf *out = &s->run.reply;

	buf_clear(out);
	buf_add(out, s->run.tag.n > 0 ? s->run.tag : STR("*"));
	buf_add_char(out, ' ');
	buf_add_c(out, status);
	buf_add_char(out, ' ');
	return out;
}

struct buf *
imap_reply(struct imap_session *s, const char *status)
{
	/* the tagged OK has another code: then MESSAGELIMIT comes before it (RFC 9738 3.1) */
	if (s->run.limited_uid != 0 && str_eq(str_c(status), STR("OK"))) {
		buf_add_c(&s->run.before, "* NO ");
		limited_write(s, &s->run.before);
		buf_add_c(&s->run.before, "There are more messages\r\n");
	}
	return begin(s, status);
}

static enum imap_state
reply(struct imap_session *s, const char *status, const char *code, const char *text)
{
	bool is_limited = !code && s->run.limited_uid != 0 && str_eq(str_c(status), STR("OK"));
	struct buf *out = is_limited ? begin(s, status) : imap_reply(s, status);

	if (is_limited)
		limited_write(s, out);
	if (code) {
		buf_add_char(out, '[');
		buf_add_c(out, code);
		buf_add_c(out, "] ");
	}
	buf_add_c(out, text);
	buf_add_c(out, "\r\n");
	return IMAP_REPLY;
}

enum imap_state
imap_ok(struct imap_session *s, const char *code, const char *text)
{
	s->errors = 0;
	return reply(s, "OK", code, text);
}

enum imap_state
imap_no(struct imap_session *s, const char *code, const char *text)
{
	return reply(s, "NO", code, text);
}

enum imap_state
imap_bad(struct imap_session *s, const char *text)
{
	s->errors++;
	log_debug(&s->log, "imap.bad", LOG_TEXT("text", str_c(text)));
	return reply(s, "BAD", NULL, text);
}

enum imap_state
imap_uid_required(struct imap_session *s)
{
	s->errors++;
	return reply(s, "BAD", "UIDREQUIRED", "You enabled UIDONLY: only UIDs name messages");
}

enum imap_state
imap_fail(struct imap_session *s, enum fail fail)
{
	return reply(s, failures[fail].status, failures[fail].code, failures[fail].text);
}

enum imap_state
imap_unread(struct imap_session *s, enum fail fail)
{
	return imap_no(s, fail == FAIL_TEMP ? "UNAVAILABLE" : "CORRUPTION",
	    "Some messages could not be read");
}

enum imap_state
imap_wrong(struct imap_session *s, const struct imap_cursor *c)
{
	if (imap_cursor_fail(c) == FAIL_LIMIT)
		return imap_no(s, "LIMIT", "The command is too long");
	return imap_bad(s, "Wrong arguments");
}

bool
imap_drain(struct imap_session *s, struct buf *from)
{
	while (from->n > 0 && !conn_is_high(s->conn)) {
		struct str piece = str_head(buf_str(from), IMAP_PIECE_BYTES);

		buf_add(conn_out(s->conn), piece);
		buf_consume(from, piece.n);
	}
	return from->n == 0;
}

enum imap_state
imap_reply_step(struct imap_session *s)
{
	const struct imap_command *row = s->run.row;
	bool with_expunges =
	    row && !s->run.keeps_numbers && (s->run.is_uid || !(row->flags & USES_NUMBERS));

	if (!buf_ok(&s->run.before) || !buf_ok(&s->run.reply))
		return imap_bye(s, "[LIMIT] The answer is too large");
	if (!imap_drain(s, &s->run.before))
		return IMAP_REPLY;
	if (!s->run.is_updated && imap_is_selected(s)) {
		if (!imap_update(s, with_expunges))
			return IMAP_REPLY;
		imap_modseq_settle(s);
	}
	s->run.is_updated = true; /* nothing may come between the parts of a long reply */
	if (!imap_drain(s, &s->run.reply))
		return IMAP_REPLY;
	s->log.doing = NULL;
	if (s->run.is_leaving) {
		(void)imap_command_end(s);
		return IMAP_CLOSING;
	}
	if ((int64_t)s->errors >= s->service->settings->errors) {
		log_info(&s->log, "imap.errors", LOG_NUM("errors", s->errors));
		return imap_bye(s, "[CLIENTBUG] Too many wrong commands");
	}
	return imap_command_end(s);
}
