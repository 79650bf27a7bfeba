/* The message that is told: its file, its summary, and the items that are written from them at once. */
#include "imap/fetch_content_inner.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/email.h"
#include "message/date.h"
#include "message/imap_string.h"
#include "message/imap_structure.h"
#include "message/preview.h"
#include "message/summary.h"
#include "message/text.h"

#define CONTENT_ARENA_MAX (32 * 1024 * 1024) /* bytes: the tree of one message */

void
imap_content_init(struct imap_content *c, struct imap_session *s)
{
	*c = (struct imap_content){ .session = s };
	arena_init(&c->arena, CONTENT_ARENA_MAX);
	arena_init(&c->ahead.arena, CONTENT_ARENA_MAX);
	buf_init(&c->piece, IMAP_CONTENT_PIECE_MAX);
}

static void
forget(struct imap_content *c)
{
	body_reader_free(&c->reader);
	if (c->session) /* it was begun */
		imap_wait_end(c->session, &c->wait);
	blob_unmap(&c->map);
	c->summary = NULL;
	c->left = (struct str){ 0 };
	c->is_parsed = c->is_mapped = c->is_lost = c->is_away = false;
	buf_clear(&c->piece);
	arena_reset(&c->arena);
}

void
imap_content_release(struct imap_content *c)
{
	forget(c);
	buf_release(&c->piece);
	arena_release(&c->arena);
	arena_release(&c->ahead.arena);
}

void
imap_content_message(struct imap_content *c, struct account *a, uint64_t email_id, uint32_t uid)
{
	if (c->email_id != 0)
		forget(c);
	c->account = a;
	c->email_id = email_id;
	c->uid = uid;
}

/* --- reading ----------------------------------------------------------------------------------- */

/* Not when another session expunged it since it was begun. */
static bool
is_damaged(const struct imap_content *c, enum fail fail)
{
	const struct imap_session *s = c->session;

	return fail != FAIL_TEMP && imap_is_selected(s) && view_find(s->view.view, c->uid) != NULL;
}

bool
imap_content_map(struct imap_content *c)
{
	if (!c->is_mapped && !c->is_lost) {
		struct imap_session *s = c->session;
		bool is_far = blob_wait_is_started(&c->wait);
		enum fail fail =
		    email_map_wait(c->account, c->email_id, &c->wait, &s->task, &c->map);

		if (op_pending(&c->wait.op) && c->unreached >= IMAP_UNREACHED_MAX) {
			imap_wait_end(s, &c->wait);
			is_far = true;
		}
		if (imap_wait(s, &c->wait))
			return false;
		c->is_away = fail == FAIL_TEMP;
		if (is_far)
			c->unreached = c->is_away ? c->unreached + 1 : 0;
		c->is_lost = fail != FAIL_NONE;
		c->is_mapped = !c->is_lost;
		if (c->is_lost && c->unread != FAIL_PERM)
			c->unread = is_damaged(c, fail) ? FAIL_PERM : FAIL_TEMP;
	}
	return c->is_mapped;
}

bool
imap_content_reach(struct imap_content *c, bool *is_away_out)
{
	(void)imap_content_map(c);
	*is_away_out = c->is_away;
	return !op_pending(&c->wait.op);
}

const struct message *
imap_content_whole(struct imap_content *c)
{
	if (!c->is_parsed && imap_content_map(c)) {
		message_parse(&c->parsed, c->map.bytes, &c->arena);
		c->is_parsed = true;
	}
	return c->is_parsed ? &c->parsed : NULL;
}

/* --- summaries ----------------------------------------------------------------------------------- */

bool
imap_content_is_ahead(const struct imap_content *c)
{
	return c->ahead.next < c->ahead.count;
}

void
imap_content_read_ahead(struct imap_content *c, struct account *a, const uint64_t *ids,
    size_t count)
{
	struct imap_ahead *ahead = &c->ahead;

	invariant(count <= IMAP_AHEAD_MAX);
	arena_reset(&ahead->arena);
	ahead->next = ahead->count = 0;
	if (email_summaries(a, ids, count, &ahead->arena, ahead->summaries) != FAIL_NONE)
		return;
	memcpy(ahead->ids, ids, count * sizeof(*ids));
	ahead->count = count;
}

/* Those that were passed over meanwhile are forgotten. */
static struct message *
summary_ahead(struct imap_ahead *ahead, uint64_t email_id)
{
	while (ahead->next < ahead->count)
		if (ahead->ids[ahead->next++] == email_id)
			return ahead->summaries[ahead->next - 1];
	return NULL;
}

