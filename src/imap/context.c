#include "imap/context.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/imap_string.h"

/* --- beginning and end -------------------------------------------------------------------------------------- */

static void
context_free(struct imap_context **at)
{
	struct imap_context *c = *at;

	imap_matcher_release(&c->matcher);
	arena_release(&c->arena);
	imap_ranges_release(&c->added);
	imap_ranges_release(&c->removed);
	buf_release(&c->key_bytes);
	mem_free(c->uids);
	mem_free(c->keys);
	mem_free(c);
	*at = NULL;
}

void
imap_contexts_end(struct imap_session *s)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++)
		if (s->contexts[i])
			context_free(&s->contexts[i]);
}

void
imap_context_cancel(struct imap_session *s, struct str tag)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++)
		if (s->contexts[i] && str_eq(s->contexts[i]->tag, tag))
			context_free(&s->contexts[i]);
}

bool
imap_context_has_tag(const struct imap_session *s)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++)
		if (s->contexts[i] && str_eq(s->contexts[i]->tag, s->run.tag))
			return true;
	return false;
}

/* "* NO [NOUPDATE "B02"] Too many contexts" (RFC 5267 4.3.1) */
static void
refused(struct buf *out, struct str tag, const char *why)
{
	buf_add_c(out, "* NO [NOUPDATE ");
	imap_string_write(out, tag);
	buf_add_c(out, "] ");
	buf_add_c(out, why);
	buf_add_c(out, "\r\n");
}

void
imap_context_refuse(struct imap_session *s, const char *why)
{
	refused(&s->run.before, s->run.tag, why);
}

/* "$" as it is now, for ever. */
static bool
saved_to_uids(struct imap_context *c, const struct imap_ranges *saved, struct imap_set *set)
{
	*set = (struct imap_set){ .count = saved->count };
	set->ranges = arena_alloc(&c->arena, saved->count + 1, sizeof(*set->ranges));
	for (size_t i = 0; set->ranges && i < saved->count; i++)
		set->ranges[i] = saved->ranges[i];
	return set->ranges != NULL;
}

/* Ranges of sequence numbers become ranges of the UIDs that they are now. */
static void
numbers_to_uids(const struct view_session *view, struct imap_set *set)
{
	uint32_t count = view_session_count(view);
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct imap_range r = set->ranges[i];

		if (r.first > count)
			break;
		if (r.last > count)
			r.last = count;
		set->ranges[kept++] = (struct imap_range){ view_session_uid(view, r.first, NULL),
			view_session_uid(view, r.last, NULL) };
	}
	set->count = kept;
}

/* Of a resolved tree; its depth is bounded (IMAP_SEARCH_DEPTH_MAX). */
static bool
freeze_numbers(struct imap_session *s, struct imap_context *c, struct imap_key *key)
{
	if (key->set.is_saved && !saved_to_uids(c, &s->saved, &key->set))
		return false;
	if (key->kind == KEY_SEQUENCE && key->set.ranges) {
		numbers_to_uids(&s->view, &key->set);
		key->kind = KEY_UID;
	}
	for (struct imap_key *child = key->child; child; child = child->next)
		if (!freeze_numbers(s, c, child))
			return false;
	return true;
}

/* Its own copy of tag and program. */
static bool
context_fill(struct imap_session *s, struct imap_context *c, const struct imap_search *search)
{
	struct imap_cursor cursor = { .at = arena_str(&c->arena, search->program),
		.arena = &c->arena };

	c->tag = arena_str(&c->arena, s->run.tag);
	c->search = *search;
	if (!cursor.at.p || !c->tag.p ||
	    imap_search_keys(&cursor, search->charset, &c->search) != FAIL_NONE)
		return false;
	imap_matcher_init(&c->matcher, s, &s->view);
	imap_search_resolve(c->search.root, view_session_count(&s->view),
	    view_session_last_uid(&s->view));
	return imap_matcher_prepare(&c->matcher, c->search.root) == FAIL_NONE &&
	    freeze_numbers(s, c, c->search.root);
}

