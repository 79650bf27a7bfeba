#include "imap/vanished.h"

/* rooms */
#include "imap/context.h"
#include "imap/rights.h"

/* The names that every mailbox has in FLAGS, wanted by clients in this order. */
#define FLAGS_SYSTEM (FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DRAFT | FLAG_DELETED)

static void
names_write(struct imap_session *s, struct buf *out, uint64_t set)
{
	bool is_first = true;
	unsigned bit;

	while (keyword_next(&set, &bit)) {
		struct str name = keyword_imap_name(imap_box(s), bit);

		if (name.n == 0)
			continue;
		if (!is_first)
			buf_add_char(out, ' ');
		buf_add(out, name);
		is_first = false;
	}
}

void
imap_flag_names_write(struct imap_session *s, struct buf *out, uint64_t keywords, bool has_star)
{
	buf_add_char(out, '(');
	names_write(s, out, keywords | FLAGS_SYSTEM);
	buf_add_c(out, has_star ? " \\*)" : ")");
}

void
imap_permanent_flags_write(struct imap_session *s, struct buf *out, uint64_t keywords)
{
	buf_add_char(out, '(');
	if (!s->view.is_read_only)
		names_write(s, out, (keywords | FLAGS_SYSTEM) & imap_rights_flags(s->box_rights));
	buf_add_c(out, !s->view.is_read_only && s->box_rights & ACL_WRITE ? " \\*)" : ")");
}

void
imap_flags_write(struct imap_session *s, struct buf *out, const struct view_entry *entry)
{
	/* the usual case, without looking anything up */
	if (s->view.recent_count == 0 && (entry->flags & ~FLAG_SEEN) == 0) {
		buf_add(out, entry->flags ? STR("FLAGS (\\Seen)") : STR("FLAGS ()"));
		return;
	}
	buf_add(out, STR("FLAGS ("));
	names_write(s, out, entry->flags);
	if (s->view.recent_count > 0 && !imap_is_rev2(s) &&
	    view_session_is_recent(&s->view, entry->uid))
		buf_add_c(out, entry->flags ? " \\Recent" : "\\Recent");
	buf_add_char(out, ')');
}

void
imap_flags_announce(struct imap_session *s, uint64_t flags)
{
	struct buf *out;

	if ((flags & ~(s->told_keywords | FLAGS_SYSTEM)) == 0)
		return;
	s->told_keywords |= flags;
	out = conn_out(s->conn);
	buf_add_c(out, "* FLAGS ");
	imap_flag_names_write(s, out, s->told_keywords, false);
	buf_add_c(out, "\r\n");
	if (s->view.is_read_only)
		return;
	buf_add_c(out, "* OK [PERMANENTFLAGS ");
	imap_permanent_flags_write(s, out, s->told_keywords);
	buf_add_c(out, "] New keywords\r\n");
}

void
imap_message_begin(struct imap_session *s, struct buf *out, uint32_t seq, uint32_t uid)
{
	bool is_by_uid = (s->have & HAVE_UIDONLY) != 0;

	buf_add(out, STR("* "));
	buf_add_u64(out, is_by_uid ? uid : seq);
	buf_add(out, is_by_uid ? STR(" UIDFETCH (") : STR(" FETCH ("));
}

void
imap_tell(struct imap_session *s, uint32_t seq, const struct view_entry *entry, unsigned what)
{
	struct buf *out = conn_out(s->conn);

	if (s->have & HAVE_CONDSTORE)
		what |= TELL_UID | TELL_MODSEQ;
	if (s->have & HAVE_UIDONLY)
		what &= ~(unsigned)TELL_UID;
	if (what & TELL_FLAGS)
		imap_flags_announce(s, entry->flags);
	imap_message_begin(s, out, seq, entry->uid);
	if (what & TELL_UID) {
		buf_add_c(out, "UID ");
		buf_add_u64(out, entry->uid);
	}
	if (what & TELL_FLAGS) {
		if (what & TELL_UID)
			buf_add_char(out, ' ');
		imap_flags_write(s, out, entry);
	}
	if (what & TELL_MODSEQ) {
		if (what & (TELL_UID | TELL_FLAGS))
			buf_add_char(out, ' ');
		imap_modseq_write(s, out, entry->modseq);
	}
	buf_add_c(out, ")\r\n");
}

static void
exists_told(struct imap_session *s, uint32_t count)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "* ");
	buf_add_u64(out, count);
	buf_add_c(out, " EXISTS\r\n");
	if (imap_is_rev2(s))
		return;
	buf_add_c(out, "* ");
	buf_add_u64(out, s->view.recent_count);
	buf_add_c(out, " RECENT\r\n");
}

/* EXPUNGE, or VANISHED later: `gone` collects its UIDs (RFC 7162 3.2.10.2, RFC 9586 3.4). */
static void
expunge_told(struct imap_session *s, const struct view_event *event, struct imap_ranges *gone)
{
	struct buf *out = conn_out(s->conn);

	if (s->have & (HAVE_QRESYNC | HAVE_UIDONLY)) {
		imap_ranges_add(gone, event->uid);
		if (gone->count == IMAP_VANISHED_RANGES)
			imap_vanished_write(s, gone, false);
		return;
	}
	buf_add_c(out, "* ");
	buf_add_u64(out, event->seq);
	buf_add_c(out, " EXPUNGE\r\n");
}

static bool
update_slice(struct imap_session *s, enum view_expunges expunges, struct imap_ranges *gone)
{
	struct imap_slice slice = imap_slice_begin();
	struct view_event event;

	if (!imap_tells_messages(s))
		return true;
	while (!conn_is_high(s->conn)) {
		uint32_t known = s->view.known_uid;

		if (!view_session_next(&s->view, expunges, &event)) {
			imap_vanished_write(s, gone, false);
			return imap_contexts_update(s, &slice);
		}
		if (event.type != VIEW_EXPUNGE || imap_contexts_count(s))
			imap_vanished_write(s, gone, false);
		switch (event.type) {
		case VIEW_EXPUNGE:
			imap_contexts_expunge(s, event.uid, event.seq);
			expunge_told(s, &event, gone);
			break;
		case VIEW_EXISTS:
			exists_told(s, event.seq);
			imap_notify_arrived(s, known + 1, s->view.known_uid);
			break;
		case VIEW_FLAGS:
			if (imap_tells_flags(s))
				imap_tell(s, event.seq, event.entry, TELL_UID | TELL_FLAGS);
			break;
		}
		if (imap_slice_over(s, &slice))
			return false;
	}
	return false;
}

/* RFC 9738 3.1: behind a command that did a part, from the highest; VANISHED has no order */
static enum view_expunges
expunges_now(const struct imap_session *s)
{
	return s->run.limited_uid != 0 && !(s->have & (HAVE_QRESYNC | HAVE_UIDONLY))
	    ? VIEW_EXPUNGES_DOWN
	    : VIEW_EXPUNGES_UP;
}

bool
imap_update(struct imap_session *s, bool with_expunges)
{
	struct imap_ranges gone = { 0 };
	bool is_all = update_slice(s, with_expunges ? expunges_now(s) : VIEW_EXPUNGES_LATER, &gone);

	imap_vanished_write(s, &gone, false);
	imap_ranges_release(&gone);
	return is_all;
}
