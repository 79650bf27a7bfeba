/* FETCH and UID FETCH (RFC 9051 6.4.5; CHANGEDSINCE and VANISHED of RFC 7162; PARTIAL of RFC 9394 3.3). */
#include "imap/fetch.h"

/* rooms */
#include "imap/fetch_content.h"
#include "imap/command.h"
#include "imap/message_limit.h"
#include "imap/modifier.h"
#include "imap/vanished.h"
#include "mail/email.h"
#include "imap/object_id.h"
#include "message/date.h"

/* What the mailbox's index answers. */
#define LIGHT_KINDS \
	(1u << FETCH_UID | 1u << FETCH_FLAGS | 1u << FETCH_INTERNALDATE | 1u << FETCH_SIZE | \
	    1u << FETCH_EMAILID | 1u << FETCH_THREADID | 1u << FETCH_MODSEQ)

/* What the stored summary answers. */
#define SUMMARY_KINDS \
	(1u << FETCH_ENVELOPE | 1u << FETCH_STRUCTURE | 1u << FETCH_BODYSTRUCTURE | \
	    1u << FETCH_PREVIEW)

/* What only the file answers. */
#define FILE_KINDS (1u << FETCH_BODY | 1u << FETCH_BINARY | 1u << FETCH_BINARY_SIZE)

struct fetch_work { /* arena: the command's */
	struct imap_walk walk;
	struct imap_fetch_list list;
	struct imap_content content;
	struct imap_fetch_modifiers modifiers;
	struct imap_vanished vanished; /* with VANISHED: told first */
	bool is_some_gone;
	/* the message under way */
	bool is_coming; /* nothing of it was told: its file may be far away */
	bool is_in;
	bool is_seen_new; /* \Seen was set because of us: the flags are told */
	size_t item;      /* the next one */
	uint32_t seq, uid;
	struct view_entry entry;
};

static void
fetch_release(struct imap_session *s)
{
	struct fetch_work *w = s->run.data;

	imap_content_release(&w->content);
}

/* --- items of the index --------------------------------------------------------------------------- */

static void
light_item(struct imap_session *s, struct buf *out, enum imap_fetch kind,
    const struct view_entry *e)
{
	switch (kind) {
	case FETCH_UID:
		buf_add(out, STR("UID "));
		buf_add_u64(out, e->uid);
		break;
	case FETCH_FLAGS: imap_flags_write(s, out, e); break;
	case FETCH_INTERNALDATE:
		buf_add(out, STR("INTERNALDATE \""));
		date_write_imap(out, e->received_s, 0);
		buf_add_char(out, '"');
		break;
	case FETCH_SIZE:
		buf_add(out, STR("RFC822.SIZE "));
		buf_add_u64(out, e->size);
		break;
	case FETCH_EMAILID:
		buf_add(out, STR("EMAILID ("));
		imap_id_write(s, out, imap_box(s), ID_EMAIL, e->email_id);
		buf_add_char(out, ')');
		break;
	case FETCH_THREADID:
		buf_add(out, STR("THREADID ("));
		imap_id_write(s, out, imap_box(s), ID_THREAD, e->thread_id);
		buf_add_char(out, ')');
		break;
	case FETCH_MODSEQ: imap_modseq_write(s, out, e->modseq); break;
	case FETCH_SAVEDATE:
	case FETCH_ENVELOPE:
	case FETCH_STRUCTURE:
	case FETCH_BODYSTRUCTURE:
	case FETCH_PREVIEW:
	case FETCH_BODY:
	case FETCH_BINARY:
	case FETCH_BINARY_SIZE:
	case FETCH_COUNT: break;
	}
}

bool
imap_fetch_light(struct imap_session *s, struct buf *out, enum imap_fetch kind,
    const struct view_entry *entry)
{
	if (!(1u << kind & LIGHT_KINDS))
		return false;
	light_item(s, out, kind, entry);
	return true;
}

bool
imap_fetch_item_write(struct imap_session *s, struct imap_content *content, bool is_behind,
    const struct imap_fetch_item *item, const struct view_entry *entry)
{
	struct buf *out = conn_out(s->conn);
	size_t before = out->n;

	if (is_behind)
		buf_add_char(out, ' ');
	if (imap_fetch_light(s, out, item->kind, entry) || imap_content_item(content, item))
		return true;
	buf_rewind(out, before);
	return false;
}