/* Relevancy may change with every change of a message: such an order is not kept. */
static bool
can_keep_order(const struct imap_search *search)
{
	for (size_t i = 0; i < search->sort.count; i++)
		if (search->sort.criteria[i].by == IMAP_SORT_RELEVANCY)
			return false;
	return true;
}

struct imap_context *
imap_context_begin(struct imap_session *s, const struct imap_search *search, bool is_uid,
    uint64_t modseq)
{
	struct imap_context *c;
	size_t at = 0;

	while (at < IMAP_CONTEXTS_MAX && s->contexts[at])
		at++;
	if (at == IMAP_CONTEXTS_MAX || !can_keep_order(search)) {
		imap_context_refuse(s,
		    at == IMAP_CONTEXTS_MAX ? "Too many contexts" : "Not in this order");
		return NULL;
	}
	c = mem_new(1, sizeof(*c));
	c->is_uid = is_uid;
	c->is_sorted = search->sort.count > 0;
	c->told_modseq = modseq;
	arena_init(&c->arena, IMAP_CONTEXT_ARENA_BYTES);
	buf_init(&c->key_bytes, IMAP_CONTEXT_SORT_KEYS_BYTES);
	if (!context_fill(s, c, search)) {
		imap_context_refuse(s, "Too large a program");
		context_free(&c);
		return NULL;
	}
	s->contexts[at] = c;
	return c;
}

void
imap_context_search(struct imap_session *s, const struct imap_search *search, bool is_uid,
    uint64_t modseq, const struct imap_ranges *uids)
{
	struct imap_context *c = imap_context_begin(s, search, is_uid, modseq);

	for (size_t i = 0; c && i < uids->count; i++)
		for (uint32_t uid = uids->ranges[i].first;
		     uid <= uids->ranges[i].last && !c->is_over; uid++)
			imap_context_add(c, uid, STR(""));
}

/* --- telling ------------------------------------------------------------------------------------------------- */

/* "* ESEARCH (TAG "B01") UID", then " ADDTO (0 5)" by the caller. */
static struct buf *
line_begin(struct imap_session *s, const struct imap_context *c)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "* ESEARCH (TAG ");
	imap_string_write(out, c->tag);
	buf_add_c(out, c->is_uid ? ") UID" : ")");
	return out;
}

/* One message at one place of a sort; place 0 of a search. */
static void
one_told(struct imap_session *s, const struct imap_context *c, const char *how, size_t place,
    uint32_t number)
{
	struct buf *out = line_begin(s, c);

	buf_add_c(out, how);
	buf_add_u64(out, c->is_sorted ? place : 0);
	buf_add_char(out, ' ');
	buf_add_u64(out, number);
	buf_add_c(out, ")\r\n");
}

/* What a slice found of a search, as sets. */
static void
sets_told(struct imap_session *s, struct imap_context *c)
{
	struct buf *out;

	if (c->added.count == 0 && c->removed.count == 0)
		return;
	out = line_begin(s, c);
	if (c->added.count > 0) {
		buf_add_c(out, " ADDTO (0 ");
		imap_ranges_write(out, &c->added);
		buf_add_char(out, ')');
	}
	if (c->removed.count > 0) {
		buf_add_c(out, " REMOVEFROM (0 ");
		imap_ranges_write(out, &c->removed);
		buf_add_char(out, ')');
	}
	buf_add_c(out, "\r\n");
	imap_ranges_release(&c->added);
	imap_ranges_release(&c->removed);
}

bool
imap_contexts_count(const struct imap_session *s)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++)
		if (s->contexts[i] && !s->contexts[i]->is_uid)
			return true;
	return false;
}

void
imap_contexts_expunge(struct imap_session *s, uint32_t uid, uint32_t seq)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++) {
		struct imap_context *c = s->contexts[i];
		size_t place = c ? imap_context_take(c, uid) : 0;

		if (place > 0)
			one_told(s, c, " REMOVEFROM (", place, c->is_uid ? uid : seq);
	}
}

/* --- following changes --------------------------------------------------------------------------------------- */

