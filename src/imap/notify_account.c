/* NOTIFY: the accounts of which something is told, and their mailboxes as the user sees them. */
#include "imap/notify.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "imap/name.h"
#include "imap/rights.h"
#include "mail/annotation_changes.h"
#include "mail/subscription.h"

/* --- a mailbox ------------------------------------------------------------------------------------- */

/* Groups name one's own mailboxes by their paths, others' by those in the namespaces. */
static void
path_write(struct imap_session *s, const struct mailbox *m, struct buf *out)
{
	struct acl_user who = imap_user(s);

	if (imap_is_own(s, m->account))
		mailbox_path_write(m->account, m, out);
	else
		namespace_path_write(m, &who, out);
}

struct notify_box
imap_notify_look(struct imap_session *s, const struct mailbox *m, unsigned rights, struct buf *path)
{
	struct notify_box box = { .m = m, .rights = rights, .is_subscribed = m->is_subscribed };

	buf_clear(path);
	path_write(s, m, path);
	box.path = buf_str(path);
	if (!imap_is_own(s, m->account) &&
	    subscription_find(s->account, box.path, &box.is_subscribed) != FAIL_NONE)
		box.is_subscribed = false; /* the store fails: that is told elsewhere */
	box.events = imap_notify_events(s, m, box.path, box.is_subscribed);
	if (rights & ACL_READ)
		return box;
	/* RFC 5465 3.1: it is there, but its messages and annotations are not for this user */
	box.is_denied = (box.events & (NOTIFY_MESSAGES | NOTIFY_METADATA)) != 0;
	box.events &= NOTIFY_NAME | NOTIFY_SUBSCRIPTION;
	return box;
}

void
imap_notify_see(struct notify_seen *seen, const struct notify_box *box)
{
	const struct mailbox *m = box->m;

	if (!seen->path || !str_eq(str_of(seen->path, seen->path_bytes), box->path)) {
		mem_free(seen->path);
		seen->path = mem_new(box->path.n + 1, 1);
		memcpy(seen->path, box->path.p, box->path.n);
		seen->path_bytes = box->path.n;
	}
	seen->id = m->id;
	seen->parent = m->parent;
	seen->uid_next = m->uid_next;
	seen->messages = m->messages;
	seen->unseen = m->unseen;
	seen->modseq = m->modseq;
	seen->highest_modseq = m->highest_modseq;
	seen->role = m->role;
	seen->is_subscribed = box->is_subscribed;
	seen->is_denied = box->is_denied;
	seen->events = box->events;
}

/* --- an account ------------------------------------------------------------------------------------ */

static void
seen_release(struct notify_account *w)
{
	for (size_t i = 0; i < w->seen_count; i++)
		mem_free(w->seen[i].path);
	mem_free(w->seen);
	w->seen = NULL;
	w->seen_count = 0;
}

void
imap_notify_drop(struct imap_notify *n, size_t i)
{
	struct notify_account *w = n->accounts[i];

	mail_watch_stop(&w->watch);
	seen_release(w);
	account_close(&w->account);
	mem_free(w);
	n->accounts[i] = n->accounts[--n->account_count];
}

void
imap_notify_drop_all(struct imap_notify *n)
{
	while (n->account_count > 0)
		imap_notify_drop(n, n->account_count - 1);
	mail_watch_stop(&n->sharing);
}

size_t
imap_notify_count(const struct imap_notify *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->account_count; i++)
		count += n->accounts[i]->seen_count;
	return count;
}

enum fail
imap_notify_rights(struct imap_session *s, const struct notify_account *w, unsigned **out)
{
	size_t count = w->account->mailbox_count;
	struct acl_user who = imap_user(s);

	*out = mem_new(count + 1, sizeof(**out));
	if (!imap_is_own(s, w->account))
		return acl_rights_all(w->account, &who, *out);
	for (size_t i = 0; i < count; i++)
		(*out)[i] = ACL_ALL;
	return FAIL_NONE;
}

enum fail
imap_notify_see_all(struct imap_session *s, struct notify_account *w)
{
	const struct account *a = w->account;
	unsigned *rights;
	enum fail fail = imap_notify_rights(s, w, &rights);
	struct buf path;

	seen_release(w);
	w->modseq = w->at_modseq = a->modseq;
	w->noted = annotation_changes_count(a);
	w->at = 0;
	w->is_due = fail != FAIL_NONE;
	w->seen = mem_new(size_min(a->mailbox_count, NOTIFY_MAILBOXES_MAX) + 1, sizeof(*w->seen));
	buf_init(&path, IMAP_NAME_MAX);
	for (size_t i = 0; fail == FAIL_NONE && i < a->mailbox_count; i++) {
		struct notify_box box;

		if (!(rights[i] & ACL_LOOKUP))
			continue;
		if (imap_notify_count(s->notify) == NOTIFY_MAILBOXES_MAX) {
			fail = FAIL_LIMIT;
			break;
		}
		box = imap_notify_look(s, a->mailboxes[i], rights[i], &path);
		imap_notify_see(&w->seen[w->seen_count++], &box);
	}
	buf_release(&path);
	mem_free(rights);
	return fail;
}

/* --- which accounts --------------------------------------------------------------------------------- */

static bool
has_subscribed(const struct imap_notify *n)
{
	for (size_t i = 0; i < n->request.group_count; i++)
		if (n->request.groups[i].filter == NOTIFY_SUBSCRIBED &&
		    n->request.groups[i].events != 0)
			return true;
	return false;
}

