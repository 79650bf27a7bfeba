/*
 * APPEND (RFC 9051 6.3.12, RFC 3516 4.2, RFC 4315 3): the message goes from the connection straight
 * into its file. It is taken as it is, whatever its form; only NUL needs a literal8.
 */
#include "imap/command.h"

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"
#include "imap/flag.h"
#include "mail/email.h"
#include "message/date.h"

#define APPEND_RATE_BYTES (64 * 1024)     /* so many bytes .. */
#define APPEND_RATE_MS    (5 * 60 * 1000) /* .. must come in this time: slow drips lose */

struct imap_append {
	struct blob_writer writer;
	struct account *account; /* own: counted */
	uint32_t mailbox;
	uint64_t flags;
	int64_t received_s;
	uint64_t left;   /* bytes of the literal still to come */
	uint64_t paid;   /* bytes since the deadline was moved */
	bool is_binary;  /* literal8 */
	bool is_dropped; /* answered already, or broken: the bytes go nowhere */
	bool has_nul;    /* in a literal that is none */
	enum fail fail;  /* of writing */
};

void
imap_append_release(struct imap_session *s)
{
	if (!s->append)
		return;
	blob_write_cancel(&s->append->writer);
	account_close(&s->append->account);
	mem_free(s->append);
	s->append = NULL;
}

/* date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE */
static bool
date_time(struct imap_cursor *args, int64_t *unix_s_out)
{
	struct date date;
	struct str text;

	if (!imap_string(args, &text) || date_parse_imap(text, &date) != FAIL_NONE)
		return false;
	*unix_s_out = date.unix_s;
	return true;
}

/* [SP flag-list] [SP date-time] SP, up to the literal */
static bool
options(struct imap_cursor *args, struct imap_append *a, struct imap_flags *flags)
{
	a->received_s = clock_wall_s();
	if (!imap_sp(args))
		return false;
	if (imap_next_is(args, '(') && (!imap_flag_list(args, flags) || !imap_sp(args)))
		return false;
	return !imap_next_is(args, '"') || (date_time(args, &a->received_s) && imap_sp(args));
}

/* Everything that can be known before the message comes. A state after refusing, else IMAP_APPEND. */
static enum imap_state
prepare(struct imap_session *s, struct imap_cursor *args, struct imap_append *a, uint64_t bytes)
{
	struct imap_flags flags = { 0 };
	enum imap_state refused;
	struct mailbox *m;
	enum fail fail;
	struct imap_cursor at = *args;
	struct str name;

	if (!imap_astring(&at, &name) || !options(&at, a, &flags))
		return imap_wrong(s, &at);
	m = imap_mailbox(s, args, true, &refused);
	if (!m)
		return refused;
	a->account = account_ref(m->account);
	a->mailbox = m->id;
	if (bytes == 0)
		return imap_no(s, "CANNOT", "An empty message cannot be stored");
	if (bytes > (uint64_t)s->service->settings->message_bytes)
		return imap_no(s, "TOOBIG", "The message is too large");
	if (account_room(m->account, bytes) != FAIL_NONE)
		return imap_no(s, "OVERQUOTA", "There is no room for it");
	fail = keyword_bits(m->account, flags.keywords, flags.keyword_count, true, &a->flags, NULL);
	if (fail == FAIL_NONE) {
		a->flags |= flags.bits;
		fail = blob_write_start(mail_blobs(s->service->mail), &a->writer, m->account->name);
	}
	return fail == FAIL_NONE ? IMAP_APPEND : imap_fail(s, fail);
}

/* Is the literal at the end of the text the message, and not the mailbox name? */
static bool
is_message(struct str text, const struct imap_literal *literal, struct arena *arena)
{
	struct imap_cursor at = { .at = str_head(text, text.n - literal->mark), .arena = arena };
	struct str word;

	/* whatever is wrong with options and date, the mailbox name stands before the message */
	return imap_tag(&at, &word) && imap_sp(&at) && imap_keyword(&at, STR("APPEND")) &&
	    imap_sp(&at) && imap_astring(&at, &word) && imap_sp(&at);
}

bool
imap_append_literal(struct imap_session *s, const struct imap_literal *literal,
    enum imap_state *state_out)
{
	struct str text = buf_str(&s->reader.text);
	struct imap_cursor args = { .at = str_head(text, text.n - literal->mark),
		.arena = &s->run.arena };
	struct imap_append *a;
	enum imap_state next;