static void
put(struct imap_session *s, struct imap_context *c, const struct view_seen *seen)
{
	uint32_t number = c->is_uid ? seen->uid : seen->seq;
	struct imap_sort_of of = { .entry = seen->entry };
	struct buf key;

	if (!c->is_sorted) {
		(void)imap_context_put(c, seen->uid, STR(""));
		imap_ranges_add(&c->added, number);
		return;
	}
	buf_init(&key, IMAP_CONTEXT_SORT_KEYS_BYTES);
	if (c->search.sort.needs_summary)
		of.summary = imap_matcher_outline(&c->matcher);
	imap_sort_key_write(&key, &c->search.sort, &of, &c->matcher.arena);
	one_told(s, c, " ADDTO (", imap_context_put(c, seen->uid, buf_str(&key)), number);
	buf_release(&key);
}

static void
take(struct imap_session *s, struct imap_context *c, const struct view_seen *seen)
{
	uint32_t number = c->is_uid ? seen->uid : seen->seq;
	size_t place = imap_context_take(c, seen->uid);

	if (c->is_sorted)
		one_told(s, c, " REMOVEFROM (", place, number);
	else
		imap_ranges_add(&c->removed, number);
}

/* One message: what was expunged does not match any more, whenever EXPUNGE may be told. False: later. */
static bool
follow(struct imap_session *s, struct imap_context *c, const struct view_seen *seen,
    struct imap_slice *slice)
{
	enum imap_match match = MATCH_NO;

	if (seen->entry && seen->entry->modseq <= c->told_modseq)
		return true;
	if (seen->entry)
		match = imap_matches(&c->matcher, c->search.root, seen, slice);
	if (match == MATCH_YES && c->search.sort.needs_summary && !imap_context_has(c, seen->uid))
		(void)imap_matcher_outline(&c->matcher);
	if (seen->entry && imap_matcher_is_cut(&c->matcher))
		return false;
	c->is_unreached = seen->entry && c->matcher.is_away;
	if (c->is_unreached) /* whether it matches is not known */
		return true;
	if ((match == MATCH_YES) == imap_context_has(c, seen->uid))
		return true;
	if (match == MATCH_YES)
		put(s, c, seen);
	else
		take(s, c, seen);
	return true;
}

/* Go on looking through the mailbox; false when the slice is used up. */
static bool
scan(struct imap_session *s, struct imap_context *c, struct imap_slice *slice)
{
	struct view_walk walk;
	struct view_seen seen;

	view_walk_start(&walk, &s->view, c->next);
	while (view_walk_next(&walk, &seen)) {
		bool is_over;

		c->next = seen.uid;
		if (!follow(s, c, &seen, slice))
			return false;
		if (c->is_over || c->is_unreached)
			return true;
		c->next = seen.uid + 1;
		is_over = imap_matcher_was_slow(&c->matcher) ? imap_slice_over_now(s, slice)
							     : imap_slice_over(s, slice);
		if (is_over)
			return false;
	}
	return true;
}

/* Until all that changed was matched again. */
static bool
context_update(struct imap_session *s, struct imap_context *c, struct imap_slice *slice)
{
	const struct mailbox *m = mailbox_get(c->matcher.account, s->view.view->mailbox);
	bool is_done;

	while (m && !c->is_over && !c->is_unreached && m->highest_modseq > c->told_modseq) {
		if (c->scan_modseq == 0) {
			c->scan_modseq = m->highest_modseq;
			c->next = 1;
		}
		is_done = scan(s, c, slice);
		sets_told(s, c);
		if (!is_done)
			return false;
		c->told_modseq = c->scan_modseq;
		c->scan_modseq = 0;
		imap_matcher_release(
		    &c->matcher); /* the last file and its memory, not what it is */
	}
	return true;
}

bool
imap_contexts_update(struct imap_session *s, struct imap_slice *slice)
{
	for (size_t i = 0; i < IMAP_CONTEXTS_MAX; i++) {
		if (!s->contexts[i])
			continue;
		if (!context_update(s, s->contexts[i], slice))
			return false;
		if (s->contexts[i]->is_over || s->contexts[i]->is_unreached) {
			refused(conn_out(s->conn), s->contexts[i]->tag,
			    s->contexts[i]->is_over ? "Too many results"
						    : "Some messages could not be read");
			context_free(&s->contexts[i]);
		}
	}
	return true;
}
