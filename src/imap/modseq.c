/* Mod-sequences as the client hears of them (RFC 7162). */
#include "imap/session.h"

uint64_t
imap_mailbox_modseq(const struct imap_session *s)
{
	const struct view *v = s->view.view;
	const struct mailbox *m = mailbox_get(v->account, v->mailbox);

	return m ? m->highest_modseq : 0;
}

static void
highest_write(struct buf *out, uint64_t modseq)
{
	buf_add_c(out, "[HIGHESTMODSEQ ");
	buf_add_u64(out, modseq);
	buf_add_c(out, "] ");
}

static void
highest_told(struct imap_session *s, uint64_t modseq, const char *text)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "* OK ");
	highest_write(out, modseq);
	buf_add_c(out, text);
	buf_add_c(out, "\r\n");
}

void
imap_condstore_begin(struct imap_session *s)
{
	if (s->have & HAVE_CONDSTORE)
		return;
	s->have |= HAVE_CONDSTORE;
	if (!imap_is_selected(s))
		return;
	/* nothing that is not told yet may be in it: an old expunge, or flags that changed */
	s->is_modseq_held = view_session_pending(&s->view);
	if (!s->is_modseq_held)
		highest_told(s, imap_mailbox_modseq(s), "Highest");
}

void
imap_modseq_write(struct imap_session *s, struct buf *out, uint64_t modseq)
{
	s->run.has_modseq = true;
	buf_add(out, STR("MODSEQ ("));
	buf_add_u64(out, modseq);
	buf_add_char(out, ')');
}

enum imap_state
imap_ok_modseq(struct imap_session *s, const char *text)
{
	struct buf *out;

	/* who is not told of expunges may not think to know them (RFC 7162 section 6) */
	if (!(s->have & HAVE_CONDSTORE) || !imap_tells_messages(s))
		return imap_ok(s, NULL, text);
	s->errors = 0;
	s->is_modseq_held = false;
	out = imap_reply(s, "OK");
	highest_write(out, imap_mailbox_modseq(s));
	buf_add_c(out, text);
	buf_add_c(out, "\r\n");
	return IMAP_REPLY;
}

/*
 * RFC 7162 3.2, section 6: a client that is cut off now would ask for what changed since the largest MODSEQ it
 * saw, and never hear of an expunge before that which was not told yet.
 */
void
imap_modseq_settle(struct imap_session *s)
{
	bool is_held = s->view.ghost_modseq != 0, has_modseq = s->run.has_modseq;

	if (!(s->have & HAVE_CONDSTORE))
		return;
	if (is_held &&
	    (has_modseq || (s->is_modseq_held && s->modseq_told != s->view.ghost_modseq))) {
		highest_told(s, s->view.ghost_modseq - 1, "Expunges are told later");
		s->modseq_told = s->view.ghost_modseq;
	} else if (!is_held && s->is_modseq_held) {
		highest_told(s, imap_mailbox_modseq(s), "All is told");
	}
	s->is_modseq_held = is_held && (has_modseq || s->is_modseq_held);
	s->run.has_modseq = false;
}
