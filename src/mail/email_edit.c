/* What a changed Email means for records, indexes, counters and the log (inner.h). */
/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

#define EXPUNGED_PRUNED 100 /* at least this many at a time */

/* --- loading ----------------------------------------------------------------------------------------- */

static enum fail
record_of(struct edit *e, uint64_t id, struct str *out)
{
	struct key k;

	*out = email_ahead_take(e, id);
	if (out->p)
		return FAIL_NONE;
	k = key_id(SPACE_EMAIL, e->account->id, id);
	return txn_get(e->txn, key_str(&k), out);
}

enum fail
email_edit_load(struct edit *e, uint64_t id)
{
	struct email_edit *w = &e->email;
	struct email_record r;
	struct str value;
	enum fail fail = record_of(e, id, &value);

	if (fail == FAIL_NONE)
		fail = email_record_read(value, w->was, EMAIL_MEMBERSHIPS_MAX, &r);
	if (fail)
		return fail;
	w->id = id;
	w->thread_id = r.thread_id;
	w->size = r.size;
	w->received_s = r.received_s;
	w->is_new = false;
	w->was_keywords = w->keywords = r.keywords;
	w->modseq = r.modseq;
	w->created_modseq = r.created_modseq;
	w->was_count = w->now_count = r.member_count;
	memcpy(w->now, w->was, r.member_count * sizeof(w->now[0]));
	return FAIL_NONE;
}

/* Load an Email and find this membership; FAIL_MISSING: one of them is not there. */
static enum fail
load_with(struct edit *e, uint64_t id, uint32_t mailbox, uint32_t uid, size_t *at_out)
{
	struct email_edit *w = &e->email;
	enum fail fail = email_edit_load(e, id);

	for (size_t i = 0; fail == FAIL_NONE && i < w->now_count; i++) {
		if (w->now[i].mailbox == mailbox && w->now[i].uid == uid) {
			*at_out = i;
			return FAIL_NONE;
		}
	}
	return fail ? fail : FAIL_MISSING;
}

