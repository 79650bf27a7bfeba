/*
 * APPEND and REPLACE (RFC 9051 6.3.12, RFC 3502, RFC 4469, RFC 8508): from the command to the answer. Messages
 * are taken as they are, whatever their form; only NUL needs a literal8.
 */
#include "imap/append.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "imap/command.h"
#include "imap/rights.h"

void
imap_append_release(struct imap_session *s)
{
	struct imap_append *a = s->append;

	if (!a)
		return;
	for (size_t i = 0; i < a->count; i++) {
		imap_wait_end(s, &a->messages[i].wait);
		blob_write_cancel(&a->messages[i].writer);
	}
	if (a->has_content)
		imap_content_release(&a->content);
	mem_free(a->messages);
	buf_release(&a->line);
	buf_release(&a->url);
	account_close(&a->account);
	mem_free(a);
	s->append = NULL;
}

/* --- beginning ---------------------------------------------------------------------------------- */

/* seq-number or uniqueid of REPLACE (RFC 8508 5), which must exist. IMAP_APPEND, or a state after refusing. */
static enum imap_state
replaced(struct imap_session *s, struct imap_cursor *args, uint32_t *uid_out)
{
	const struct view_entry *entry = NULL;
	uint32_t count = view_session_count(&s->view);
	uint64_t n = s->run.is_uid ? view_session_last_uid(&s->view) : count;

	if ((!imap_char(args, '*') && !imap_number(args, 1, UINT32_MAX, &n)) || !imap_sp(args))
		return imap_wrong(s, args);
	if (s->run.is_uid)
		entry = view_find(s->view.view, (uint32_t)n);
	else if (n < 1 || n > count)
		return imap_bad(s, "There is no message of that number");
	else
		(void)view_session_uid(&s->view, (uint32_t)n, &entry);
	if (!entry)
		return imap_no(s, "NONEXISTENT", "The message does not exist");
	*uid_out = entry->uid;
	return IMAP_APPEND;
}

/* What stands before the first message. */
static enum imap_state
prepare(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_append *a = s->append;
	bool is_append = s->run.row->run == imap_cmd_append;
	enum imap_state next = is_append ? IMAP_APPEND : replaced(s, args, &a->replaced_uid);
	const struct mailbox *m;
	enum fail fail;

	if (next != IMAP_APPEND)
		return next;
	m = imap_mailbox_for(s, args, (struct imap_need){ .all = ACL_INSERT, .is_target = true },
	    &next);
	if (!m)
		return next;
	if (a->replaced_uid != 0 && m->account != imap_box(s))
		return imap_no(s, "CANNOT", "A message cannot be replaced by one of another owner");
	a->account = account_ref(m->account);
	a->mailbox = m->id;
	fail = imap_rights(s, m, &a->rights);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	a->at = args->at;
	a->parser = (struct append_parser){ .takes_catenate = imap_offers(s, CAP_CATENATE),
		.takes_utf8 = (s->have & HAVE_UTF8) != 0,
		.takes_many = is_append && imap_offers(s, CAP_MULTIAPPEND) };
	return IMAP_APPEND;
}

/* It was answered. What the client sends without waiting goes nowhere; IMAP_APPEND while there is such. */
static enum imap_state
refuse(struct imap_session *s, enum imap_state next)
{
	struct imap_append *a = s->append;

	if (next != IMAP_REPLY)
		return next; /* BYE */
	a->is_refused = true;
	if (a->has_line && (a->literal.mark == 0 || a->literal.is_sync)) {
		imap_append_release(s);
		return IMAP_REPLY;
	}
	if (a->has_line && a->literal.bytes > (uint64_t)s->service->settings->message_bytes)
		return imap_bye(s, "[TOOBIG] The message is too large");
	if (a->has_line)
		a->left = a->literal.bytes;
	a->has_line = false;
	a->doing = APPEND_BYTES; /* also when none are left: then the line behind */
	return IMAP_APPEND;
}

static enum imap_state
start(struct imap_session *s, struct imap_cursor *args, const struct imap_literal *literal)
{
	enum imap_state next = imap_command_refuse(s);

	s->append = mem_new(1, sizeof(*s->append));
	buf_init(&s->append->line, IMAP_LINE_MAX);
	buf_init(&s->append->url, APPEND_URL_MAX);
	s->append->has_line = true;
	if (literal)
		s->append->literal = *literal;
	conn_deadline(s->conn, APPEND_RATE_MS);
	if (next == IMAP_READ)
		next = prepare(s, args);
	return next == IMAP_APPEND ? next : refuse(s, next);
}

/* Does the literal at the end of the text belong to a message, and not to the mailbox name before it? */
static bool
is_message(struct str text, const struct imap_literal *literal, struct arena *arena)
{
	struct imap_cursor at = { .at = str_head(text, text.n - literal->mark), .arena = arena };
	struct str word;
	uint64_t n;

	/* whatever is wrong with options and date, the mailbox name stands before the message */
	if (!imap_tag(&at, &word) || !imap_sp(&at))
		return false;
	if (imap_keyword(&at, STR("UID")) && !imap_sp(&at))
		return false;
	if (imap_keyword(&at, STR("REPLACE"))) {
		if (!imap_sp(&at) || (!imap_char(&at, '*') && !imap_number(&at, 1, UINT32_MAX, &n)))
			return false;
	} else if (!imap_keyword(&at, STR("APPEND"))) {
		return false;
	}
	return imap_sp(&at) && imap_astring(&at, &word) && imap_sp(&at);
}

