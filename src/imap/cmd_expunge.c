/* EXPUNGE, UID EXPUNGE, CLOSE (RFC 9051 6.4.3, 6.4.9, 6.4.1). */
#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/message_limit.h"
#include "mail/email.h"

struct expunge_work { /* arena: the command's */
	struct imap_walk walk;
	bool is_close;
	bool is_some_expunged;
	bool is_at_end;  /* of the walk, or of what may go */
	uint32_t left;   /* how many may still go */
	uint32_t lowest; /* UID of those that went, or go now; the walk is downwards then */
};

/* RFC 9738 3.1: messages with \Deleted count, and one more than may go is what must be told of. */
static bool
may_go(struct imap_session *s, struct expunge_work *w, uint32_t uid)
{
	if (w->left == 0) {
		s->run.limited_uid = w->lowest;
		w->is_at_end = true;
		return false;
	}
	w->left--;
	w->lowest = uid;
	return true;
}

/* The next UIDs to go: those with \Deleted. */
static size_t
next_uids(struct imap_session *s, struct expunge_work *w, struct imap_slice *slice, uint32_t *uids,
    size_t max)
{
	struct view_seen seen;
	size_t count = 0;

	imap_walk_resume(s, &w->walk);
	while (count < max && !w->is_at_end && !imap_slice_over(s, slice)) {
		w->is_at_end = !imap_walk_next(s, &w->walk, &seen);
		if (!w->is_at_end && seen.entry && seen.entry->flags & FLAG_DELETED &&
		    may_go(s, w, seen.uid))
			uids[count++] = seen.uid;
	}
	return count;
}

static enum imap_state
done(struct imap_session *s, const struct expunge_work *w)
{
	if (!w->is_close)
		return w->is_some_expunged ? imap_ok_modseq(s, "Expunged")
					   : imap_ok(s, NULL, "Expunged");
	imap_unselect(s);
	return imap_ok(s, NULL, "Mailbox closed");
}

/* RFC 4314 4: who may not expunge, or no longer, closes all the same. */
static enum imap_state
denied(struct imap_session *s, const struct expunge_work *w)
{
	return w->is_close ? done(s, w) : imap_fail(s, FAIL_DENIED);
}

static enum imap_state
expunge_step(struct imap_session *s)
{
	struct expunge_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	uint32_t uids[EMAIL_BATCH_MAX];
	size_t count;
	enum fail fail;

	if (!(s->box_rights & ACL_EXPUNGE))
		return denied(s, w);
	imap_walk_progress(s, &w->walk);
	do {
		count = next_uids(s, w, &slice, uids, ARRAY_LEN(uids));
		fail = count == 0
		    ? FAIL_NONE
		    : email_expunge(imap_box(s), s->view.view->mailbox, uids, count, true, NULL);
		if (fail != FAIL_NONE)
			return imap_fail(s, fail);
		w->is_some_expunged |= count > 0;
		if (w->is_at_end)
			return done(s, w);
	} while (!imap_slice_over_now(s, &slice));
	return IMAP_WORK;
}

static enum imap_state
begin(struct imap_session *s, struct expunge_work *w)
{
	w->left = UINT32_MAX;
	s->run.data = w;
	s->run.work = expunge_step;
	return IMAP_WORK;
}

enum imap_state
imap_cmd_expunge(struct imap_session *s, struct imap_cursor *args)
{
	struct expunge_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	if (!s->run.is_uid) {
		imap_walk_all(s, &w->walk);
		return begin(s, w);
	}
	fail = imap_walk_parse(s, args, &w->walk);
	if (fail != FAIL_NONE || !imap_at_end(args))
		return imap_wrong(s, args);
	(void)begin(s, w);
	if (imap_walk_is_long(s, &w->walk)) {
		w->left = imap_message_limit(s);
		imap_walk_downwards(&w->walk);
	}
	return IMAP_WORK;
}

enum imap_state
imap_cmd_close(struct imap_session *s, struct imap_cursor *args)
{
	struct expunge_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));

	(void)args;
	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	w->is_close = true;
	if (s->view.is_read_only)
		return done(s, w);
	imap_walk_all(s, &w->walk);
	return begin(s, w);
}