/* Is it there, and changed since the client looked? */
static bool
is_wanted(struct imap_session *s, struct fetch_work *w, const struct view_seen *seen)
{
	if (!seen->entry) {
		w->is_some_gone = !s->run.is_uid;
		return false;
	}
	return !w->modifiers.has_changed_since || seen->entry->modseq > w->modifiers.changed_since;
}

static enum imap_state
done(struct imap_session *s, const struct fetch_work *w)
{
	if (w->content.unread != FAIL_NONE)
		return imap_unread(s, w->content.unread);
	if (w->content.is_some_unknown)
		return imap_no(s, "UNKNOWN-CTE", "Some parts could not be decoded");
	if (w->is_some_gone)
		return imap_ok(s, "EXPUNGEISSUED", "Some of the messages no longer exist");
	return imap_ok(s, NULL, "Fetched");
}

static void
light_told(struct imap_session *s, const struct fetch_work *w, struct buf *out,
    const struct view_seen *seen)
{
	imap_message_begin(s, out, seen->seq, seen->uid);
	for (size_t i = 0; i < w->list.count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		light_item(s, out, w->list.items[i].kind, seen->entry);
	}
	buf_add(out, STR(")\r\n"));
}

/* Nothing but the index: straight into the output. */
static enum imap_state
light_step(struct imap_session *s)
{
	struct fetch_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	bool has_flags = (w->list.kinds & 1u << FETCH_FLAGS) != 0;
	struct buf *out = conn_out(s->conn);
	struct view_seen seen;

	imap_walk_resume(s, &w->walk);
	while (imap_walk_next(s, &w->walk, &seen)) {
		if (is_wanted(s, w, &seen)) {
			if (has_flags)
				imap_flags_announce(s, seen.entry->flags);
			light_told(s, w, out, &seen);
		}
		if (imap_slice_over(s, &slice))
			return IMAP_WORK;
	}
	return done(s, w);
}

/* --- all the others ------------------------------------------------------------------------------- */

/* RFC 9051 6.4.5: BODY[..] without PEEK sets \Seen, and the flags are told */
static enum fail
set_seen(struct imap_session *s, struct fetch_work *w)
{
	struct flags_change change = { .how = FLAGS_ADD, .flags = FLAG_SEEN, .by = &s->view };
	const struct view_entry *entry;
	enum flags_outcome outcome;
	enum fail fail;

	if (!w->list.sets_seen || s->view.is_read_only || !(s->box_rights & ACL_SEEN) ||
	    w->entry.flags & FLAG_SEEN)
		return FAIL_NONE;
	fail = email_flags(imap_box(s), s->view.view->mailbox, &w->uid, 1, &change, &outcome);
	if (fail != FAIL_NONE)
		return fail;
	entry = view_find(s->view.view, w->uid);
	if (entry)
		w->entry = *entry;
	w->is_seen_new = outcome == FLAGS_CHANGED;
	imap_walk_resume(s, &w->walk);
	return FAIL_NONE;
}

/* Summaries are read some at a time: of this message and of those that the walk gives next. */
static void
look_ahead(struct imap_session *s, struct fetch_work *w, const struct view_seen *first)
{
	struct imap_walk walk = w->walk;
	struct view_seen seen = *first;
	uint64_t ids[IMAP_AHEAD_MAX];
	size_t count = 0;

	if (!(w->list.kinds & SUMMARY_KINDS) || imap_content_is_ahead(&w->content))
		return;
	do {
		if (is_wanted(s, w, &seen))
			ids[count++] = seen.entry->email_id;
	} while (count < IMAP_AHEAD_MAX && imap_walk_next(s, &walk, &seen));
	if (count > 1)
		imap_content_read_ahead(&w->content, imap_box(s), ids, count);
}

static void
choose_message(struct imap_session *s, struct fetch_work *w, const struct view_seen *seen)
{
	w->seq = seen->seq;
	w->uid = seen->uid;
	w->entry = *seen->entry;
	w->is_seen_new = false;
	w->item = 0;
	look_ahead(s, w, seen);
	imap_content_message(&w->content, imap_box(s), w->entry.email_id, w->uid);
	w->is_coming = true;
}

