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
#include "mail/subscription.h"

void
imap_notify_release(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	imap_notify_drop_all(n);
	imap_content_release(&n->content);
	imap_ranges_release(&n->own);
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
is_named(const struct notify_group *g, struct str path)
{
	for (size_t i = 0; i < g->name_count; i++) {
		bool is_same = str_eq(g->names[i], path) ||
		    (imap_name_is_inbox(path) && imap_name_is_inbox(g->names[i]));

		if (is_same ||
		    (g->filter == NOTIFY_SUBTREE && imap_name_is_below(path, g->names[i])))
			return true;
	}
	return false;
}

static bool
is_in_group(const struct imap_session *s, const struct notify_group *g, const struct mailbox *m,
    struct str path, bool is_subscribed)
{
	switch (g->filter) {
	case NOTIFY_SELECTED:
	case NOTIFY_DELAYED: return false;
	case NOTIFY_INBOXES: /* RFC 5465 6.3: filters may deliver anywhere */
	case NOTIFY_PERSONAL: return imap_is_own(s, m->account);
	case NOTIFY_SUBSCRIBED: return is_subscribed;
	case NOTIFY_SUBTREE:
	case NOTIFY_MAILBOXES: return is_named(g, path);
	case NOTIFY_FILTER_COUNT: break;
	}
	return false;
}

unsigned
imap_notify_events(const struct imap_session *s, const struct mailbox *m, struct str path,
    bool is_subscribed)
{
	const struct notify_request *r = &s->notify->request;
	unsigned events = 0;

	for (size_t i = 0; i < r->group_count; i++)
		if ((r->groups[i].events & ~events) &&
		    is_in_group(s, &r->groups[i], m, path, is_subscribed))
			events |= r->groups[i].events;
	return events;
}

/* Names of it are in `top` or below; a subtree may begin above it. */
static bool
group_names(const struct notify_group *g, struct str top)
{
	for (size_t i = 0; g->events != 0 && i < g->name_count; i++)
		if (str_eq(g->names[i], top) || imap_name_is_below(g->names[i], top) ||
		    (g->filter == NOTIFY_SUBTREE && imap_name_is_below(top, g->names[i])))
			return true;
	return false;
}

bool
imap_notify_names(const struct imap_session *s, struct str top)
{
	const struct notify_request *r = &s->notify->request;

	for (size_t i = 0; i < r->group_count; i++)
		if (group_names(&r->groups[i], top))
			return true;
	return false;
}

/* Could a group have mailboxes of other accounts? */
static bool
may_be_shared(struct imap_session *s, const struct notify_group *g)
{
	enum mail_namespace space;

	if (!imap_offers(s, CAP_ACL) || g->events == 0)
		return false;
	for (size_t i = 0; i < g->name_count; i++)
		if (imap_in_namespace(s, g->names[i], &space))
			return true;
	return g->filter == NOTIFY_SUBSCRIBED;
}

/* --- beginning and end ---------------------------------------------------------------------------- */

static void
groups_read(struct imap_session *s, struct imap_notify *n)
{
	for (size_t i = 0; i < n->request.group_count; i++) {
		const struct notify_group *g = &n->request.groups[i];

		if (g->filter == NOTIFY_SELECTED || g->filter == NOTIFY_DELAYED) {
			n->selected = g->events;
			n->is_delayed = g->filter == NOTIFY_DELAYED;
			continue;
		}
		n->has_others |= g->events != 0;
		n->has_shared |= may_be_shared(s, g);
		n->has_server_metadata |= (g->events & NOTIFY_SERVER_METADATA) != 0;
	}
}

enum fail
imap_notify_start(struct imap_session *s, struct imap_notify *n)
{
	imap_notify_release(s);
	s->notify = n;
	n->fetch_next = 1;
	imap_content_init(&n->content, s);
	groups_read(s, n);
	if (n->has_shared)
		mail_watch_sharing(&n->sharing, s->service->mail, &s->task);
	return n->has_others ? imap_notify_find(s, true) : FAIL_NONE;
}

static bool
is_seen(const struct notify_account *w)
{
	return w->modseq == w->account->modseq && w->noted == annotation_changes_count(w->account);
}

bool
imap_notify_is_quiet(const struct imap_session *s)
{
	const struct imap_notify *n = s->notify;

	for (size_t i = 0; n && i < n->account_count; i++)
		if (n->accounts[i]->is_due || !is_seen(n->accounts[i]))
			return false;
	return n && !imap_notify_is_stale(s);
}

void
imap_notify_skip(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	enum fail fail = FAIL_NONE;

	if (!n)
		return;
	if (n->has_shared && n->subscriptions != subscription_changes(s->account))
		fail = imap_notify_find(s, true);
	for (size_t i = n->account_count; fail == FAIL_NONE && i-- > 0;)
		if (!n->accounts[i]->is_wanted)
			imap_notify_drop(n, i);
		else if (!is_seen(n->accounts[i]))
			fail = imap_notify_see_all(s, n->accounts[i]);
	if (fail == FAIL_LIMIT)
		imap_notify_overflow(s, "There are too many mailboxes");
}

bool
imap_notify_is_lost(const struct imap_session *s)
{
	const struct imap_notify *n = s->notify;

	for (size_t i = 0; n && i < n->account_count; i++)
		if (n->accounts[i]->account->is_lost)
			return true;
	return false;
}

void
imap_notify_stop(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	imap_notify_drop_all(n);
	n->has_others = n->has_shared = false;
	n->request.has_fetch = false;
	n->selected = 0;
}

void
imap_notify_overflow(struct imap_session *s, const char *why)
{
	struct buf *out = conn_out(s->conn);

	log_info(&s->log, "imap.notify.overflow",
	    LOG_NUM("mailboxes", imap_notify_count(s->notify)));
	buf_add_c(out, "* OK [NOTIFICATIONOVERFLOW] ");
	buf_add_c(out, why);
	buf_add_c(out, "\r\n");
	imap_notify_stop(s);
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

	(void)mail_watch_take(&n->sharing);
	for (size_t i = 0; i < n->account_count; i++)
		(void)mail_watch_take(&n->accounts[i]->watch);
	is_done = imap_notify_fetch(s);
	if (is_done && imap_is_selected(s))
		is_done = imap_update(s, is_idle || !n->is_delayed) && imap_notify_fetch(s);
	if (is_done && imap_is_selected(s))
		imap_modseq_settle(s);
	if (is_done)
		is_done = imap_notify_changes(s) && imap_notify_metadata(s);
	if (!is_done && !conn_is_high(s->conn) && !imap_is_waiting(s))
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

static void
account_status(struct imap_session *s, const struct notify_account *w, struct buf *out)
{
	for (size_t i = 0; i < w->seen_count; i++) {
		const struct notify_seen *seen = &w->seen[i];
		const struct mailbox *m = mailbox_get(w->account, seen->id);

		if (!m || !(seen->events & NOTIFY_MESSAGES) || imap_box_is(s, m))
			continue;
		buf_add_c(out, "* ");
		imap_status_write(s, out, m, status_items(s, seen->events));
	}
}

void
imap_notify_status(struct imap_session *s, struct buf *out)
{
	for (size_t i = 0; i < s->notify->account_count; i++)
		account_status(s, s->notify->accounts[i], out);
}

void
imap_notify_denied(struct imap_session *s, struct buf *out)
{
	for (size_t k = 0; k < s->notify->account_count; k++) {
		const struct notify_account *w = s->notify->accounts[k];

		for (size_t i = 0; i < w->seen_count; i++) {
			const struct mailbox *m = mailbox_get(w->account, w->seen[i].id);

			if (m && w->seen[i].is_denied)
				imap_notify_denied_write(s, out, m);
		}
	}
}
