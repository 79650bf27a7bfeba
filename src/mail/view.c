#include "mail/view.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"
#include "mail/session.h"

static struct view_private *
view_inner(const struct view *v)
{
	return v->private;
}

static size_t
view_bytes(const struct view_private *v)
{
	return sizeof(*v) + v->cap * sizeof(*v->view.entries) +
	    (v->cap / VIEW_SPAN + 1) * sizeof(*v->view.spans);
}

/* --- loading ------------------------------------------------------------------------------------------ */

/* entries[at] stands there now: its span spans it, too, or begins with it. */
static void
span_take(struct view *v, size_t at)
{
	struct view_span *span = v->spans + at / VIEW_SPAN;
	int64_t received_s = v->entries[at].received_s;

	if (at % VIEW_SPAN == 0)
		*span = (struct view_span){ received_s, received_s };
	else if (received_s < span->earliest_s)
		span->earliest_s = received_s;
	else if (received_s > span->latest_s)
		span->latest_s = received_s;
}

static void
make_room(struct view_private *v, size_t cap)
{
	v->cap = cap;
	v->view.entries = mem_resize(v->view.entries, cap, sizeof(*v->view.entries));
	v->view.spans = mem_resize(v->view.spans, cap / VIEW_SPAN + 1, sizeof(*v->view.spans));
}

static void
entry_append(struct view_private *v, const struct view_entry *entry)
{
	if (v->view.count == v->cap)
		make_room(v, v->cap + v->cap / 4 + 16);
	v->view.entries[v->view.count] = *entry;
	span_take(&v->view, v->view.count++);
}

