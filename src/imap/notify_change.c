/*
 * NOTIFY: what happened to mailboxes that are not selected (RFC 5465 5.1 - 5.5).
 *
 * Each account that is watched is compared with what was told of it, mailbox by mailbox by id. What the user may not
 * look up is not there: so a right that is given makes a mailbox, and one that is taken away deletes it.
 *
 * Strict: RFC 5465 5.9 would say \\NoAccess where "l" is lost; but whether a mailbox is still there is then no
 * longer the user's business. \\NoAccess says that it may be looked up and not read (3.1).
 */
#include "imap/notify.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/list.h"
#include "imap/name.h"

struct comparison { /* of one account, in one slice */
	struct imap_session *s;
	struct notify_account *w;
	unsigned *rights; /* own; by place in the account */
	struct buf path;  /* of the mailbox under way */
	struct imap_slice slice;
};

static bool
may_look_up(const struct comparison *c, const struct mailbox *m)
{
	return (c->rights[mailbox_place(c->w->account, m->id)] & ACL_LOOKUP) != 0;
}

/* --- telling --------------------------------------------------------------------------------------- */

/* Does something that the user may see lie below? */
static bool
has_children(const struct comparison *c, const struct mailbox *m)
{
	const struct account *a = c->w->account;

	for (size_t i = 0; i < a->mailbox_count; i++) {
		const struct mailbox *above = a->mailboxes[i];

		if (!(c->rights[i] & ACL_LOOKUP))
			continue;
		while (above && above->parent != m->id)
			above = above->parent ? mailbox_get(a, above->parent) : NULL;
		if (above)
			return true;
	}
	return false;
}

/* "* LIST (..) "/" name": RFC 5465 5.4 wants children and subscription told */
static void
list_begin(const struct comparison *c, const struct notify_box *box)
{
	struct buf *out = conn_out(c->s->conn);
	const struct mailbox *m = box->m;

	buf_add_c(out, "* LIST (");
	if (box->is_denied)
		buf_add_c(out, "\\NoAccess ");
	buf_add_c(out, has_children(c, m) ? "\\HasChildren" : "\\HasNoChildren");
	if (box->is_subscribed)
		buf_add_c(out, " \\Subscribed");
	if (imap_is_own(c->s, m->account) && mailbox_role_imap_names[m->role].n > 0) {
		buf_add_char(out, ' ');
		buf_add(out, mailbox_role_imap_names[m->role]);
	}
	buf_add_c(out, ") ");
	imap_delimiter_write(c->s, out);
	buf_add_char(out, ' ');
	imap_path_write(c->s, out, m);
}

static void
list_told(const struct comparison *c, const struct notify_box *box)
{
	list_begin(c, box);
	buf_add_c(conn_out(c->s->conn), "\r\n");
}

void
imap_notify_denied_write(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	buf_add_c(out, "* LIST (\\NoAccess) ");
	imap_delimiter_write(s, out);
	buf_add_char(out, ' ');
	imap_path_write(s, out, m);
	buf_add_c(out, "\r\n");
}

/* Created or deleted: its parent is affected as well. */
static void
parent_told(const struct comparison *c, uint32_t parent)
{
	const struct mailbox *m = parent ? mailbox_get(c->w->account, parent) : NULL;
	struct notify_box box;
	struct buf path;

	if (!m || !may_look_up(c, m))
		return;
	buf_init(&path, IMAP_NAME_MAX);
	box = imap_notify_look(c->s, m, c->rights[mailbox_place(c->w->account, parent)], &path);
	if (box.events & NOTIFY_NAME)
		list_told(c, &box);
	buf_release(&path);
}

/* The name that it had when it was told last. */
static void
old_name_write(const struct comparison *c, const struct notify_seen *seen)
{
	struct str path = str_of(seen->path, seen->path_bytes);
	struct buf *out = conn_out(c->s->conn);

	if (imap_is_own(c->s, c->w->account))
		imap_own_path_write(c->s, out, path);
	else
		imap_visible_path_write(c->s, out, path);
}

