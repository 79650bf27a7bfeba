/* NOTIFY: MessageNew (fetch-att ..): FETCH of what came into the selected mailbox (RFC 5465 5.2). */
#include "imap/notify.h"

/* Is there one of the announced messages that is still there, and not our own? */
static bool
enter_message(struct imap_session *s, struct imap_notify *n)
{
	while (imap_is_selected(s) && n->fetch_next <= n->fetch_last) {
		const struct view *view = s->view.view;
		size_t at = view_lower(view, n->fetch_next);

		if (at == view->count || view->entries[at].uid > n->fetch_last)
			break;
		n->entry = view->entries[at];
		n->fetch_next = n->entry.uid + 1;
		if (imap_ranges_have(&n->own, n->entry.uid))
			continue;
		imap_content_message(&n->content, imap_box(s), n->entry.email_id, n->entry.uid);
		imap_flags_announce(s, n->entry.flags);
		imap_message_begin(s, conn_out(s->conn), view_session_seq(&s->view, n->entry.uid),
		    n->entry.uid);
		n->item = 0;
		n->is_in = true;
		return true;
	}
	n->content.unreached = 0; /* the next ones are tried again */
	imap_notify_left(s);
	return false;
}

/* UID and MODSEQ, which a session that has CONDSTORE gets in any case (RFC 7162 3.2.4). */
static void
always_told(struct imap_session *s, const struct imap_notify *n)
{
	unsigned missing = s->have & HAVE_CONDSTORE ? 1u << FETCH_MODSEQ : 0;

	if ((s->have & (HAVE_CONDSTORE | HAVE_UIDONLY)) == HAVE_CONDSTORE)
		missing |= 1u << FETCH_UID;
	missing &= ~n->request.fetch.kinds;
	for (enum imap_fetch kind = 0; kind < FETCH_COUNT; kind++) {
		if (!(missing & 1u << kind))
			continue;
		buf_add_char(conn_out(s->conn), ' ');
		(void)imap_fetch_light(s, conn_out(s->conn), kind, &n->entry);
	}
}

/* The items of the message under way; false when the slice is used up, or the session must end. */
static bool
items(struct imap_session *s, struct imap_notify *n, struct imap_slice *slice)
{
	const struct imap_fetch_list *list = &n->request.fetch;

	for (bool is_first = true;; is_first = false) {
		const struct imap_fetch_item *item = &list->items[n->item];

		switch (imap_content_pump(&n->content)) {
		case PUMP_DONE: break;
		case PUMP_MORE: return false;
		case PUMP_BROKEN: n->is_broken = true; return false;
		}
		if (n->item == list->count)
			break;
		if (!is_first && imap_slice_over_now(s, slice))
			return false; /* one of them may decode a large part */
		if (!imap_fetch_item_write(s, &n->content, n->item > 0, item, &n->entry))
			return false;
		n->item++;
	}
	always_told(s, n);
	buf_add_c(conn_out(s->conn), ")\r\n");
	n->is_in = false;
	return true;
}

bool
imap_notify_fetch(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	struct imap_slice slice = imap_slice_begin();

	while (n->is_in || enter_message(s, n)) {
		if (!items(s, n, &slice) || imap_slice_over_now(s, &slice))
			return false;
	}
	return true;
}
