/* The bytes of APPEND's messages: from the connection, or from other messages, straight into their files. */
#include "imap/append.h"

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "imap/message_limit.h"
#include "imap/rights.h"
#include "imap/url.h"
#include "mail/email.h"

static struct append_message *
last(struct imap_append *a)
{
	return &a->messages[a->count - 1];
}

static struct append_message *
message_new(struct imap_append *a)
{
	if (a->count == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 1;
		a->messages = mem_resize(a->messages, a->cap, sizeof(*a->messages));
	}
	a->messages[a->count++] = (struct append_message){ .flags = 0 };
	return last(a);
}

/* Those of one command are one change of the account, whatever other commands may. */
static uint32_t
messages_max(const struct imap_session *s)
{
	uint32_t limit = imap_message_limit(s);

	return limit < EMAIL_BATCH_MAX ? limit : EMAIL_BATCH_MAX;
}

/* RFC 9738 3.1: it is all or nothing */
static enum imap_state
too_many(struct imap_session *s)
{
	if (!imap_offers(s, CAP_MESSAGELIMIT))
		return imap_no(s, "LIMIT", "Too many messages in one command");
	return imap_limit_no(s, messages_max(s), 0, "Too many messages in one command");
}

/* Names that outlive their line. */
static enum fail
flags_keep(struct imap_session *s, const struct imap_flags *flags, struct imap_flags *out)
{
	struct arena *arena = &s->run.arena;

	*out = *flags;
	out->keywords = arena_alloc(arena, flags->keyword_count + 1, sizeof(*out->keywords));
	if (!out->keywords)
		return FAIL_LIMIT;
	for (size_t i = 0; i < flags->keyword_count; i++) {
		out->keywords[i] = arena_str(arena, flags->keywords[i]);
		if (!out->keywords[i].p)
			return FAIL_LIMIT;
	}
	return FAIL_NONE;
}

enum imap_state
imap_append_begin(struct imap_session *s, const struct append_item *item)
{
	struct imap_append *a = s->append;
	struct append_message *m;
	enum fail fail = FAIL_NONE;

	if (a->count == messages_max(s))
		return too_many(s);
	/* the ones before wait for the last one: without buffers and descriptors */
	if (a->count > 0)
		fail = blob_write_park(&last(a)->writer);
	m = message_new(a);
	m->received_s = item->has_date ? item->date_s : clock_wall_s();
	if (fail == FAIL_NONE)
		fail = flags_keep(s, &item->flags, &m->asked);
	if (fail ==
	    FAIL_NONE) /* early, for there may be no room for them; they are looked up again */
		fail = keyword_bits(a->account, m->asked.keywords, m->asked.keyword_count,
		    (a->rights & ACL_WRITE) != 0, &m->flags, NULL);
	if (fail == FAIL_NONE)
		fail = blob_write_start(mail_blobs(s->service->mail), &m->writer, a->account->name);
	return fail == FAIL_NONE ? IMAP_APPEND : imap_fail(s, fail);
}

/* May so many bytes more come? What is parsed and stored in one turn is never more than the largest message. */
static enum imap_state
make_room(struct imap_session *s, uint64_t bytes)
{
	struct imap_append *a = s->append;
	uint64_t max = (uint64_t)s->service->settings->message_bytes;

	if (bytes > max || a->total > max - bytes)
		return imap_no(s, "TOOBIG", "The message is too large");
	a->total += bytes;
	/* RFC 8508 3.4: REPLACE counts the difference, which is known in the end */
	if (a->replaced_uid == 0 && account_room(a->account, a->total) != FAIL_NONE)
		return imap_no(s, "OVERQUOTA", "There is no room for it");
	return IMAP_APPEND;
}

enum imap_state
imap_append_text(struct imap_session *s)
{
	struct imap_append *a = s->append;
	enum imap_state next;

	if (a->literal.is_binary && !imap_offers(s, CAP_BINARY) && !(s->have & HAVE_UTF8))
		return imap_bad(s, "A literal8 needs BINARY");
	/* RFC 3502 6.3.11: an empty message takes the whole command back */
	if (a->literal.bytes == 0 && a->parser.place == APPEND_AT_END)
		return imap_no(s, "CANNOT", "An empty message cannot be stored");
	next = make_room(s, a->literal.bytes);
	if (next != IMAP_APPEND)
		return next;
	if (a->literal.is_sync)
		buf_add(conn_out(s->conn), STR("+ OK\r\n"));
	a->left = a->literal.bytes;
	a->has_line = false;
	a->doing = APPEND_BYTES;
	return IMAP_APPEND;
}

/*
 * Store a piece. Liberal: 8-bit bytes in headers are taken without UTF8 (..), which RFC 6855 4 would refuse: old mail
 * is full of them, and none is to be lost. Afterwards a->is_refused tells whether that went well. */
static void
keep(struct imap_session *s, struct str piece, bool is_binary)
{
	struct imap_append *a = s->append;
	enum fail fail;

	if (!is_binary && str_find_char(piece, '\0') != STR_NONE) {
		(void)imap_no(s, "UNKNOWN-CTE", "NUL needs a literal8");
		a->is_refused = true;
		return;
	}
	fail = blob_write(&last(a)->writer, piece);
	if (fail == FAIL_NONE)
		return;
	(void)imap_fail(s, fail);
	a->is_refused = true;
}

