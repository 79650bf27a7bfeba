#include "imap/notify.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/command.h"
#include "imap/list.h"
#include "imap/name.h"
#include "mail/annotation_changes.h"

static void
seen_release(struct imap_notify *n)
{
	for (size_t i = 0; i < n->seen_count; i++)
		mem_free(n->seen[i].path);
	mem_free(n->seen);
	n->seen = NULL;
	n->seen_count = 0;
}

void
imap_notify_release(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	mail_watch_stop(&n->watch);
	imap_content_release(&n->content);
	imap_ranges_release(&n->own);
	seen_release(n);
	arena_release(&n->arena);
	mem_free(n);
	s->notify = NULL;
}

/* --- what is told -------------------------------------------------------------------------------- */

/* NOTIFY itself tells what had happened before, as a NOOP would (RFC 5465 3.1). */
static bool
is_free(const struct imap_session *s)
{
	return !s->notify || (s->run.row && s->run.row->run == imap_cmd_notify);
}

bool
imap_tells_messages(const struct imap_session *s)
{
	return is_free(s) || s->notify->selected & NOTIFY_NEW;
}

bool
imap_tells_flags(const struct imap_session *s)
{
	return is_free(s) || s->notify->selected & NOTIFY_FLAGS;
}

static bool
is_below(struct str path, struct str top)
{
	return path.n > top.n && path.p[top.n] == IMAP_DELIMITER &&
	    str_eq(str_head(path, top.n), top);
}

static bool
is_named(const struct notify_group *g, struct str path)
{
	for (size_t i = 0; i < g->name_count; i++) {
		bool is_same = str_eq(g->names[i], path) ||
		    (imap_name_is_inbox(path) && imap_name_is_inbox(g->names[i]));

		if (is_same || (g->filter == NOTIFY_SUBTREE && is_below(path, g->names[i])))
			return true;
	}
	return false;
}

static bool
is_in_group(const struct notify_group *g, const struct mailbox *m, struct str path)
{
	switch (g->filter) {
	case NOTIFY_SELECTED:
	case NOTIFY_DELAYED: return false;
	case NOTIFY_INBOXES: /* RFC 5465 6.3: filters may deliver anywhere */
	case NOTIFY_PERSONAL: return true;
	case NOTIFY_SUBSCRIBED: return m->is_subscribed;
	case NOTIFY_SUBTREE:
	case NOTIFY_MAILBOXES: return is_named(g, path);
	case NOTIFY_FILTER_COUNT: break;
	}
	return false;
}

unsigned
imap_notify_events(struct imap_session *s, const struct mailbox *m, struct str path)
{
	const struct notify_request *r = &s->notify->request;
	unsigned events = 0;

	for (size_t i = 0; i < r->group_count; i++)
		if ((r->groups[i].events & ~events) && is_in_group(&r->groups[i], m, path))
			events |= r->groups[i].events;
	return events;
}

/* --- what was told -------------------------------------------------------------------------------- */

void
imap_notify_see(struct notify_seen *seen, const struct mailbox *m, unsigned events, struct str path)
{
	if (!seen->path || !str_eq(str_of(seen->path, seen->path_bytes), path)) {
		mem_free(seen->path);
		seen->path = mem_new(path.n + 1, 1);
		memcpy(seen->path, path.p, path.n);
		seen->path_bytes = path.n;
	}
	seen->id = m->id;
	seen->parent = m->parent;
	seen->uid_next = m->uid_next;
	seen->messages = m->messages;
	seen->unseen = m->unseen;
	seen->modseq = m->modseq;
	seen->highest_modseq = m->highest_modseq;
	seen->is_subscribed = m->is_subscribed;
	seen->role = m->role;
	seen->events = events;
}

/* All mailboxes as they are. */
static enum fail
see_all(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	const struct account *a = s->account;
	struct buf path;

	seen_release(n);
	n->modseq = n->at_modseq = a->modseq;
	n->at = 0;
	n->noted = annotation_changes_count(a);
	if (!n->has_others)
		return FAIL_NONE;
	if (a->mailbox_count > NOTIFY_MAILBOXES_MAX)
		return FAIL_LIMIT;
	n->seen = mem_new(a->mailbox_count + 1, sizeof(*n->seen));
	buf_init(&path, IMAP_NAME_MAX);
	for (size_t i = 0; i < a->mailbox_count; i++) {
		const struct mailbox *m = a->mailboxes[i];

		buf_clear(&path);
		mailbox_path_write(a, m, &path);
		imap_notify_see(&n->seen[n->seen_count++], m,
		    imap_notify_events(s, m, buf_str(&path)), buf_str(&path));
	}
	buf_release(&path);
	return FAIL_NONE;
}

