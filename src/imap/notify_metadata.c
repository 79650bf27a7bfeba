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

/* Does the client want to hear of the annotations of this mailbox, 0: of the server? May it? */
static bool
is_wanted(struct imap_session *s, struct notify_account *w, const struct mailbox *m)
{
	struct notify_box box;
	unsigned rights;
	struct buf path;

	if (!m)
		return s->notify->has_server_metadata && imap_is_own(s, w->account);
	if (imap_rights(s, m, &rights) != FAIL_NONE || !(rights & ACL_LOOKUP))
		return false;
	buf_init(&path, IMAP_NAME_MAX);
	box = imap_notify_look(s, m, rights, &path);
	buf_release(&path);
	return (box.events & NOTIFY_METADATA) != 0;
}

/* One response for the changes that follow each other in one mailbox, from w->noted on. */
static void
changes_tell(struct imap_session *s, struct notify_account *w, uint32_t id)
{
	const struct mailbox *m = id ? mailbox_get(w->account, id) : NULL;
	bool may_tell = (m || id == 0) && is_wanted(s, w, m), has_begun = false;
	struct annotation_change change;

	for (; annotation_change_find(w->account, w->noted, &change) && change.mailbox == id;
	     w->noted++) {
		/* RFC 5464 3.2: private ones are the owner's */
		if (!may_tell ||
		    (!imap_is_own(s, w->account) && imap_entry_is_private(change.name)))
			continue;
		if (!has_begun)
			response_begin(s, m);
		has_begun = true;
		name_write(s, change.name);
	}
	if (has_begun)
		buf_add_c(conn_out(s->conn), "\r\n");
}

bool
imap_notify_metadata(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	struct imap_slice slice = imap_slice_begin();
	struct annotation_change change;

	for (size_t i = 0; i < n->account_count; i++) {
		struct notify_account *w = n->accounts[i];

		while (w->noted != annotation_changes_count(w->account)) {
			if (imap_slice_over_now(s, &slice))
				return false;
			if (!annotation_change_find(w->account, w->noted, &change)) {
				imap_notify_overflow(s, "Too much metadata has changed");
				return true;
			}
			changes_tell(s, w, change.mailbox);
		}
	}
	return true;
}