/* Is its file here? False: the session waits. When w->is_coming is no more, the message is passed over. */
static bool
reach_message(struct imap_session *s, struct fetch_work *w)
{
	const struct view_entry *entry;
	bool is_away = false;

	if (!(w->list.kinds & FILE_KINDS))
		return true;
	if (!imap_content_reach(&w->content, &is_away))
		return false;
	entry = view_find(s->view.view, w->uid); /* others may have changed it, or expunged it */
	w->seq = view_session_seq(&s->view, w->uid);
	if (entry)
		w->entry = *entry;
	else
		w->is_some_gone |= !s->run.is_uid;
	w->is_coming = entry && !is_away;
	return true;
}

static enum fail
enter_message(struct imap_session *s, struct fetch_work *w)
{
	enum fail fail = set_seen(s, w);

	w->is_coming = false;
	if (fail != FAIL_NONE)
		return fail;
	imap_flags_announce(s, w->entry.flags);
	imap_message_begin(s, conn_out(s->conn), w->seq, w->uid);
	w->is_in = true;
	return FAIL_NONE;
}

/* The items of the message under way, as far as the output takes them. */
static enum imap_pump
items(struct imap_session *s, struct fetch_work *w, struct imap_slice *slice)
{
	for (bool is_first = true;; is_first = false) {
		enum imap_pump pump = imap_content_pump(&w->content);
		const struct imap_fetch_item *item;

		if (pump != PUMP_DONE || w->item == w->list.count)
			return pump;
		item = &w->list.items[w->item];
		if (!is_first && !(1u << item->kind & LIGHT_KINDS) && imap_slice_over_now(s, slice))
			return PUMP_MORE; /* a large part, or header, takes its time, a hundred of them more */
		if (!imap_fetch_item_write(s, &w->content, w->item > 0, item, &w->entry))
			return PUMP_MORE;
		w->item++;
	}
}

/* What the client did not ask for, and has to know since \Seen was set (RFC 9051 6.4.5, RFC 7162 3.2.4). */
static void
seen_told(struct imap_session *s, const struct fetch_work *w, struct buf *out)
{
	unsigned missing = 1u << FETCH_FLAGS;

	if (s->have & HAVE_CONDSTORE)
		missing |= 1u << FETCH_MODSEQ;
	if ((s->have & (HAVE_CONDSTORE | HAVE_UIDONLY)) == HAVE_CONDSTORE)
		missing |= 1u << FETCH_UID;
	missing &= ~w->list.kinds;
	for (enum imap_fetch kind = 0; kind < FETCH_COUNT; kind++) {
		if (!(missing & 1u << kind))
			continue;
		buf_add_char(out, ' ');
		light_item(s, out, kind, &w->entry);
	}
}

static void
leave_message(struct imap_session *s, struct fetch_work *w)
{
	struct buf *out = conn_out(s->conn);

	if (w->is_seen_new)
		seen_told(s, w, out);
	buf_add(out, STR(")\r\n"));
	w->is_in = false;
}

static enum imap_state
heavy_step(struct imap_session *s)
{
	struct fetch_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;
	bool is_over = false;
	enum fail fail;

	imap_walk_resume(s, &w->walk);
	do {
		if (!w->is_in && !w->is_coming) {
			if (!imap_walk_next(s, &w->walk, &seen))
				return done(s, w);
			if (!is_wanted(s, w, &seen)) {
				is_over = imap_slice_over(s, &slice);
				continue;
			}
			choose_message(s, w, &seen);
		}
		if (w->is_coming) {
			if (!reach_message(s, w))
				return IMAP_WORK;
			if (!w->is_coming) {
				is_over = imap_slice_over_now(s, &slice);
				continue;
			}
			fail = enter_message(s, w);
			if (fail != FAIL_NONE)
				return imap_fail(s, fail);
		}
		switch (items(s, w, &slice)) {
		case PUMP_MORE: return IMAP_WORK;
		case PUMP_BROKEN: return imap_bye(s, "[SERVERBUG] A message is damaged");
		case PUMP_DONE: break;
		}
		leave_message(s, w);
		is_over = imap_slice_over_now(s, &slice);
	} while (!is_over);
	return IMAP_WORK;
}