enum fail
imap_notify_start(struct imap_session *s, struct imap_notify *n)
{
	imap_notify_release(s);
	s->notify = n;
	n->fetch_next = 1;
	imap_content_init(&n->content, s);
	for (size_t i = 0; i < n->request.group_count; i++) {
		const struct notify_group *g = &n->request.groups[i];

		if (g->filter == NOTIFY_SELECTED || g->filter == NOTIFY_DELAYED) {
			n->selected = g->events;
			n->is_delayed = g->filter == NOTIFY_DELAYED;
		} else if (g->events != 0) {
			n->has_others = true;
			n->has_server_metadata |= (g->events & NOTIFY_SERVER_METADATA) != 0;
		}
	}
	if (n->has_others)
		mail_watch_start(&n->watch, s->account, 0, &s->task);
	return see_all(s);
}

bool
imap_notify_is_quiet(const struct imap_session *s)
{
	return s->notify && s->notify->modseq == s->account->modseq &&
	    s->notify->noted == annotation_changes_count(s->account);
}

void
imap_notify_skip(struct imap_session *s)
{
	if (s->notify && !imap_notify_is_quiet(s) && see_all(s) != FAIL_NONE)
		imap_notify_overflow(s, "There are too many mailboxes");
}

void
imap_notify_stop(struct imap_notify *n)
{
	mail_watch_stop(&n->watch);
	seen_release(n);
	n->has_others = false;
	n->request.has_fetch = false;
	n->selected = 0;
}

void
imap_notify_overflow(struct imap_session *s, const char *why)
{
	struct buf *out = conn_out(s->conn);

	log_info(&s->log, "imap.notify.overflow", LOG_NUM("mailboxes", s->account->mailbox_count));
	buf_add_c(out, "* OK [NOTIFICATIONOVERFLOW] ");
	buf_add_c(out, why);
	buf_add_c(out, "\r\n");
	imap_notify_stop(s->notify);
}

/* --- the selected mailbox ------------------------------------------------------------------------- */

void
imap_notify_arrived(struct imap_session *s, uint32_t first_uid, uint32_t last_uid)
{
	struct imap_notify *n = s->notify;

	if (is_free(s) || !n->request.has_fetch)
		return;
	if (n->fetch_next > n->fetch_last)
		n->fetch_next = first_uid;
	n->fetch_last = last_uid;
}

void
imap_notify_own(struct imap_session *s, const struct mailbox *m, uint32_t uid)
{
	if (s->notify && s->notify->request.has_fetch && m && imap_box_is(s, m))
		imap_ranges_add(&s->notify->own, uid);
}

void
imap_notify_left(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	n->fetch_next = 1;
	n->fetch_last = 0;
	imap_ranges_release(&n->own);
}

bool
imap_notify_is_broken(const struct imap_session *s)
{
	return s->notify && s->notify->is_broken;
}

bool
imap_notify_tell(struct imap_session *s, bool is_idle)
{
	struct imap_notify *n = s->notify;
	bool is_done;

	(void)mail_watch_take(&n->watch);
	is_done = imap_notify_fetch(s);
	if (is_done && imap_is_selected(s))
		is_done = imap_update(s, is_idle || !n->is_delayed) && imap_notify_fetch(s);
	if (is_done && imap_is_selected(s))
		imap_modseq_settle(s);
	if (is_done)
		is_done = imap_notify_changes(s) && imap_notify_metadata(s);
	if (!is_done && !conn_is_high(s->conn))
		task_wake(&s->task); /* the slice was used up */
	return is_done;
}

/* RFC 5465 3.1 */
static unsigned
status_items(const struct imap_session *s, unsigned events)
{
	unsigned items = STATUS_UIDVALIDITY;

	if (s->have & HAVE_CONDSTORE) /* RFC 5465 5.1 */
		items |= STATUS_HIGHESTMODSEQ;
	if (events & NOTIFY_NEW)
		items |= STATUS_MESSAGES | STATUS_UIDNEXT;
	if (events & NOTIFY_FLAGS)
		items |= STATUS_UNSEEN;
	return items;
}

void
imap_notify_status(struct imap_session *s, struct buf *out)
{
	const struct imap_notify *n = s->notify;

	for (size_t i = 0; i < n->seen_count; i++) {
		const struct notify_seen *seen = &n->seen[i];
		const struct mailbox *m = mailbox_get(s->account, seen->id);

		if (!m || !(seen->events & NOTIFY_MESSAGES) || imap_box_is(s, m))
			continue;
		buf_add_c(out, "* ");
		imap_status_write(s, out, m, status_items(s, seen->events));
	}
}