bool
imap_append_bytes(struct imap_session *s)
{
	struct imap_append *a = s->append;
	size_t most = a->left < CONN_READ_BYTES ? (size_t)a->left : CONN_READ_BYTES;
	struct str piece;

	if (a->left == 0)
		return true;
	piece = conn_take(s->conn, most);
	if (piece.n == 0)
		return false;
	a->left -= piece.n;
	a->paid += piece.n;
	if (a->paid >= APPEND_RATE_BYTES) {
		a->paid = 0;
		conn_deadline(s->conn, APPEND_RATE_MS);
	}
	if (a->is_refused)
		return true;
	if (a->doing == APPEND_GATHER)
		buf_add(&a->url, piece);
	else
		keep(s, piece, a->literal.is_binary);
	return true;
}

/* --- CATENATE's URLs (RFC 4469 3) ----------------------------------------------------------------- */

static enum imap_state
bad_url(struct imap_session *s, struct str url)
{
	struct buf *out = imap_reply(s, "NO");

	buf_add_c(out, "[BADURL ");
	imap_url_write(out, url);
	buf_add_c(out, "] There is no such message or part\r\n");
	return IMAP_REPLY;
}

/* A name as the client knows it; its messages must be the user's to read. */
static struct mailbox *
root(struct imap_session *s, struct str name)
{
	enum imap_state refused; /* bad_url() answers */
	struct str path;

	if (imap_url_path(s, name, &path) != FAIL_NONE)
		return NULL;
	return imap_find(s, path, (struct imap_need){ .all = ACL_READ }, &refused);
}

/* The mailbox beside the selected one, or that of this name when none is selected. */
static struct mailbox *
sibling(struct imap_session *s, struct str text)
{
	const struct mailbox *selected =
	    imap_is_selected(s) ? mailbox_get(imap_box(s), s->view.view->mailbox) : NULL;
	struct mailbox *m;
	struct buf name;
	size_t slash;

	buf_init(&name, APPEND_URL_MAX * 2);
	if (selected && imap_delimiter(s) == '/') { /* levels of a URL are those of the name */
		imap_visible_path_of(s, &name, selected);
		slash = str_rfind_char(buf_str(&name), '/');
		buf_truncate(&name, slash == STR_NONE ? 0 : slash + 1);
	}
	buf_add(&name, text);
	m = buf_ok(&name) ? root(s, buf_str(&name)) : NULL;
	buf_release(&name);
	return m;
}

static struct mailbox *
url_mailbox(struct imap_session *s, const struct imap_url *url)
{
	switch (url->base) {
	case URL_ROOT: return root(s, url->mailbox);
	case URL_SIBLING: return sibling(s, url->mailbox);
	case URL_SELECTED: break;
	}
	return imap_is_selected(s) ? mailbox_get(imap_box(s), s->view.view->mailbox) : NULL;
}

/* The Email that the URL names; 0 when there is none. */
static uint64_t
url_email(const struct mailbox *m, const struct imap_url *url)
{
	const struct view_entry *entry;
	struct view *view;
	uint64_t id;

	if (!m || (url->uid_validity != 0 && url->uid_validity != m->uid_validity) ||
	    view_open(m->account, m->id, &view) != FAIL_NONE)
		return 0;
	entry = view_find(view, url->uid);
	id = entry ? entry->email_id : 0;
	view_close(&view);
	return id;
}

enum imap_state
imap_append_url(struct imap_session *s, struct str text)
{
	struct imap_append *a = s->append;
	const struct mailbox *m;
	struct imap_url url;
	uint64_t id;

	if (text.n > APPEND_URL_MAX)
		return imap_no(s, "LIMIT", "The URL is too long");
	if (!imap_url_parse(&s->run.arena, text, &url))
		return bad_url(s, text);
	m = url_mailbox(s, &url);
	id = url_email(m, &url);
	if (id == 0)
		return bad_url(s, text);
	if (!a->has_content)
		imap_content_init(&a->content, s);
	a->has_content = true;
	imap_content_message(&a->content, m->account, id, 0);
	a->item = url.item;
	a->url_text = text;
	return imap_append_fetch(s);
}

/* The message may be far away, and may not be reached: that is no wrong URL. */
enum imap_state
imap_append_fetch(struct imap_session *s)
{
	struct imap_append *a = s->append;
	bool is_there = imap_content_bytes(&a->content, &a->item, &a->copy);

	a->doing = APPEND_FETCH;
	if (imap_is_waiting(s))
		return IMAP_APPEND;
	if (!is_there && a->content.is_away)
		return imap_fail(s, FAIL_TEMP);
	if (!is_there)
		return bad_url(s, a->url_text);
	a->doing = APPEND_COPY;
	return make_room(s, a->copy.n);
}

enum imap_state
imap_append_copy(struct imap_session *s)
{
	struct imap_append *a = s->append;
	struct str piece = str_head(a->copy, IMAP_PIECE_BYTES);

	if (piece.n == 0)
		a->doing = a->after;
	else
		keep(s, piece, true); /* what is stored may be stored */
	a->copy = str_from(a->copy, piece.n);
	return a->is_refused ? IMAP_REPLY : IMAP_APPEND;
}

enum imap_state
imap_append_complete(struct imap_session *s)
{
	if (last(s->append)->writer.size > 0)
		return IMAP_APPEND;
	return imap_no(s, "CANNOT", "An empty message cannot be stored");
}
