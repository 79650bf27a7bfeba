#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/flag.h"
#include "mail/email.h"

#define STORE_BATCH 200 /* messages of one call: one slice is about so long */

struct store_work { /* arena: the command's */
	struct imap_walk walk;
	struct flags_change change;
	bool is_silent;
	bool is_some_gone;
	size_t ghosts;
};

/* "* 3 FETCH (UID 7 FLAGS (..))": the new value, whether it changed or not */
static void
flags_told(struct imap_session *s, uint32_t uid)
{
	const struct view_entry *entry = view_find(s->view.view, uid);
	struct buf *out;

	if (!entry)
		return;
	imap_flags_announce(s, entry->flags);
	out = conn_out(s->conn);
	buf_add_c(out, "* ");
	buf_add_u64(out, view_session_seq(&s->view, uid));
	buf_add_c(out, " FETCH (");
	if (s->run.is_uid || imap_is_rev2(s)) {
		buf_add_c(out, "UID ");
		buf_add_u64(out, uid);
		buf_add_char(out, ' ');
	}
	imap_flags_write(s, out, entry);
	buf_add_c(out, ")\r\n");
}

static enum imap_state
done(struct imap_session *s, const struct store_work *w)
{
	if (w->is_some_gone || (w->ghosts > 0 && !s->run.is_uid))
		return imap_ok(s, "EXPUNGEISSUED", "Some of the messages no longer exist");
	return imap_ok(s, NULL, "Flags stored");
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

	do {
		count = imap_walk_uids(s, &w->walk, uids, STORE_BATCH, &w->ghosts);
		if (count == 0)
			return done(s, w);
		fail = email_flags(imap_box(s), s->view.view->mailbox, uids, count, &w->change,
		    outcomes);
		if (fail != FAIL_NONE)
			return imap_fail(s, fail);
		for (size_t i = 0; i < count; i++) {
			if (outcomes[i] == FLAGS_MISSING)
				w->is_some_gone = true;
			else if (!w->is_silent)
				flags_told(s, uids[i]);
		}
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

/* "STORE" SP sequence-set SP store-att-flags (RFC 9051 6.4.6) */
enum imap_state
imap_cmd_store(struct imap_session *s, struct imap_cursor *args)
{
	struct store_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	struct imap_flags flags;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	fail = imap_walk_parse(s, args, &w->walk);
	if (fail != FAIL_NONE || !imap_sp(args) || !store_att(args, w, &flags))
		return imap_wrong(s, args);
	/* a keyword that nobody has cannot be taken away: it is not made for that */
	fail = keyword_bits(imap_box(s), flags.keywords, flags.keyword_count,
	    w->change.how != FLAGS_REMOVE, &w->change.flags, NULL);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	w->change.flags |= flags.bits;
	w->change.by = &s->view;
	s->run.data = w;
	s->run.work = store_step;
	return IMAP_WORK;
}
