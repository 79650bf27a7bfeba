/* STORE and UID STORE (RFC 9051 6.4.6; UNCHANGEDSINCE of RFC 7162 3.1.3). */
#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/flag.h"
#include "imap/message_limit.h"
#include "imap/modifier.h"
#include "imap/rights.h"
#include "mail/email.h"

#define STORE_BATCH 200 /* messages of one call: one slice is about so long */

struct store_work { /* arena: the command's */
	struct imap_walk walk;
	struct flags_change change;
	bool is_silent;
	bool is_some_gone;
	size_t ghosts;
	struct imap_ranges modified; /* own; numbers or UIDs that failed UNCHANGEDSINCE */
};

static void
store_release(struct imap_session *s)
{
	struct store_work *w = s->run.data;

	imap_ranges_release(&w->modified);
}

/* "* 3 FETCH (UID 7 FLAGS (..))": the new value, whether it changed or not; of .SILENT only MODSEQ, for who wants it */
static void
stored_told(struct imap_session *s, const struct store_work *w, uint32_t uid, bool is_changed)
{
	const struct view_entry *entry = view_find(s->view.view, uid);
	bool wants_modseq =
	    (s->have & HAVE_CONDSTORE) && (is_changed || w->change.has_unchanged_since);
	unsigned what = w->is_silent ? 0 : TELL_FLAGS;

	if (!entry || (w->is_silent && !wants_modseq))
		return;
	if (s->run.is_uid || imap_is_rev2(s))
		what |= TELL_UID;
	imap_tell(s, view_session_seq(&s->view, uid), entry, what);
}

static enum imap_state
done(struct imap_session *s, struct store_work *w)
{
	bool is_some_gone = w->is_some_gone || (w->ghosts > 0 && !s->run.is_uid);
	struct buf *out;

	if (w->modified.is_over)
		return imap_no(s, "LIMIT", "Too many messages had changed to name them");
	if (w->modified.count > 0) {
		s->errors = 0;
		out = imap_reply(s, "OK");
		buf_add_c(out, "[MODIFIED ");
		imap_ranges_sort(&w->modified); /* they may come downwards */
		imap_ranges_write(out, &w->modified);
		buf_add_c(out,
		    is_some_gone ? "] Some had changed, some no longer exist\r\n"
				 : "] Some of the messages had changed\r\n");
		return IMAP_REPLY;
	}
	if (is_some_gone)
		return imap_ok(s, "EXPUNGEISSUED", "Some of the messages no longer exist");
	return imap_ok(s, NULL, "Flags stored");
}

static void
outcome_told(struct imap_session *s, struct store_work *w, uint32_t uid, enum flags_outcome outcome)
{
	switch (outcome) {
	case FLAGS_CHANGED:
	case FLAGS_SAME: stored_told(s, w, uid, outcome == FLAGS_CHANGED); break;
	case FLAGS_MODIFIED: /* its flags are told as those that others changed */
		imap_ranges_add(&w->modified,
		    s->run.is_uid ? uid : view_session_seq(&s->view, uid));
		break;
	case FLAGS_MISSING: w->is_some_gone = true; break;
	}
}

/* RFC 4314 4: what the user may not change is left as it is; but not all of it, with an OK. At each step anew. */
static bool
may_change(const struct imap_session *s, struct flags_change *change)
{
	uint64_t touched = change->how == FLAGS_REPLACE ? ~(uint64_t)0 : change->flags;

	change->kept = ~imap_rights_flags(s->box_rights);
	return !change->kept || touched & ~change->kept;
}

static enum imap_state
store_step(struct imap_session *s)
{
	struct store_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	enum flags_outcome outcomes[STORE_BATCH];
	uint32_t uids[STORE_BATCH];
	size_t count;
	enum fail fail;

	if (!may_change(s, &w->change))
		return imap_no(s, "NOPERM", "You may not change these flags");
	imap_walk_progress(s, &w->walk);
	do {
		count = imap_walk_uids(s, &w->walk, uids, STORE_BATCH, &w->ghosts);
		if (count == 0)
			return done(s, w);
		fail = email_flags(imap_box(s), s->view.view->mailbox, uids, count, &w->change,
		    outcomes);
		if (fail != FAIL_NONE)
			return imap_fail(s, fail);
		for (size_t i = 0; i < count; i++)
			outcome_told(s, w, uids[i], outcomes[i]);
	} while (!imap_slice_over_now(s, &slice));
	return IMAP_WORK;
}

/* store-att-flags = ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag))) */
static bool
store_att(struct imap_cursor *args, struct store_work *w, struct imap_flags *flags)
{
	struct str word;

	w->change.how = FLAGS_REPLACE;
	if (imap_char(args, '+'))
		w->change.how = FLAGS_ADD;
	else if (imap_char(args, '-'))
		w->change.how = FLAGS_REMOVE;
	if (!imap_atom(args, &word))
		return false;
	w->is_silent = str_eq_nocase(word, STR("FLAGS.SILENT"));
	if (!w->is_silent && !str_eq_nocase(word, STR("FLAGS")))
		return false;
	return imap_sp(args) && imap_store_flags(args, flags) && imap_at_end(args);
}

/* "STORE" SP sequence-set [store-modifiers] SP store-att-flags */
enum imap_state
imap_cmd_store(struct imap_session *s, struct imap_cursor *args)
{
	struct store_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	struct imap_store_modifiers modifiers;
	struct imap_flags flags;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	fail = imap_walk_parse(s, args, &w->walk);
	if (fail != FAIL_NONE || !imap_store_modifiers(args, &modifiers) || !imap_sp(args) ||
	    !store_att(args, w, &flags) ||
	    (modifiers.has_unchanged_since && !imap_offers(s, CAP_CONDSTORE)))
		return imap_wrong(s, args);
	if (modifiers.has_unchanged_since)
		imap_condstore_begin(s);
	w->change.has_unchanged_since = modifiers.has_unchanged_since;
	w->change.unchanged_since = modifiers.unchanged_since;
	/* a keyword that nobody has cannot be taken away: it is not made for that */
	fail = keyword_bits(imap_box(s), flags.keywords, flags.keyword_count,
	    w->change.how != FLAGS_REMOVE && s->box_rights & ACL_WRITE, &w->change.flags, NULL);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	w->change.flags |= flags.bits;
	w->change.by = &s->view;
	if (imap_walk_cut(s, &w->walk))
		imap_walk_downwards(&w->walk);
	s->run.data = w;
	s->run.work = store_step;
	s->run.release = store_release;
	return IMAP_WORK;
}