static void
deleted_told(const struct comparison *c, const struct notify_seen *seen)
{
	struct buf *out = conn_out(c->s->conn);

	if (!(seen->events & NOTIFY_NAME))
		return;
	buf_add_c(out, "* LIST (\\NonExistent) ");
	imap_delimiter_write(c->s, out);
	buf_add_char(out, ' ');
	old_name_write(c, seen);
	buf_add_c(out, "\r\n");
	parent_told(c, seen->parent);
}

static void
renamed_told(const struct comparison *c, const struct notify_seen *seen,
    const struct notify_box *box)
{
	list_begin(c, box);
	buf_add_c(conn_out(c->s->conn), " (\"OLDNAME\" (");
	old_name_write(c, seen);
	buf_add_c(conn_out(c->s->conn), "))\r\n");
}

/* Its own name, or its parent; not that of a parent (RFC 5465 5.4: children are not told). */
static bool
is_renamed(const struct notify_seen *seen, const struct notify_box *box)
{
	struct str was = str_of(seen->path, seen->path_bytes), path = box->path;
	size_t slash = str_rfind_char(was, IMAP_DELIMITER);
	size_t now = str_rfind_char(path, IMAP_DELIMITER);

	was = slash == STR_NONE ? was : str_from(was, slash + 1);
	path = now == STR_NONE ? path : str_from(path, now + 1);
	return seen->parent != box->m->parent || !str_eq(was, path);
}

static void
status_told(struct imap_session *s, const struct notify_seen *seen, const struct notify_box *box)
{
	const struct mailbox *m = box->m;
	bool has_moved = seen->uid_next != m->uid_next || seen->messages != m->messages;
	unsigned items = STATUS_UIDVALIDITY;

	if (imap_box_is(s, m))
		return;
	if (box->events & NOTIFY_NEW && has_moved)
		items |= STATUS_MESSAGES | STATUS_UIDNEXT;
	if (box->events & NOTIFY_FLAGS && seen->unseen != m->unseen)
		items |= STATUS_UNSEEN;
	if (items == STATUS_UIDVALIDITY)
		return;
	if (s->have & HAVE_CONDSTORE) /* RFC 5465 5.1 */
		items |= STATUS_HIGHESTMODSEQ;
	buf_add_c(conn_out(s->conn), "* ");
	imap_status_write(s, conn_out(s->conn), m, items);
}

/* --- comparing ------------------------------------------------------------------------------------- */

static const struct notify_seen seen_nothing = { .uid_next = 1 };

