/* COPY and MOVE (RFC 9051 6.4.7, 6.4.8; COPYUID of RFC 4315). */
#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/message_limit.h"
#include "imap/rights.h"
#include "mail/email.h"

#define SHARE_BATCH 16 /* messages into another account in one go: each has a file to link */

struct copy_work { /* arena: the command's */
	struct imap_walk walk;
	struct account *account; /* borrow: the target's, held for the command */
	unsigned rights;         /* there, in this step */
	uint32_t to, uid_validity;
	bool is_move;
	enum fail end;     /* why a COPY comes to nothing: what it did is taken back */
	size_t back_range; /* of to_uids, up to here */
	uint32_t back_uid;
	size_t ghosts;
	struct imap_ranges from_uids, to_uids; /* own; what is done so far */

	/* the batch under way, when it goes into another account: its files go there first */
	uint32_t shared[SHARE_BATCH];
	struct blob_wait waits[SHARE_BATCH];
	size_t share_count; /* 0: none */
};

static void
share_end(struct imap_session *s, struct copy_work *w)
{
	for (size_t i = 0; i < w->share_count; i++)
		imap_wait_end(s, &w->waits[i]);
	w->share_count = 0;
}

static void
copy_release(struct imap_session *s)
{
	struct copy_work *w = s->run.data;

	share_end(s, w);
	imap_ranges_release(&w->from_uids);
	imap_ranges_release(&w->to_uids);
}

/* resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set */
static void
copyuid_write(struct buf *out, const struct copy_work *w)
{
	buf_add_c(out, "[COPYUID ");
	buf_add_u64(out, w->uid_validity);
	buf_add_char(out, ' ');
	imap_ranges_write(out, &w->from_uids);
	buf_add_char(out, ' ');
	imap_ranges_write(out, &w->to_uids);
	buf_add_c(out, "] ");
}

/* RFC 6851 4.3: for MOVE the code comes before the EXPUNGE responses */
static void
move_told(struct imap_session *s, const struct copy_work *w)
{
	if (w->from_uids.count == 0)
		return;
	buf_add_c(&s->run.before, "* OK ");
	copyuid_write(&s->run.before, w);
	buf_add_c(&s->run.before, "Moved\r\n");
}

static enum imap_state
done(struct imap_session *s, const struct copy_work *w)
{
	struct buf *out;

	if (w->is_move) {
		move_told(s, w);
		if (w->from_uids.count > 0)
			return imap_ok_modseq(s, "Messages moved");
	}
	if (w->from_uids.count == 0)
		return imap_ok(s, w->ghosts > 0 && !s->run.is_uid ? "EXPUNGEISSUED" : NULL,
		    "There was nothing to do");
	s->errors = 0;
	out = imap_reply(s, "OK");
	copyuid_write(out, w);
	buf_add_c(out, "Messages copied\r\n");
	return IMAP_REPLY;
}

static enum imap_state
failed(struct imap_session *s, const struct copy_work *w, enum fail fail)
{
	if (w->is_move)
		move_told(s, w); /* RFC 6851 3.3: what was moved stays moved */
	if (fail == FAIL_LIMIT && w->account != imap_box(s))
		return imap_no(s, "OVERQUOTA", "There is no room for it");
	if (fail == FAIL_LIMIT) /* within an account a copy takes no room */
		return imap_no(s, "LIMIT", "A message would be in too many mailboxes");
	if (fail == FAIL_MISSING)
		return imap_no(s, "TRYCREATE", "The mailbox was deleted");
	return fail == FAIL_PERM ? imap_unread(s, fail) : imap_fail(s, fail);
}

/* The next copies to take back. */
static size_t
next_copies(struct copy_work *w, uint32_t *uids, size_t max)
{
	size_t count = 0;

	while (count < max && w->back_range < w->to_uids.count) {
		const struct imap_range *r = &w->to_uids.ranges[w->back_range];

		if (w->back_uid < r->first)
			w->back_uid = r->first;
		uids[count++] = w->back_uid;
		if (w->back_uid == r->last)
			w->back_range++;
		w->back_uid++;
	}
	return count;
}

/* RFC 9051 6.4.7: a COPY that fails leaves nothing behind. A failing store may not let us. */
static enum imap_state
take_back_step(struct imap_session *s)
{
	struct copy_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	uint32_t uids[EMAIL_BATCH_MAX];
	size_t count;

	do {
		count = next_copies(w, uids, ARRAY_LEN(uids));
		if (count == 0 ||
		    email_expunge(w->account, w->to, uids, count, false, NULL) != FAIL_NONE)
			return failed(s, w, w->end);
	} while (!imap_slice_over_now(s, &slice));
	return IMAP_WORK;
}

static enum imap_state
end(struct imap_session *s, struct copy_work *w, enum fail fail)
{
	if (w->is_move || w->to_uids.count == 0)
		return failed(s, w, fail);
	w->end = fail;
	s->run.work = take_back_step;
	return IMAP_WORK;
}

/* One batch, out of the selected mailbox. *done: what of it was copied, also before a failure. */
static enum fail
copy_batch(struct imap_session *s, const struct copy_work *w, const uint32_t *uids, size_t count,
    struct email_copied *copied, size_t *done)
{
	struct account *account = imap_box(s);
	uint32_t from = s->view.view->mailbox;
	uint32_t gone[SHARE_BATCH];
	enum fail fail, end = FAIL_NONE;