bool
imap_append_literal(struct imap_session *s, const struct imap_literal *literal,
    enum imap_state *state_out)
{
	struct str text = buf_str(&s->reader.text);
	struct imap_cursor args = { .at = text, .arena = &s->run.arena };

	if (!(s->have & HAVE_AUTH) || !is_message(text, literal, &s->run.arena))
		return false;
	if (!imap_command_begin(s, &args) || !imap_sp(&args))
		return false;
	*state_out = start(s, &args, literal);
	return true;
}

/* --- going on ----------------------------------------------------------------------------------- */

static enum imap_state
gather(struct imap_session *s)
{
	struct imap_append *a = s->append;

	a->after = APPEND_LINE;
	if (a->literal.bytes > APPEND_URL_MAX)
		return imap_no(s, "LIMIT", "The URL is too long");
	if (a->literal.is_sync)
		buf_add(conn_out(s->conn), STR("+ OK\r\n"));
	buf_clear(&a->url);
	a->left = a->literal.bytes;
	a->has_line = false;
	a->doing = APPEND_GATHER;
	return IMAP_APPEND;
}

/* The next thing of the line. */
static enum imap_state
parse(struct imap_session *s)
{
	struct imap_append *a = s->append;
	struct imap_cursor c = { .at = a->at, .arena = &s->run.arena };
	struct append_item item;
	enum append_what what = append_next(&a->parser, &c, a->literal.mark, &item);

	a->at = c.at;
	switch (what) {
	case APPEND_BEGIN: return imap_append_begin(s, &item);
	case APPEND_TEXT: return imap_append_text(s);
	case APPEND_URL: a->after = APPEND_PARSE; return imap_append_url(s, item.url);
	case APPEND_URL_LITERAL: return gather(s);
	case APPEND_COMPLETE: return imap_append_complete(s);
	case APPEND_OVER: return imap_append_store(s);
	case APPEND_WRONG: return imap_wrong(s, &c);
	}
	return imap_wrong(s, &c);
}

/* The line behind a literal. */
static enum imap_state
take_line(struct imap_session *s, bool *stop_out)
{
	struct imap_append *a = s->append;
	struct str line;

	a->literal = (struct imap_literal){ 0 };
	a->has_line = true;
	switch (conn_line(s->conn, IMAP_LINE_MAX, &line)) {
	case LINE_NONE:
		conn_hurry(s->conn); /* some write the CRLF by itself */
		*stop_out = true;
		a->has_line = false;
		return IMAP_APPEND;
	case LINE_READY: break;
	case LINE_TOO_LONG:
	case LINE_BARE: return a->is_refused ? IMAP_REPLY : imap_bad(s, "Not a line of APPEND");
	}
	buf_clear(&a->line);
	buf_add(&a->line, line);
	a->at = buf_str(&a->line);
	a->paid += line.n;
	if (!imap_literal_suffix(a->at, &a->literal))
		a->literal = (struct imap_literal){ 0 };
	a->doing = APPEND_PARSE;
	return a->is_refused ? IMAP_REPLY : IMAP_APPEND;
}

static enum imap_state
take_bytes(struct imap_session *s, bool *stop_out)
{
	struct imap_append *a = s->append;

	*stop_out = !imap_append_bytes(s);
	if (*stop_out)
		conn_hurry(s->conn);
	if (a->left > 0)
		return IMAP_APPEND;
	if (a->doing == APPEND_GATHER && !a->is_refused) {
		return imap_append_url(s, buf_str(&a->url));
	}
	a->doing = APPEND_LINE;
	return IMAP_APPEND;
}

enum imap_state
imap_append_step(struct imap_session *s, bool *stop_out)
{
	enum imap_state next = IMAP_APPEND;

	switch (s->append->doing) {
	case APPEND_PARSE: next = parse(s); break;
	case APPEND_LINE: next = take_line(s, stop_out); break;
	case APPEND_BYTES:
	case APPEND_GATHER: next = take_bytes(s, stop_out); break;
	case APPEND_FETCH: next = imap_append_fetch(s); break;
	case APPEND_COPY: next = imap_append_copy(s); break;
	case APPEND_PUT: next = imap_append_store(s); break;
	}
	return next == IMAP_APPEND ? next : refuse(s, next);
}

/* --- without a literal: CATENATE of URLs, or nothing of use --------------------------------------- */

enum imap_state
imap_cmd_append(struct imap_session *s, struct imap_cursor *args)
{
	return start(s, args, NULL);
}

enum imap_state
imap_cmd_replace(struct imap_session *s, struct imap_cursor *args)
{
	return start(s, args, NULL);
}