struct finding { /* which accounts are wanted */
	struct imap_session *s;
	bool is_told;       /* new ones are taken as they are */
	struct arena arena; /* own */
	struct str *names;  /* arena; what the user is subscribed to, when groups want that */
	size_t name_count;
};

static bool
is_subscribed_below(const struct finding *f, struct str top)
{
	for (size_t i = 0; i < f->name_count; i++)
		if (imap_name_is_below(f->names[i], top))
			return true;
	return false;
}

/* Does a group reach into the account of this name, when it stands in this namespace? */
static bool
is_reached(const struct finding *f, enum mail_namespace space, struct str name)
{
	enum mail_namespace found;
	struct buf top;
	bool is_reached;

	if (!imap_in_namespace(f->s, namespace_names[space], &found))
		return false;
	buf_init(&top, IMAP_NAME_MAX);
	buf_add(&top, namespace_names[space]);
	buf_add_char(&top, IMAP_DELIMITER);
	buf_add(&top, name);
	is_reached =
	    imap_notify_names(f->s, buf_str(&top)) || is_subscribed_below(f, buf_str(&top));
	buf_release(&top);
	return is_reached;
}

/* This account is wanted: a new one takes a reference. FAIL_LIMIT: there are too many. */
static enum fail
want(struct imap_session *s, struct account *a, bool is_told)
{
	struct imap_notify *n = s->notify;
	struct notify_account *w;

	for (size_t i = 0; i < n->account_count; i++) {
		if (n->accounts[i]->account != a)
			continue;
		n->accounts[i]->is_wanted = true;
		return is_told ? imap_notify_see_all(s, n->accounts[i]) : FAIL_NONE;
	}
	if (n->account_count == NOTIFY_ACCOUNTS_MAX)
		return FAIL_LIMIT;
	w = n->accounts[n->account_count++] = mem_new(1, sizeof(*w));
	w->account = account_ref(a);
	w->is_wanted = w->is_due = true;
	w->noted = annotation_changes_count(a);
	mail_watch_start(&w->watch, a, 0, &s->task);
	return is_told ? imap_notify_see_all(s, w) : FAIL_NONE;
}

/*
 * An account that shares something, if a group reaches it. Its name says that without loading it, but for the
 * namespace; a name with a delimiter in it is no level.
 */
static enum fail
want_by_id(const struct finding *f, uint64_t id)
{
	struct imap_session *s = f->s;
	struct account_name name;
	struct account *a;
	enum fail fail = account_next(s->service->mail, id - 1, &name);
	struct str text = str_of(name.text, name.n);

	if (fail == FAIL_MISSING || (fail == FAIL_NONE && name.id != id))
		return FAIL_NONE; /* it was deleted meanwhile */
	if (fail != FAIL_NONE || str_eq(text, s->account->name) ||
	    str_find_char(text, IMAP_DELIMITER) != STR_NONE ||
	    (!is_reached(f, NAMESPACE_OTHERS, text) && !is_reached(f, NAMESPACE_SHARED, text)))
		return fail;
	fail = account_find_id(s->service->mail, id, &a);
	if (fail == FAIL_NONE && is_reached(f, imap_namespace_of(s, a), text))
		fail = want(s, a, f->is_told);
	account_close(&a);
	return fail;
}

/* Of all accounts that share something with the user. */
static enum fail
want_shared(struct imap_session *s, bool is_told)
{
	struct finding f = { .s = s, .is_told = is_told };
	struct acl_user who = imap_user(s);
	uint64_t *ids = mem_new(ACL_ACCOUNTS_MAX, sizeof(*ids));
	size_t count = 0;
	enum fail fail = acl_accounts(s->service->mail, &who, ids, ACL_ACCOUNTS_MAX, &count);

	arena_init(&f.arena, (size_t)SUBSCRIPTIONS_MAX * SUBSCRIPTION_NAME_MAX * 2);
	if (fail == FAIL_NONE && has_subscribed(s->notify))
		fail = subscription_list(s->account, &f.arena, &f.names, &f.name_count);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		fail = want_by_id(&f, ids[i]);
	arena_release(&f.arena);
	mem_free(ids);
	return fail;
}

bool
imap_notify_is_stale(const struct imap_session *s)
{
	const struct imap_notify *n = s->notify;

	return n->has_shared &&
	    (n->shared != acl_sharing(s->service->mail) ||
		n->subscriptions != subscription_changes(s->account));
}

enum fail
imap_notify_find(struct imap_session *s, bool is_told)
{
	struct imap_notify *n = s->notify;
	uint64_t shared = acl_sharing(s->service->mail);
	uint64_t subscriptions = subscription_changes(s->account);
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < n->account_count; i++) {
		n->accounts[i]->is_wanted = imap_is_own(s, n->accounts[i]->account);
		n->accounts[i]->is_due |= !n->accounts[i]->is_wanted;
	}
	if (n->account_count == 0)
		fail = want(s, s->account, is_told);
	if (fail == FAIL_NONE && n->has_shared)
		fail = want_shared(s, is_told);
	for (size_t i = 0; fail != FAIL_NONE && i < n->account_count; i++)
		n->accounts[i]->is_wanted = true; /* nobody knows: it is asked again */
	if (fail != FAIL_NONE)
		return fail;
	n->shared = shared;
	n->subscriptions = subscriptions;
	return FAIL_NONE;
}