	if (w->account == account)
		return w->is_move ? email_move(account, from, uids, count, w->to, copied, done)
				  : email_copy(account, from, uids, count, w->to, copied, done);
	fail = email_share(account, from, uids, count, w->account, w->to,
	    imap_rights_flags(w->rights), copied, done);
	for (size_t i = 0; i < *done; i++)
		gone[i] = copied[i].from_uid;
	if (w->is_move && *done > 0)
		end = email_expunge(account, from, gone, *done, false, NULL);
	return fail != FAIL_NONE ? fail : end;
}

/*
 * Rights can go at any time: at each step, those to the selected mailbox and to the target (RFC 4314 4). What the
 * user may not see any more does not exist.
 */
static enum fail
still_may(struct imap_session *s, struct copy_work *w)
{
	const struct mailbox *m = mailbox_get(w->account, w->to);
	enum fail fail = m ? imap_rights(s, m, &w->rights) : FAIL_MISSING;

	if (fail != FAIL_NONE)
		return fail;
	if (!(w->rights & ACL_INSERT))
		return w->rights & ACL_LOOKUP ? FAIL_DENIED : FAIL_MISSING;
	return RIGHTS_IN(s->run.row->flags) & ~s->box_rights ? FAIL_DENIED : FAIL_NONE;
}

/*
 * The next ones for another account, when their files are there. False: one of them is still waited for, or cannot
 * be had.
 */
static bool
share_next(struct imap_session *s, struct copy_work *w, enum fail *fail_out)
{
	*fail_out = FAIL_NONE;
	if (w->share_count == 0) {
		w->share_count = imap_walk_uids(s, &w->walk, w->shared, SHARE_BATCH, &w->ghosts);
		*fail_out = email_share_start(imap_box(s), s->view.view->mailbox, w->shared,
		    w->share_count, w->account, w->waits, &s->task);
	}
	for (size_t i = 0; i < w->share_count && *fail_out == FAIL_NONE; i++) {
		if (imap_wait(s, &w->waits[i]))
			return false;
		*fail_out = w->waits[i].op.fail;
	}
	if (*fail_out == FAIL_MISSING) /* its file, not the target */
		*fail_out = FAIL_PERM;
	return *fail_out == FAIL_NONE;
}

/* The next batch; false as above. */
static bool
next_batch(struct imap_session *s, struct copy_work *w, uint32_t *uids, size_t max,
    size_t *count_out, enum fail *fail_out)
{
	*fail_out = FAIL_NONE;
	if (w->account == imap_box(s)) {
		*count_out = imap_walk_uids(s, &w->walk, uids, max, &w->ghosts);
		return true;
	}
	if (!share_next(s, w, fail_out))
		return false;
	*count_out = w->share_count;
	for (size_t i = 0; i < w->share_count; i++)
		uids[i] = w->shared[i];
	return true;
}

static enum imap_state
copy_step(struct imap_session *s)
{
	struct copy_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct email_copied copied[EMAIL_BATCH_MAX];
	uint32_t uids[EMAIL_BATCH_MAX];
	size_t count, copied_count;
	enum fail fail = still_may(s, w);

	if (fail != FAIL_NONE)
		return end(s, w, fail);
	imap_walk_progress(s, &w->walk);
	do {
		if (!next_batch(s, w, uids, ARRAY_LEN(uids), &count, &fail))
			return fail == FAIL_NONE ? IMAP_WORK : end(s, w, fail);
		if (count == 0)
			return done(s, w);
		copied_count = 0;
		fail = copy_batch(s, w, uids, count, copied, &copied_count);
		share_end(s, w);
		for (size_t i = 0; i < copied_count; i++) {
			imap_ranges_add(&w->from_uids, copied[i].from_uid);
			imap_ranges_add(&w->to_uids, copied[i].to_uid);
		}
		if (fail != FAIL_NONE)
			return end(s, w, fail);
	} while (!imap_slice_over_now(s, &slice));
	return IMAP_WORK;
}

static enum imap_state
copy(struct imap_session *s, struct imap_cursor *args, bool is_move)
{
	struct copy_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum imap_state refused;
	struct mailbox *m;
	uint32_t lowest;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	fail = imap_walk_parse(s, args, &w->walk);
	if (fail != FAIL_NONE || !imap_sp(args))
		return imap_wrong(s, args);
	m = imap_mailbox_last(s, args, (struct imap_need){ .all = ACL_INSERT, .is_target = true },
	    &refused);
	if (!m)
		return refused;
	if (is_move)
		imap_walk_cut(s, &w->walk);
	else if (imap_walk_limit(s, &w->walk, &lowest)) /* RFC 9738 3.1: all or nothing */
		return imap_limit_no(s, imap_message_limit(s), lowest,
		    "Too many messages to copy at once");
	w->account = m->account;
	w->to = m->id;
	w->uid_validity = m->uid_validity;
	w->is_move = is_move;
	s->run.data = w;
	s->run.work = copy_step;
	s->run.release = copy_release;
	return IMAP_WORK;
}

enum imap_state
imap_cmd_copy(struct imap_session *s, struct imap_cursor *args)
{
	return copy(s, args, false);
}

enum imap_state
imap_cmd_move(struct imap_session *s, struct imap_cursor *args)
{
	return copy(s, args, true);
}