static enum fail
look_up(struct edit *e, uint32_t mailbox, uint32_t uid, size_t *at_out)
{
	struct key k = key_view(e->account->id, mailbox, uid);
	struct view_entry entry;
	struct str value;
	enum fail fail = email_edit_settle(e);

	if (fail == FAIL_NONE)
		fail = txn_get(e->txn, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = view_record_read(value, &entry);
	if (fail)
		return fail;
	fail = load_with(e, entry.email_id, mailbox, uid, at_out);
	return fail == FAIL_MISSING ? FAIL_PERM : fail;
}

/* A view in memory mostly knows which Email it is; what is not as it says is looked up. */
enum fail
email_edit_at(struct edit *e, uint32_t mailbox, uint32_t uid, size_t *at_out)
{
	uint64_t id = views_email(e->p, mailbox, uid);
	enum fail fail = id ? load_with(e, id, mailbox, uid, at_out) : FAIL_MISSING;

	return fail == FAIL_MISSING ? look_up(e, mailbox, uid, at_out) : fail;
}

enum fail
email_edit_join(struct edit *e, uint32_t mailbox, bool is_deleted)
{
	struct email_edit *w = &e->email;
	struct mailbox_edit *m = edit_mailbox(e, mailbox);
	size_t at = 0;

	if (!m || m->now.is_dead)
		return FAIL_MISSING;
	if (w->now_count == EMAIL_MEMBERSHIPS_MAX || m->now.uid_next == UINT32_MAX)
		return FAIL_LIMIT;
	while (at < w->now_count && w->now[at].mailbox <= mailbox)
		at++;
	memmove(w->now + at + 1, w->now + at, (w->now_count - at) * sizeof(w->now[0]));
	w->now[at] = (struct membership){ .mailbox = mailbox,
		.uid = m->now.uid_next++,
		.is_deleted = is_deleted,
		.saved_s = clock_wall_s() };
	w->now_count++;
	return FAIL_NONE;
}

void
email_edit_leave(struct edit *e, size_t at)
{
	struct email_edit *w = &e->email;

	w->now_count--;
	memmove(w->now + at, w->now + at + 1, (w->now_count - at) * sizeof(w->now[0]));
}

/* --- memberships --------------------------------------------------------------------------------------- */

static void
count_u32(uint32_t *counter, bool is_more)
{
	if (is_more)
		++*counter;
	else if (*counter > 0)
		--*counter;
}

static void
count_u64(uint64_t *counter, uint64_t n, bool is_more)
{
	if (is_more)
		*counter += n;
	else
		*counter -= *counter < n ? *counter : n;
}

/* Count one membership in or out of what IMAP counts. */
static void
membership_count(struct mailbox *m, const struct email_edit *w, bool is_deleted, uint64_t keywords,
    bool is_more)
{
	count_u32(&m->messages, is_more);
	count_u64(&m->size, w->size, is_more);
	if (!(keywords & FLAG_SEEN))
		count_u32(&m->unseen, is_more);
	if (is_deleted) {
		count_u32(&m->deleted, is_more);
		count_u64(&m->deleted_size, w->size, is_more);
	}
}

static enum fail
expunged_prune(struct edit *e, struct mailbox *m, uint32_t count)
{
	struct key from = key_account(SPACE_EXPUNGED, e->account->id), to;
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_NONE, end;

	key_u32(&from, m->id);
	to = key_after(from);
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && count > 0 && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		m->expunged_floor = u64_max(m->expunged_floor, key_read_u64(&r));
		count_u32(&m->expunged_count, false);
		count--;
		fail = txn_delete(e->txn, key);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
email_edit_settle(struct edit *e)
{
	struct view_gone gone = e->gone;
	struct key from, to;

	e->gone.mailbox = 0;
	if (gone.mailbox == 0)
		return FAIL_NONE;
	from = key_view(e->account->id, gone.mailbox, gone.first);
	if (gone.first == gone.last)
		return txn_delete(e->txn, key_str(&from));
	to = key_view(e->account->id, gone.mailbox, gone.last + 1);
	return txn_delete_range(e->txn, key_str(&from), key_str(&to));
}

/* Its view entry goes with those around it: a search in the store less for each. */
static enum fail
view_leave(struct edit *e, const struct membership *was)
{
	struct view_gone *gone = &e->gone;
	enum fail fail;

	if (gone->mailbox == was->mailbox && was->uid == gone->last + 1) {
		gone->last++;
		return FAIL_NONE;
	}
	fail = email_edit_settle(e);
	*gone = (struct view_gone){ was->mailbox, was->uid, was->uid };
	return fail;
}

static enum fail
membership_remove(struct edit *e, const struct membership *was, uint64_t modseq)
{
	struct email_edit *w = &e->email;
	struct mailbox_edit *m = edit_mailbox(e, was->mailbox);
	struct view_entry gone = { .uid = was->uid, .modseq = modseq };
	struct key k;
	enum fail fail = view_leave(e, was);

	if (fail || !m)
		return fail ? fail : FAIL_PERM;
	membership_count(&m->now, w, was->is_deleted, w->was_keywords, false);
	m->now.highest_modseq = modseq;
	m->bits |= MAIL_CHANGED_EMAILS;
	edit_delta(e, DELTA_REMOVE, was->mailbox, &gone);
	if (m->now.is_dead)
		return FAIL_NONE;
	k = key_expunged(e->account->id, was->mailbox, modseq, was->uid);
	buf_clear(&e->value);
	expunged_record_write(&e->value,
	    &(struct expunged_record){ w->id, w->thread_id, was->seen_modseq, was->is_deleted });
	fail = edit_put(e, &k);
	m->now.expunged_count++;
	if (fail == FAIL_NONE && m->now.expunged_count > EXPUNGED_UIDS_MAX)
		fail = expunged_prune(e, &m->now,
		    m->now.expunged_count - EXPUNGED_UIDS_MAX + EXPUNGED_PRUNED);
	return fail;
}

/* Write the view entry of a membership that is new (was NULL) or changed. */
static enum fail
membership_put(struct edit *e, const struct membership *was, struct membership *now,
    uint64_t modseq)
{
	struct email_edit *w = &e->email;
	struct mailbox_edit *m = edit_mailbox(e, now->mailbox);
	struct key k = key_view(e->account->id, now->mailbox, now->uid);
	struct view_entry entry = { .uid = now->uid,
		.size = w->size,
		.flags = w->keywords | (now->is_deleted ? FLAG_DELETED : 0),
		.modseq = modseq,
		.email_id = w->id,
		.thread_id = w->thread_id,
		.received_s = w->received_s };

	if (!m)
		return FAIL_PERM;
	now->modseq = modseq;
	if (!was || was->is_deleted != now->is_deleted)
		now->seen_modseq = modseq;
	if (was)
		membership_count(&m->now, w, was->is_deleted, w->was_keywords, false);
	membership_count(&m->now, w, now->is_deleted, w->keywords, true);
	m->now.highest_modseq = modseq;
	m->now.keywords |= w->keywords;
	m->bits |= MAIL_CHANGED_EMAILS | (was ? 0u : MAIL_ARRIVED);
	edit_delta(e, was ? DELTA_SET : DELTA_ADD, now->mailbox, &entry);
	buf_clear(&e->value);
	view_record_write(&e->value, &entry);
	return edit_put(e, &k);
}

static int
membership_cmp(const struct membership *a, const struct membership *b)
{
	if (a->mailbox != b->mailbox)
		return a->mailbox < b->mailbox ? -1 : 1;
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

/* Walk was[] and now[], both ascending, in step. */
static enum fail
memberships_follow(struct edit *e, uint64_t modseq)
{
	struct email_edit *w = &e->email;
	bool has_new_keywords = w->was_keywords != w->keywords;
	size_t i = 0, k = 0;
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE && (i < w->was_count || k < w->now_count)) {
		int order = i == w->was_count ? 1
		    : k == w->now_count       ? -1
					      : membership_cmp(w->was + i, w->now + k);

		if (order < 0) {
			fail = membership_remove(e, w->was + i++, modseq);
		} else if (order > 0) {
			fail = membership_put(e, NULL, w->now + k++, modseq);
		} else {
			if (has_new_keywords || w->was[i].is_deleted != w->now[k].is_deleted)
				fail = membership_put(e, w->was + i, w->now + k, modseq);
			i++, k++;
		}
	}
	return fail;
}

/* --- what JMAP sees -------------------------------------------------------------------------------------- */

size_t
email_visible_in(const struct membership *members, size_t count, uint32_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!members[i].is_deleted && (n == 0 || out[n - 1] != members[i].mailbox))
			out[n++] = members[i].mailbox;
	return n;
}

static bool
is_unread(uint64_t keywords)
{
	return !(keywords & (FLAG_SEEN | FLAG_DRAFT));
}

/* Count an Email in or out of what JMAP counts of its mailboxes. */
static enum fail
presence_count(struct edit *e, const struct presence *p, bool is_more)
{
	for (size_t i = 0; i < p->count; i++) {
		struct mailbox_edit *m = edit_mailbox(e, p->mailboxes[i]);

		if (!m)
			return FAIL_PERM;
		count_u32(&m->now.total_emails, is_more);
		if (p->is_unread)
			count_u32(&m->now.unread_emails, is_more);
		m->has_counts = true;
	}
	return FAIL_NONE;
}

static bool
presence_equal(const struct presence *a, const struct presence *b)
{
	return a->count == b->count && a->is_unread == b->is_unread &&
	    memcmp(a->mailboxes, b->mailboxes, a->count * sizeof(*a->mailboxes)) == 0;
}

/* The index by receivedAt has the Emails that JMAP sees. */
static enum fail
received_follow(struct edit *e, bool is_visible)
{
	struct email_edit *w = &e->email;
	struct key k = key_received(e->account->id, w->received_s, w->id);

	if (!is_visible)
		return txn_delete(e->txn, key_str(&k));
	buf_clear(&e->value);
	number_record_write(&e->value, w->thread_id);
	return edit_put(e, &k);
}

/* The log has one entry for each visible Email, under its last change; a tombstone for others. */
static enum fail
log_follow(struct edit *e, uint64_t modseq, bool was_visible, bool is_visible)
{
	struct email_edit *w = &e->email;
	uint64_t id = e->account->id;
	struct key k = key_change(SPACE_LOG, id, CHANGE_EMAIL, w->modseq, w->id);
	enum fail fail = FAIL_NONE;

	e->counters.state[CHANGE_EMAIL] = modseq;
	e->bits |= MAIL_CHANGED_EMAILS;
	if (was_visible)
		fail = txn_delete(e->txn, key_str(&k));
	w->modseq = modseq;
	if (fail || !is_visible)
		return fail ? fail
			    : edit_tombstone(e, CHANGE_EMAIL, w->id, modseq, w->created_modseq);
	if (!was_visible)
		w->created_modseq = modseq;
	k = key_change(SPACE_LOG, id, CHANGE_EMAIL, modseq, w->id);
	buf_clear(&e->value);
	number_record_write(&e->value, w->created_modseq);
	return edit_put(e, &k);
}

static enum fail
visible_follow(struct edit *e, uint64_t modseq)
{
	struct email_edit *w = &e->email;
	uint32_t in_was[EMAIL_MEMBERSHIPS_MAX], in_now[EMAIL_MEMBERSHIPS_MAX];
	struct presence was = { in_was, email_visible_in(w->was, w->was_count, in_was),
		is_unread(w->was_keywords) };
	struct presence now = { in_now, email_visible_in(w->now, w->now_count, in_now),
		is_unread(w->keywords) };
	bool was_visible = was.count > 0, is_visible = now.count > 0;
	enum fail fail = FAIL_NONE;

	if (!was_visible && !is_visible)
		return FAIL_NONE;
	if (!presence_equal(&was, &now)) {
		fail = presence_count(e, &was, false);
		if (fail == FAIL_NONE)
			fail = presence_count(e, &now, true);
		if (fail == FAIL_NONE)
			fail = thread_follow(e, modseq, &was, &now);
	} else if (w->was_keywords == w->keywords) {
		return FAIL_NONE;
	}
	if (fail == FAIL_NONE && was_visible != is_visible)
		fail = received_follow(e, is_visible);
	return fail ? fail : log_follow(e, modseq, was_visible, is_visible);
}

/* --- the Email itself -------------------------------------------------------------------------------------- */

/* The last membership is gone: so are its records, and after the commit its file. */
static enum fail
email_remove(struct edit *e)
{
	struct email_edit *w = &e->email;
	uint64_t id = e->account->id;
	struct key k = key_id(SPACE_STATIC, id, w->id);
	struct static_record s = { .id_count = 0 };
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = static_record_read(value, &s);
	if (fail == FAIL_NONE) {
		s.blob = arena_str(&e->arena, s.blob);
		if (!s.blob.p)
			fail = FAIL_LIMIT;
	}
	for (size_t i = 0; fail == FAIL_NONE && i < s.id_count; i++) {
		struct key hash = key_hash(id, s.ids[i].hash, w->id);

		fail = txn_delete(e->txn, key_str(&hash));
	}
	if (fail)
		return fail;
	fail = txn_delete(e->txn, key_str(&k));
	k = key_blob(id, s.blob);
	if (fail == FAIL_NONE)
		fail = txn_delete(e->txn, key_str(&k));
	k = key_id(SPACE_EMAIL, id, w->id);
	if (fail == FAIL_NONE)
		fail = txn_delete(e->txn, key_str(&k));
	count_u64(&e->counters.used_bytes, w->size, false);
	count_u64(&e->counters.used_messages, 1, false);
	if (fail == FAIL_NONE)
		fail = blob_delete_later(e->account->mail->blobs, e->txn, e->account->name, s.blob);
	return fail;
}

enum fail
email_save(struct edit *e)
{
	struct email_edit *w = &e->email;
	uint64_t modseq = edit_modseq(e);
	struct key k = key_id(SPACE_EMAIL, e->account->id, w->id);
	struct email_record r;
	enum fail fail = memberships_follow(e, modseq);

	if (fail == FAIL_NONE)
		fail = visible_follow(e, modseq);
	if (fail)
		return fail;
	if (w->now_count == 0)
		return email_remove(e);
	r = (struct email_record){ .thread_id = w->thread_id,
		.size = w->size,
		.received_s = w->received_s,
		.keywords = w->keywords,
		.modseq = w->modseq,
		.created_modseq = w->created_modseq,
		.members = w->now,
		.member_count = w->now_count };
	buf_clear(&e->value);
	email_record_write(&e->value, &r);
	return edit_put(e, &k);
}
