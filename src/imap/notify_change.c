/* NOTIFY: what happened to mailboxes that are not selected (RFC 5465 5.1 - 5.5). */
#include "imap/notify.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/list.h"
#include "imap/name.h"

/* --- telling --------------------------------------------------------------------------------------- */

/* "* LIST (..) "/" name": RFC 5465 5.4 wants children and subscription told */
static void
list_begin(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	buf_add_c(out, "* LIST (");
	buf_add_c(out,
	    mailbox_has_children(s->account, m->id) ? "\\HasChildren" : "\\HasNoChildren");
	if (m->is_subscribed)
		buf_add_c(out, " \\Subscribed");
	if (mailbox_role_imap_names[m->role].n > 0) {
		buf_add_char(out, ' ');
		buf_add(out, mailbox_role_imap_names[m->role]);
	}
	buf_add_c(out, ") ");
	imap_delimiter_write(s, out);
	buf_add_char(out, ' ');
	imap_path_write(s, out, m);
}

static void
list_told(struct imap_session *s, const struct mailbox *m)
{
	list_begin(s, conn_out(s->conn), m);
	buf_add_c(conn_out(s->conn), "\r\n");
}

/* Created or deleted: its parent is affected as well. */
static void
parent_told(struct imap_session *s, uint32_t parent)
{
	const struct mailbox *m = parent ? mailbox_get(s->account, parent) : NULL;
	struct buf path;

	if (!m)
		return;
	buf_init(&path, IMAP_NAME_MAX);
	mailbox_path_write(s->account, m, &path);
	if (imap_notify_events(s, m, buf_str(&path)) & NOTIFY_NAME)
		list_told(s, m);
	buf_release(&path);
}

static void
deleted_told(struct imap_session *s, const struct notify_seen *seen)
{
	struct buf *out = conn_out(s->conn);

	if (!(seen->events & NOTIFY_NAME))
		return;
	buf_add_c(out, "* LIST (\\NonExistent) ");
	imap_delimiter_write(s, out);
	buf_add_char(out, ' ');
	imap_own_path_write(s, out, str_of(seen->path, seen->path_bytes));
	buf_add_c(out, "\r\n");
	parent_told(s, seen->parent);
}

static void
renamed_told(struct imap_session *s, const struct notify_seen *seen, const struct mailbox *m)
{
	struct buf *out = conn_out(s->conn);

	list_begin(s, out, m);
	buf_add_c(out, " (\"OLDNAME\" (");
	imap_own_path_write(s, out, str_of(seen->path, seen->path_bytes));
	buf_add_c(out, "))\r\n");
}

/* Its own name, or its parent; not that of a parent (RFC 5465 5.4: children are not told). */
static bool
is_renamed(const struct notify_seen *seen, const struct mailbox *m, struct str path)
{
	struct str was = str_of(seen->path, seen->path_bytes);
	size_t slash = str_rfind_char(was, IMAP_DELIMITER);
	size_t now = str_rfind_char(path, IMAP_DELIMITER);

	was = slash == STR_NONE ? was : str_from(was, slash + 1);
	path = now == STR_NONE ? path : str_from(path, now + 1);
	return seen->parent != m->parent || !str_eq(was, path);
}

static void
status_told(struct imap_session *s, const struct notify_seen *seen, const struct mailbox *m,
    unsigned events)
{
	bool is_selected = imap_box_is(s, m);
	bool has_moved = seen->uid_next != m->uid_next || seen->messages != m->messages;
	unsigned items = STATUS_UIDVALIDITY;

	if (is_selected)
		return;
	if (events & NOTIFY_NEW && has_moved)
		items |= STATUS_MESSAGES | STATUS_UIDNEXT;
	if (events & NOTIFY_FLAGS && seen->unseen != m->unseen)
		items |= STATUS_UNSEEN;
	if (items == STATUS_UIDVALIDITY)
		return;
	if (s->have & HAVE_CONDSTORE) /* RFC 5465 5.1 */
		items |= STATUS_HIGHESTMODSEQ;
	buf_add_c(conn_out(s->conn), "* ");
	imap_status_write(s, conn_out(s->conn), m, items);
}

