/* Copying, moving, expunging by UID (email.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

struct carrying {
	uint32_t from, to; /* to: 0 when expunging */
	const uint32_t *uids;
	size_t count;
	bool keeps;        /* COPY */
	bool only_deleted; /* EXPUNGE */
	struct email_copied *out;
	size_t done;
};

static enum fail
carry_one(struct edit *e, struct carrying *in, uint32_t uid)
{
	struct email_edit *w = &e->email;
	struct mailbox_edit *to;
	uint32_t to_uid = 0;
	size_t at = 0;
	enum fail fail = email_edit_at(e, in->from, uid, &at);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	if (in->only_deleted && !w->now[at].is_deleted)
		return FAIL_NONE;
	if (!in->keeps)
		email_edit_leave(e, at);
	if (in->to) {
		to = edit_mailbox(e, in->to);
		to_uid = to ? to->now.uid_next : 0;
		fail = email_edit_join(e, in->to, false);
	}
	if (fail == FAIL_NONE)
		fail = email_save(e);
	if (in->out && fail == FAIL_NONE)
		in->out[in->done] = (struct email_copied){ uid, to_uid };
	in->done += fail == FAIL_NONE;
	return fail;
}

static enum fail
carry_run(struct edit *e, void *arg)
{
	struct carrying *in = arg;
	enum fail fail = email_edit_ahead(e, in->from, in->uids, in->count);

	in->done = 0;
	for (size_t i = 0; fail == FAIL_NONE && i < in->count; i++)
		fail = carry_one(e, in, in->uids[i]);
	return fail;
}

static enum fail
carry(struct account *a, struct carrying *in, size_t *count_out)
{
	enum fail fail = account_usable(a);

	if (count_out)
		*count_out = 0;
	if (fail)
		return fail;
	if (in->count > EMAIL_BATCH_MAX)
		return FAIL_LIMIT;
	if (!mailbox_get(a, in->from) || (in->to && !mailbox_get(a, in->to)))
		return FAIL_MISSING;
	fail = edit_run(a, NULL, carry_run, in);
	if (fail == FAIL_NONE && count_out)
		*count_out = in->done;
	return fail;
}

enum fail
email_copy(struct account *a, uint32_t from, const uint32_t *uids, size_t count, uint32_t to,
    struct email_copied *out, size_t *count_out)
{
	struct carrying in = { .from = from,
		.to = to,
		.uids = uids,
		.count = count,
		.keeps = true,
		.out = out };

	*count_out = 0;
	return to ? carry(a, &in, count_out) : FAIL_MISSING;
}

enum fail
email_move(struct account *a, uint32_t from, const uint32_t *uids, size_t count, uint32_t to,
    struct email_copied *out, size_t *count_out)
{
	struct carrying in = { .from = from, .to = to, .uids = uids, .count = count, .out = out };

	*count_out = 0;
	return to ? carry(a, &in, count_out) : FAIL_MISSING;
}

enum fail
email_expunge(struct account *a, uint32_t mailbox, const uint32_t *uids, size_t count,
    bool only_deleted, size_t *count_out)
{
	struct carrying in = { .from = mailbox,
		.uids = uids,
		.count = count,
		.only_deleted = only_deleted };

	return carry(a, &in, count_out);
}
