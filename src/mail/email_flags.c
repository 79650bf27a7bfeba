/* Changing flags by UID (email.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

struct flagging {
	uint32_t mailbox;
	const uint32_t *uids;
	size_t count;
	const struct flags_change *change;
	enum flags_outcome *outcomes;
};

static uint64_t
flags_wanted(const struct flags_change *change, uint64_t was)
{
	switch (change->how) {
	case FLAGS_ADD: return was | change->flags;
	case FLAGS_REMOVE: return was & ~change->flags;
	case FLAGS_REPLACE: return change->flags;
	}
	return was;
}

static uint64_t
flags_after(const struct flags_change *change, uint64_t was)
{
	return (flags_wanted(change, was) & ~change->kept) | (was & change->kept);
}

static enum fail
flag_one(struct edit *e, const struct flagging *in, uint32_t uid, enum flags_outcome *out)
{
	struct email_edit *w = &e->email;
	size_t at = 0;
	uint64_t was, now;
	enum fail fail = email_edit_at(e, in->mailbox, uid, &at);

	*out = FLAGS_MISSING;
	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	if (in->change->has_unchanged_since && w->now[at].modseq > in->change->unchanged_since) {
		*out = FLAGS_MODIFIED;
		return FAIL_NONE;
	}
	was = w->keywords | (w->now[at].is_deleted ? FLAG_DELETED : 0);
	now = flags_after(in->change, was);
	*out = FLAGS_SAME;
	if (now == was)
		return FAIL_NONE;
	*out = FLAGS_CHANGED;
	w->keywords = now & ~FLAG_DELETED;
	w->now[at].is_deleted = (now & FLAG_DELETED) != 0;
	e->asked_mailbox = in->mailbox;
	e->asked_uid = uid;
	fail = email_save(e);
	e->asked_mailbox = e->asked_uid = 0;
	return fail;
}

static enum fail
flags_run(struct edit *e, void *arg)
{
	const struct flagging *in = arg;
	enum fail fail = email_edit_ahead(e, in->mailbox, in->uids, in->count);

	for (size_t i = 0; fail == FAIL_NONE && i < in->count; i++)
		fail = flag_one(e, in, in->uids[i], in->outcomes + i);
	return fail;
}

enum fail
email_flags(struct account *a, uint32_t mailbox, const uint32_t *uids, size_t count,
    const struct flags_change *change, enum flags_outcome *outcomes_out)
{
	struct flagging in = { .mailbox = mailbox,
		.uids = uids,
		.count = count,
		.change = change,
		.outcomes = outcomes_out };
	enum fail fail = account_usable(a);

	if (fail)
		return fail;
	if (count > EMAIL_BATCH_MAX)
		return FAIL_LIMIT;
	if (!mailbox_get(a, mailbox))
		return FAIL_MISSING;
	return edit_run(a, change->by, flags_run, &in);
}
