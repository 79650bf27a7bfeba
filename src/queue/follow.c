/* What else a message sets off that was stored in mailboxes here: reports meet what they are about, users who are away answer. */
#include "queue/inner.h"

/* rooms */
#include "delivery/delivery.h"
#include "mail/submission.h"
#include "message/report.h"

#define REPORT_ARENA_MAX \
	(4 * 1024 * 1024) /* bytes: the parts of a report, and REPORT_RCPTS_MAX recipients */

/* Each account that has it looks whether the report is about something that it sent (RFC 8621 7). */
static void
follow_report(struct queue *q, struct str bytes, const struct delivery_targets *targets)
{
	struct report report;
	struct arena arena;
	enum fail fail;

	arena_init(&arena, REPORT_ARENA_MAX);
	fail = report_parse(bytes, &arena, &report);
	for (size_t i = 0; fail == FAIL_NONE && i < targets->count; i++) {
		const struct delivery_target *t = &targets->targets[i];
		struct account *a;

		if (t->outcome != FAIL_NONE ||
		    account_find(q->house.mail, t->account, &a) != FAIL_NONE)
			continue;
		switch (submission_report(a, t->email_id, &report)) {
		case FAIL_NONE:
		case FAIL_MISSING: break;
		case FAIL_SYNTAX:
		case FAIL_LIMIT:
		case FAIL_DENIED:
		case FAIL_TEMP:
		case FAIL_PERM:
		case FAIL_COUNT:
			log_warn(&q->log, "queue.report.untold", LOG_TEXT("account", t->account),
			    LOG_NUM("email", t->email_id));
		}
		account_close(&a);
	}
	arena_release(&arena);
}

void
queue_follow(struct queue *q, const struct delivery *d, const struct delivery_targets *targets)
{
	struct blob_map map;

	bool may_answer = !d->is_junk && !str_empty(d->sender) && queue_may_answer(q, targets);

	if (!targets->is_report && !may_answer)
		return;
	if (blob_map(q->house.blobs, d->account, d->blob, &map) != FAIL_NONE)
		return;
	if (targets->is_report)
		follow_report(q, map.bytes, targets);
	if (may_answer)
		queue_answer(q, map.bytes, d, targets);
	blob_unmap(&map);
}
