/* Threads as their Emails have them, against their records. */
#include "mail/check.h"

/* system */
#include <stdlib.h>

static int
part_cmp(const void *a, const void *b)
{
	const struct check_part *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->mailbox < y->mailbox ? -1 : x->mailbox > y->mailbox;
}

/* The parts of one thread, by mailbox, against its record; its mailboxes count it. */
static enum fail
check_thread(struct account_check *in, const struct check_part *parts, size_t count)
{
	struct key k = key_id(SPACE_THREAD, in->account->id, parts->thread);
	struct thread_record t = { .total = 0 };
	struct str value;
	size_t mailboxes = 0, unread = 0, n;
	enum fail fail = check_key(in, &k, "thread without record", parts->thread, 0, &value);

	in->threads++;
	if (fail)
		return check_told(fail);
	arena_reset(&in->arena);
	if (thread_record_read(value, &in->arena, &t))
		check_find(in, "thread record is damaged", parts->thread, 0);
	for (size_t i = 0; i < count; i++)
		unread += parts[i].is_unread;
	for (size_t i = 0; i < count; i += n, mailboxes++) {
		struct mailbox *m = check_mailbox_seen(in, parts[i].mailbox);
		bool is_right = false;

		for (n = 1; i + n < count && parts[i + n].mailbox == parts[i].mailbox; n++)
			;
		for (size_t j = 0; j < t.mailbox_count; j++)
			is_right |=
			    t.mailboxes[j].mailbox == parts[i].mailbox && t.mailboxes[j].count == n;
		if (!is_right)
			check_find(in, "thread counts differ", parts->thread, parts[i].mailbox);
		if (m) {
			m->total_threads++;
			m->unread_threads += unread > 0;
		}
	}
	if (t.unread != unread || t.mailbox_count != mailboxes)
		check_find(in, "thread record differs", parts->thread, unread);
	k = key_change(SPACE_LOG, in->account->id, CHANGE_THREAD, t.modseq, parts->thread);
	return check_told(
	    check_key(in, &k, "thread not in the log", parts->thread, t.modseq, &value));
}

enum fail
check_threads(struct account_check *in)
{
	enum fail fail = FAIL_NONE;
	size_t n;

	if (in->part_count)
		qsort(in->parts, in->part_count, sizeof(*in->parts), part_cmp);
	for (size_t i = 0; fail == FAIL_NONE && i < in->part_count; i += n) {
		for (n = 1;
		     i + n < in->part_count && in->parts[i + n].thread == in->parts[i].thread; n++)
			;
		fail = check_thread(in, in->parts + i, n);
	}
	return fail;
}