/* --- comparing ------------------------------------------------------------------------------------- */

static size_t
seen_lower(const struct imap_notify *n, uint32_t id)
{
	size_t low = 0, high = n->seen_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (n->seen[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
mailbox_lower(const struct account *a, uint32_t id)
{
	size_t at = 0;

	while (at < a->mailbox_count && a->mailboxes[at]->id < id)
		at++;
	return at;
}

static void
deleted(struct imap_session *s, size_t i)
{
	struct imap_notify *n = s->notify;
	struct notify_seen gone = n->seen[i];

	n->seen_count--;
	memmove(&n->seen[i], &n->seen[i + 1], (n->seen_count - i) * sizeof(*n->seen));
	deleted_told(s, &gone);
	mem_free(gone.path);
}

static void
created(struct imap_session *s, size_t i, const struct mailbox *m, struct str path)
{
	struct imap_notify *n = s->notify;
	unsigned events = imap_notify_events(s, m, path);
	struct notify_seen empty = { .id = m->id, .uid_next = 1 };

	n->seen = mem_resize(n->seen, n->seen_count + 2, sizeof(*n->seen));
	memmove(&n->seen[i + 1], &n->seen[i], (n->seen_count - i) * sizeof(*n->seen));
	n->seen_count++;
	n->seen[i] = empty;
	if (events & NOTIFY_NAME) {
		list_told(s, m);
		parent_told(s, m->parent);
	}
	status_told(s, &empty, m, events);
	imap_notify_see(&n->seen[i], m, events, path);
}

static void
compared(struct imap_session *s, struct notify_seen *seen, const struct mailbox *m, struct str path)
{
	unsigned events = imap_notify_events(s, m, path);

	/* the subscribed ones are others when this changes: both before and behind it count */
	if ((events | seen->events) & NOTIFY_NAME && is_renamed(seen, m, path))
		renamed_told(s, seen, m);
	else if ((events | seen->events) & NOTIFY_SUBSCRIPTION &&
	    seen->is_subscribed != m->is_subscribed)
		list_told(s, m);
	status_told(s, seen, m, events);
	if (events & NOTIFY_METADATA && seen->role != m->role)
		imap_notify_use(s, m);
	imap_notify_see(seen, m, events, path);
}

/* The next mailbox by id, of those that are and those that were; false: there was none. */
static bool
next(struct imap_session *s, struct buf *path)
{
	struct imap_notify *n = s->notify;
	const struct account *a = s->account;
	size_t i = seen_lower(n, n->at), j = mailbox_lower(a, n->at);
	const struct mailbox *m = j < a->mailbox_count ? a->mailboxes[j] : NULL;
	uint32_t was = i < n->seen_count ? n->seen[i].id : UINT32_MAX;

	if (!m && was == UINT32_MAX)
		return false;
	if (!m || was < m->id) {
		n->at = was + 1;
		deleted(s, i);
		return true;
	}
	n->at = m->id + 1;
	buf_clear(path);
	mailbox_path_write(a, m, path);
	if (was > m->id)
		created(s, i, m, buf_str(path));
	else
		compared(s, &n->seen[i], m, buf_str(path));
	return true;
}

/* One comparison of all, or as much as goes into this slice; true: it is over. */
static bool
compare(struct imap_session *s, struct imap_slice *slice)
{
	struct imap_notify *n = s->notify;
	bool is_over = false;
	struct buf path;

	if (n->at == 0)
		n->at_modseq = s->account->modseq;
	buf_init(&path, IMAP_NAME_MAX);
	while (!is_over && !conn_is_high(s->conn) && !imap_slice_over(s, slice))
		is_over = !next(s, &path);
	buf_release(&path);
	if (!is_over)
		return false;
	n->at = 0;
	n->modseq = n->at_modseq;
	return true;
}

bool
imap_notify_changes(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	struct imap_slice slice = imap_slice_begin();

	while (n->has_others && (n->at > 0 || n->modseq != s->account->modseq)) {
		if (s->account->mailbox_count > NOTIFY_MAILBOXES_MAX)
			imap_notify_overflow(s, "There are too many mailboxes");
		else if (!compare(s, &slice))
			return false;
	}
	return true;
}