/* --- beginning ------------------------------------------------------------------------------------ */

static enum imap_state
fetch_begin(struct imap_session *s)
{
	struct fetch_work *w = s->run.data;

	s->run.work = w->list.kinds & ~LIGHT_KINDS ? heavy_step : light_step;
	return IMAP_WORK;
}

/* RFC 7162 3.2.6: before any FETCH */
static enum imap_state
vanished_step(struct imap_session *s)
{
	struct fetch_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();

	return imap_vanished_step(s, &w->vanished, &slice) ? fetch_begin(s) : IMAP_WORK;
}

/* The set once more, where "*" is the last UID that was ever given: it may be among those that went. */
static enum imap_state
vanished_begin(struct imap_session *s, struct fetch_work *w, struct imap_cursor *set)
{
	const struct mailbox *m = mailbox_get(imap_box(s), s->view.view->mailbox);
	struct imap_set uids = w->walk.set;
	enum fail fail;

	if (!uids.is_saved) {
		if (!m || !imap_set_parse(set, &uids))
			return imap_wrong(s, set);
		imap_set_resolve(&uids, m->uid_next - 1);
	}
	fail = imap_vanished_begin(s, &uids, w->modifiers.changed_since, 0, &w->vanished);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	s->run.work = vanished_step;
	return IMAP_WORK;
}

/* RFC 9738 3.1: it is the range that counts, whatever there is of it */
static bool
is_partial_too_wide(const struct imap_session *s, const struct imap_fetch_modifiers *m)
{
	return m->has_partial && m->partial.last - m->partial.first >= imap_message_limit(s);
}

/* What the extensions need: false when this session may not ask so. */
static bool
extensions_begin(struct imap_session *s, struct fetch_work *w)
{
	bool is_condstore = (w->list.kinds & 1u << FETCH_MODSEQ) || w->modifiers.has_changed_since;

	/* RFC 7162 3.2.6 */
	if (w->modifiers.has_vanished &&
	    (!s->run.is_uid || !w->modifiers.has_changed_since || !(s->have & HAVE_QRESYNC)))
		return false;
	if (w->modifiers.has_partial) {
		if (!s->run.is_uid || !imap_offers(s, CAP_PARTIAL))
			return false;
		imap_walk_partial(s, &w->walk, &w->modifiers.partial);
	}
	if (w->list.kinds & 1u << FETCH_SAVEDATE && !imap_offers(s, CAP_SAVEDATE))
		return false;
	if (!is_condstore)
		return true;
	if (!imap_offers(s, CAP_CONDSTORE))
		return false;
	imap_condstore_begin(s);
	imap_fetch_add_modseq(&w->list);
	return true;
}

/* "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att .. ")") [fetch-modifiers] */
enum imap_state
imap_cmd_fetch(struct imap_session *s, struct imap_cursor *args)
{
	struct fetch_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	struct imap_cursor set = *args;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	fail = imap_walk_parse(s, args, &w->walk);
	if (fail != FAIL_NONE || !imap_sp(args) || !imap_fetch_parse(args, &w->list) ||
	    !imap_fetch_modifiers(args, &w->modifiers) || !imap_at_end(args) ||
	    !extensions_begin(s, w))
		return imap_wrong(s, args);
	if (w->list.kinds & 1u << FETCH_PREVIEW && !imap_offers(s, CAP_PREVIEW))
		return imap_wrong(s, args);
	if (s->run.is_uid && !(s->have & HAVE_UIDONLY))
		imap_fetch_add_uid(&w->list);
	if (is_partial_too_wide(s, &w->modifiers))
		return imap_limit_no(s, imap_message_limit(s), 0, "Too many messages at once");
	if (!w->modifiers.has_partial && imap_walk_cut(s, &w->walk))
		imap_walk_downwards(&w->walk);
	imap_content_init(&w->content, s);
	s->run.data = w;
	s->run.release = fetch_release;
	return w->modifiers.has_vanished ? vanished_begin(s, w, &set) : fetch_begin(s);
}