const struct message *
imap_content_outline(struct imap_content *c)
{
	if (!c->summary && !c->is_parsed)
		c->summary = summary_ahead(&c->ahead, c->email_id);
	/* a file that was waited for is mapped now, whatever it was for */
	if (!c->summary && !c->is_parsed && !blob_wait_is_started(&c->wait) &&
	    email_summary(c->account, c->email_id, &c->arena, &c->summary) != FAIL_NONE)
		c->summary = NULL;
	return c->summary ? c->summary : imap_content_whole(c);
}

/* --- PREVIEW ------------------------------------------------------------------------------------- */

/* RFC 8970 3: from the summary; of a message too large for one from the file, and LAZY does not wait for that */
static void
preview_item_write(struct imap_content *c, const struct imap_fetch_item *item)
{
	const struct message *m = imap_content_outline(c);
	struct str preview = { 0 };
	struct buf text;

	buf_init(&text, PREVIEW_BYTES);
	if (m && m->is_summary)
		preview = m->preview;
	else
		m = item->is_lazy ? NULL : imap_content_whole(c);
	if (m && !m->is_summary) {
		preview_write(m, &text);
		preview = buf_str(&text);
	}
	if (!m)
		buf_add_c(&c->piece, "NIL");
	else if (imap_is_utf8(c->session))
		imap_utf8_write(&c->piece, preview);
	else
		imap_string_write(&c->piece, preview);
	buf_release(&text);
}

/* --- SAVEDATE ------------------------------------------------------------------------------------ */

/* RFC 8514 4.2: when this membership began; NIL when its record cannot be read */
static void
savedate_write(struct imap_content *c)
{
	uint32_t mailbox = c->session->view.view->mailbox;
	struct email *e;

	if (email_get(c->account, c->email_id, &c->arena, &e) != FAIL_NONE) {
		buf_add_c(&c->piece, "NIL");
		return;
	}
	for (size_t i = 0; i < e->member_count; i++) {
		if (e->members[i].mailbox != mailbox || e->members[i].uid != c->uid)
			continue;
		buf_add_char(&c->piece, '"');
		date_write_imap(&c->piece, e->members[i].saved_s, 0);
		buf_add_char(&c->piece, '"');
		return;
	}
	buf_add_c(&c->piece, "NIL");
}

/* --- items ------------------------------------------------------------------------------------- */

static void
outline_write(struct buf *out, const struct message *m, const struct imap_fetch_item *item)
{
	imap_fetch_name_write(out, item);
	buf_add_char(out, ' ');
	if (!m)
		buf_add_c(out, "NIL");
	else if (item->kind == FETCH_ENVELOPE)
		envelope_write(out, &m->root);
	else
		bodystructure_write(out, &m->root, item->kind == FETCH_BODYSTRUCTURE);
}

/*
 * Straight into the output; what does not fit there, however large the rest of it is, leaves by the piece. A stranger
 * can send a structure that fits nowhere: it is not told, and all others are.
 */
static void
outline_item(struct imap_content *c, const struct imap_fetch_item *item)
{
	const struct message *m = imap_content_outline(c);
	struct buf *out = conn_out(c->session->conn);
	size_t before = out->n;

	outline_write(out, m, item);
	if (buf_ok(out))
		return;
	buf_rewind(out, before);
	outline_write(&c->piece, m, item);
	if (buf_ok(&c->piece))
		return;
	buf_clear(&c->piece);
	outline_write(&c->piece, NULL, item);
	c->unread = FAIL_PERM;
}

static bool
is_of_outline(const struct imap_fetch_item *item)
{
	return item->kind == FETCH_ENVELOPE || item->kind == FETCH_STRUCTURE ||
	    item->kind == FETCH_BODYSTRUCTURE;
}

static void
item_write(struct imap_content *c, const struct imap_fetch_item *item)
{
	if (is_of_outline(item)) {
		outline_item(c, item);
		return;
	}
	imap_fetch_name_write(&c->piece, item);
	buf_add_char(&c->piece, ' ');
	switch (item->kind) {
	case FETCH_PREVIEW: preview_item_write(c, item); break;
	case FETCH_SAVEDATE: savedate_write(c); break;
	case FETCH_BODY: imap_body_begin(c, item); break;
	case FETCH_BINARY: imap_binary_begin(c, item); break;
	case FETCH_BINARY_SIZE: imap_binary_size_write(c, item); break;
	case FETCH_UID:
	case FETCH_FLAGS:
	case FETCH_INTERNALDATE:
	case FETCH_SIZE:
	case FETCH_EMAILID:
	case FETCH_THREADID:
	case FETCH_MODSEQ:
	case FETCH_ENVELOPE:
	case FETCH_STRUCTURE:
	case FETCH_BODYSTRUCTURE:
	case FETCH_COUNT: break;
	}
}

bool
imap_content_item(struct imap_content *c, const struct imap_fetch_item *item)
{
	buf_clear(&c->piece);
	item_write(c, item);
	if (!op_pending(&c->wait.op))
		return true;
	buf_clear(&c->piece);
	return false;
}
