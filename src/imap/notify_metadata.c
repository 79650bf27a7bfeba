/* NOTIFY: annotations that others changed (RFC 5465 5.6, 5.7). */
#include "imap/notify.h"

/* rooms */
#include "imap/metadata.h"
#include "imap/name.h"
#include "mail/annotation_changes.h"
#include "message/imap_string.h"

/* METADATA with names alone (RFC 5464 4.4.2); m NULL: of the server. */
static void
response_begin(struct imap_session *s, const struct mailbox *m)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "* METADATA ");
	if (m)
		imap_path_write(s, out, m);
	else
		buf_add_c(out, "\"\"");
}

static void
name_write(struct imap_session *s, struct str name)
{
	buf_add_char(conn_out(s->conn), ' ');
	imap_astring_write(conn_out(s->conn), name);
}

void
imap_notify_use(struct imap_session *s, const struct mailbox *m)
{
	response_begin(s, m);
	name_write(s, imap_use_name);
	buf_add_c(conn_out(s->conn), "\r\n");
}

/* Does the client want to hear of the annotations of this mailbox, 0: of the server? */
static bool
is_wanted(struct imap_session *s, uint32_t id, const struct mailbox **m_out)
{
	const struct mailbox *m = *m_out = id ? mailbox_get(s->account, id) : NULL;
	struct buf path;
	unsigned events;

	if (id == 0)
		return s->notify->has_server_metadata;
	if (!m)
		return false;
	buf_init(&path, IMAP_NAME_MAX);
	mailbox_path_write(s->account, m, &path);
	events = imap_notify_events(s, m, buf_str(&path));
	buf_release(&path);
	return (events & NOTIFY_METADATA) != 0;
}

/* One response for the changes that follow each other in one mailbox, from n->noted on. */
static void
changes_tell(struct imap_session *s, uint32_t id)
{
	struct imap_notify *n = s->notify;
	struct annotation_change change;
	const struct mailbox *m;
	bool has_any = is_wanted(s, id, &m);

	if (has_any)
		response_begin(s, m);
	for (; annotation_change_find(s->account, n->noted, &change) && change.mailbox == id;
	     n->noted++)
		if (has_any)
			name_write(s, change.name);
	if (has_any)
		buf_add_c(conn_out(s->conn), "\r\n");
}

bool
imap_notify_metadata(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	struct imap_slice slice = imap_slice_begin();
	struct annotation_change change;

	while (n->has_others && n->noted != annotation_changes_count(s->account)) {
		if (imap_slice_over_now(s, &slice))
			return false;
		if (annotation_change_find(s->account, n->noted, &change))
			changes_tell(s, change.mailbox);
		else
			imap_notify_overflow(s, "Too much metadata has changed");
	}
	return true;
}