	if (!(s->have & HAVE_AUTH) || !is_message(text, literal, &s->run.arena))
		return false;
	if (!imap_command_begin(s, &args) || imap_command_refuse(s) != IMAP_READ || !imap_sp(&args))
		return false;
	a = mem_new(1, sizeof(*a));
	next = prepare(s, &args, a, literal->bytes);
	s->append = a;
	conn_deadline(s->conn, APPEND_RATE_MS);
	a->left = literal->bytes;
	a->is_binary = literal->is_binary;
	a->is_dropped = next != IMAP_APPEND;
	*state_out = IMAP_APPEND;
	if (a->is_dropped && literal->is_sync) {
		imap_append_release(s); /* the client does not send it */
		*state_out = IMAP_REPLY;
	} else if (literal->bytes > (uint64_t)s->service->settings->message_bytes) {
		*state_out = imap_bye(s, "[TOOBIG] The message is too large");
	} else if (literal->is_sync) {
		buf_add(conn_out(s->conn), STR("+ OK\r\n"));
	}
	return true;
}

/* The next piece of the message; false when there is none now. */
static bool
take_piece(struct imap_session *s, struct imap_append *a)
{
	size_t most = a->left < CONN_READ_BYTES ? (size_t)a->left : CONN_READ_BYTES;
	struct str piece = conn_take(s->conn, most);

	if (piece.n == 0)
		return false;
	a->left -= piece.n;
	a->paid += piece.n;
	if (a->paid >= APPEND_RATE_BYTES) {
		a->paid = 0;
		conn_deadline(s->conn, APPEND_RATE_MS);
	}
	if (a->is_dropped)
		return true;
	if (!a->is_binary && str_find_char(piece, '\0') != STR_NONE)
		a->has_nul = true;
	else
		a->fail = blob_write(&a->writer, piece);
	a->is_dropped = a->has_nul || a->fail != FAIL_NONE;
	return true;
}

/* File and email belong to one turn. */
static enum fail
store(struct imap_session *s, struct imap_append *a, struct email_added *added)
{
	struct blob_store *blobs = mail_blobs(s->service->mail);
	struct blob_name name;
	struct blob_map map = { 0 };
	enum fail fail = blob_write_finish(&a->writer, &name);

	if (fail == FAIL_NONE)
		fail = blob_map(blobs, a->account->name, blob_name_str(&name), &map);
	if (fail == FAIL_NONE) {
		struct email_new new = { .blob = blob_name_str(&name),
			.bytes = map.bytes,
			.received_s = a->received_s,
			.flags = a->flags,
			.mailboxes = &a->mailbox,
			.mailbox_count = 1 };

		fail = email_add(a->account, &new, added);
	}
	blob_unmap(&map);
	return fail;
}

static enum imap_state
finish(struct imap_session *s, struct imap_append *a)
{
	struct email_added added;
	struct mailbox *m;
	struct buf *out;
	enum fail fail;

	if (a->has_nul)
		return imap_no(s, "UNKNOWN-CTE", "NUL needs a literal8");
	if (a->fail != FAIL_NONE)
		return imap_fail(s, a->fail);
	fail = store(s, a, &added);
	if (fail == FAIL_LIMIT)
		return imap_no(s, "OVERQUOTA", "There is no room for it");
	m = mailbox_get(a->account, a->mailbox);
	if (fail == FAIL_MISSING || (fail == FAIL_NONE && !m))
		return imap_no(s, "TRYCREATE", "The mailbox was deleted");
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	s->errors = 0;
	out = imap_reply(s, "OK");
	buf_add_c(out, "[APPENDUID ");
	buf_add_u64(out, m->uid_validity);
	buf_add_char(out, ' ');
	buf_add_u64(out, added.uid[0]);
	buf_add_c(out, "] Message appended\r\n");
	return IMAP_REPLY;
}

enum imap_state
imap_append_step(struct imap_session *s, bool *stop_out)
{
	struct imap_append *a = s->append;
	enum imap_state next = IMAP_REPLY;
	struct str line;

	if (a->left > 0) {
		*stop_out = !take_piece(s, a);
		if (*stop_out)
			conn_hurry(s->conn);
		return IMAP_APPEND;
	}
	switch (conn_line(s->conn, IMAP_LINE_MAX, &line)) {
	case LINE_NONE:
		conn_hurry(s->conn); /* some write the CRLF by itself */
		*stop_out = true;
		return IMAP_APPEND;
	case LINE_READY:
		if (s->run.reply.n > 0)
			break; /* it was refused before */
		next = line.n == 0 ? finish(s, a)
				   : imap_bad(s, "One message at a time, and nothing behind it");
		break;
	case LINE_TOO_LONG:
	case LINE_BARE: next = imap_bad(s, "Nothing may stand behind the message"); break;
	}
	imap_append_release(s);
	return next;
}

/* Reached only when there was no message behind the arguments. */
enum imap_state
imap_cmd_append(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	return imap_bad(s, "The message must be a literal");
}