static enum fail
view_load(struct txn *t, void *arg)
{
	struct view_private *v = arg;
	struct key from = key_account(SPACE_VIEW, v->view.account->id), to;
	struct view_entry entry = { .uid = 0 };
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	key_u32(&from, v->view.mailbox);
	to = key_after(from);
	v->view.count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		fail = view_record_read(value, &entry);
		key_read(&r, str_from(key, from.n));
		entry.uid = key_read_u32(&r);
		if (fail == FAIL_NONE)
			entry_append(v, &entry);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

static struct view_private *
view_in_memory(const struct account_private *p, uint32_t mailbox)
{
	for (struct list_node *n = list_first(&p->views); n; n = list_next(&p->views, n)) {
		struct view_private *v = container_of(n, struct view_private, node);

		if (v->view.mailbox == mailbox)
			return v;
	}
	return NULL;
}

uint64_t
views_email(const struct account_private *p, uint32_t mailbox, uint32_t uid)
{
	const struct view_private *v = view_in_memory(p, mailbox);
	const struct view_entry *entry = v ? view_find(&v->view, uid) : NULL;

	return entry ? entry->email_id : 0;
}

static void
view_free(struct view_private *v)
{
	struct account *a = v->view.account;

	list_remove(&v->node);
	if (list_linked(&v->idle)) {
		list_remove(&v->idle);
		a->mail->idle_view_bytes -= view_bytes(v);
	}
	mem_free(v->view.entries);
	mem_free(v->view.spans);
	mem_free(v);
	account_close(&a);
}

enum fail
view_open(struct account *a, uint32_t mailbox, struct view **out)
{
	struct mailbox *m = mailbox_get(a, mailbox);
	struct view_private *v;
	enum fail fail = account_usable(a);

	*out = NULL;
	if (fail || !m)
		return fail ? fail : FAIL_MISSING;
	v = view_in_memory(account_inner(a), mailbox);
	if (!v) {
		v = mem_new(1, sizeof(*v));
		v->view.account = account_ref(a);
		v->view.mailbox = mailbox;
		v->view.private = v;
		make_room(v, (size_t)m->messages + m->messages / 16 + 16);
		fail = store_read(a->mail->store, view_load, v);
		if (fail) {
			view_free(v);
			return fail;
		}
		list_append(&account_inner(a)->views, &v->node);
	} else if (list_linked(&v->idle)) {
		list_remove(&v->idle);
		a->mail->idle_view_bytes -= view_bytes(v);
	}
	v->refs++;
	*out = &v->view;
	return FAIL_NONE;
}

/* --- keeping ------------------------------------------------------------------------------------------- */

void
views_trim(struct mail *m, size_t bytes)
{
	int64_t now_ms = clock_mono_ms();
	struct list_node *node;

	while ((node = list_first(&m->idle_views)) != NULL) {
		struct view_private *v = container_of(node, struct view_private, idle);

		if (m->idle_view_bytes <= bytes && now_ms < v->idle_since_ms + VIEW_KEEP_MS)
			break;
		view_free(v);
	}
	node = list_first(&m->idle_views);
	if (m->loop && node)
		timer_start(m->loop, &m->idle_timer, &m->idle_task,
		    container_of(node, struct view_private, idle)->idle_since_ms + VIEW_KEEP_MS);
}

void
view_close(struct view **pv)
{
	struct view_private *v;
	struct mail *m;

	if (!*pv)
		return;
	v = view_inner(*pv);
	*pv = NULL;
	if (--v->refs > 0)
		return;
	if (!list_linked(&v->node)) { /* forgotten */
		view_free(v);
		return;
	}
	m = v->view.account->mail;
	v->idle_since_ms = clock_mono_ms();
	list_append(&m->idle_views, &v->idle);
	m->idle_view_bytes += view_bytes(v);
	views_trim(m, m->idle_view_limit);
}

void
views_forget(struct account_private *p, uint32_t mailbox)
{
	struct list_node *node = list_first(&p->views), *next;

	for (; node; node = next) {
		struct view_private *v = container_of(node, struct view_private, node);

		next = list_next(&p->views, node);
		if (mailbox && v->view.mailbox != mailbox)
			continue;
		list_remove(&v->node);
		for (struct list_node *n = list_first(&v->sessions); n;
		     n = list_next(&v->sessions, n))
			container_of(n, struct view_session, node)->is_gone = true;
		if (v->refs == 0)
			view_free(v);
	}
}

/* --- searching ------------------------------------------------------------------------------------------ */

size_t
view_lower(const struct view *v, uint32_t uid)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->entries[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct view_entry *
view_find(const struct view *v, uint32_t uid)
{
	size_t at = view_lower(v, uid);

	return at < v->count && v->entries[at].uid == uid ? v->entries + at : NULL;
}

/* --- following changes ------------------------------------------------------------------------------------ */

static void
delta_apply(struct view_private *v, const struct delta *d, const struct view_session *by)
{
	struct view_entry *entry;
	size_t at;

	if (d->type == DELTA_ADD) {
		entry_append(v, &d->entry);
		return;
	}
	at = view_lower(&v->view, d->entry.uid);
	if (at == v->view.count || v->view.entries[at].uid != d->entry.uid)
		return;
	entry = v->view.entries + at;
	if (d->type == DELTA_REMOVE) {
		entry->email_id = 0; /* taken out by view_compact() */
		entry->modseq = d->entry.modseq;
		v->removed_from = size_min(v->removed_from, at);
		return;
	}
	*entry = d->entry;
	for (struct list_node *n = list_first(&v->sessions); n; n = list_next(&v->sessions, n)) {
		struct view_session *s = container_of(n, struct view_session, node);

		if (s != by || !d->is_asked)
			session_flags_changed(s, entry);
	}
}

/* Take out removed entries; sessions that know them keep ghosts. */
static void
view_compact(struct view_private *v)
{
	struct view *view = &v->view;
	size_t kept = v->removed_from;

	for (size_t i = v->removed_from; i < view->count; i++) {
		struct view_entry *entry = view->entries + i;

		if (entry->email_id != 0) {
			view->entries[kept] = *entry;
			span_take(view, kept++);
			continue;
		}
		for (struct list_node *n = list_first(&v->sessions); n;
		     n = list_next(&v->sessions, n))
			session_expunged(container_of(n, struct view_session, node), entry, kept);
	}
	view->count = kept;
}

void
views_apply(struct account_private *p, const struct delta *deltas, size_t count,
    const struct view_session *by)
{
	for (struct list_node *n = list_first(&p->views); n; n = list_next(&p->views, n)) {
		struct view_private *v = container_of(n, struct view_private, node);
		size_t bytes = view_bytes(v);

		v->removed_from = SIZE_MAX;
		for (size_t i = 0; i < count; i++)
			if (deltas[i].mailbox == v->view.mailbox)
				delta_apply(v, deltas + i, by);
		if (v->removed_from < v->view.count)
			view_compact(v);
		if (list_linked(&v->idle))
			p->account.mail->idle_view_bytes += view_bytes(v) - bytes;
	}
}