static size_t
seen_lower(const struct notify_account *w, uint32_t id)
{
	size_t low = 0, high = w->seen_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->seen[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The next one that the user may look up. */
static const struct mailbox *
mailbox_lower(const struct comparison *c, uint32_t id)
{
	const struct account *a = c->w->account;

	for (size_t i = mailbox_place(a, id); i < a->mailbox_count; i++)
		if (c->rights[i] & ACL_LOOKUP)
			return a->mailboxes[i];
	return NULL;
}

static void
deleted(const struct comparison *c, size_t i)
{
	struct notify_account *w = c->w;
	struct notify_seen gone = w->seen[i];

	w->seen_count--;
	memmove(&w->seen[i], &w->seen[i + 1], (w->seen_count - i) * sizeof(*w->seen));
	deleted_told(c, &gone);
	mem_free(gone.path);
}

static void
created(const struct comparison *c, size_t i, const struct notify_box *box)
{
	struct notify_account *w = c->w;

	w->seen = mem_resize(w->seen, w->seen_count + 2, sizeof(*w->seen));
	memmove(&w->seen[i + 1], &w->seen[i], (w->seen_count - i) * sizeof(*w->seen));
	w->seen_count++;
	w->seen[i] = seen_nothing;
	if (box->events & NOTIFY_NAME || box->is_denied)
		list_told(c, box);
	if (box->events & NOTIFY_NAME)
		parent_told(c, box->m->parent);
	status_told(c->s, &seen_nothing, box);
	imap_notify_see(&w->seen[i], box);
}

static void
compared(const struct comparison *c, struct notify_seen *seen, const struct notify_box *box)
{
	/* the subscribed ones are others when this changes: both before and behind it count */
	unsigned events = box->events | seen->events;
	bool is_back = seen->is_denied && box->rights & ACL_READ; /* what happened then is news */

	if (events & NOTIFY_NAME && is_renamed(seen, box))
		renamed_told(c, seen, box);
	else if ((events & NOTIFY_SUBSCRIPTION && seen->is_subscribed != box->is_subscribed) ||
	    seen->is_denied != box->is_denied)
		list_told(c, box);
	status_told(c->s, is_back ? &seen_nothing : seen, box);
	if (box->events & NOTIFY_METADATA && seen->role != box->m->role)
		imap_notify_use(c->s, box->m);
	imap_notify_see(seen, box);
}

/* The next mailbox by id, of those that are and those that were; false: there was none. */
static bool
next(struct comparison *c)
{
	struct notify_account *w = c->w;
	size_t i = seen_lower(w, w->at);
	const struct mailbox *m = mailbox_lower(c, w->at);
	uint32_t was = i < w->seen_count ? w->seen[i].id : UINT32_MAX;
	struct notify_box box;

	if (!m && was == UINT32_MAX)
		return false;
	if (!m || was < m->id) {
		w->at = was + 1;
		deleted(c, i);
		return true;
	}
	w->at = m->id + 1;
	box = imap_notify_look(c->s, m, c->rights[mailbox_place(w->account, m->id)], &c->path);
	if (was == m->id)
		compared(c, &w->seen[i], &box);
	else
		created(c, i, &box);
	return true;
}

/* One comparison of all of an account, or as much as goes into this slice; true: it is over. */
static bool
compare(struct comparison *c)
{
	struct notify_account *w = c->w;
	bool is_over;

	if (w->at == 0) {
		w->at_modseq = w->account->modseq;
		w->is_due = false;
	}
	do
		is_over = !next(c);
	while (!is_over && imap_notify_count(c->s->notify) <= NOTIFY_MAILBOXES_MAX &&
	    !imap_slice_over_now(c->s, &c->slice));
	if (!is_over)
		return false;
	w->at = 0;
	w->modseq = w->at_modseq;
	return true;
}

static bool
has_news(const struct notify_account *w)
{
	return w->is_due || w->at > 0 || w->modseq != w->account->modseq;
}

/* Compare until nothing is left; false: not now, or there is too much. */
static bool
account_told(struct imap_session *s, struct notify_account *w)
{
	struct comparison c = { .s = s, .w = w };
	bool is_over = true;

	if (!has_news(w))
		return true;
	if (imap_notify_rights(s, w, &c.rights) != FAIL_NONE) {
		mem_free(c.rights); /* the store fails: the next change wakes us again */
		return true;
	}
	c.slice =
	    imap_slice_begin(); /* reading the rights goes before it: each slice tells something */
	buf_init(&c.path, IMAP_NAME_MAX);
	while (is_over && has_news(w))
		is_over = compare(&c);
	buf_release(&c.path);
	mem_free(c.rights);
	return is_over;
}

/* Which accounts there are is asked again when that may have changed. False: there are too many. */
static bool
find_again(struct imap_session *s)
{
	return !imap_notify_is_stale(s) || imap_notify_find(s, false) != FAIL_LIMIT;
}

bool
imap_notify_changes(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	struct imap_slice slice = imap_slice_begin();
	bool is_over = true, fits = find_again(s);

	for (size_t i = n->account_count; fits && is_over && i-- > 0;) {
		is_over = account_told(s, n->accounts[i]);
		fits = imap_notify_count(n) <= NOTIFY_MAILBOXES_MAX;
		if (is_over && !n->accounts[i]->is_wanted)
			imap_notify_drop(n, i);
		is_over = is_over && (i == 0 || !imap_slice_over_now(s, &slice));
	}
	if (!fits)
		imap_notify_overflow(s, "There are too many mailboxes");
	return is_over || !fits;
}
