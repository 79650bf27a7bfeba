/* What became of a submission: from the queue, and from reports that came back (submission.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/submission_inner.h"
#include "mail/submission_record.h"
#include "message/report.h"

/* Nobody can take it back any more: somebody has it, or nothing waits. */
static void
settle_undo(struct submission *s)
{
	bool is_waiting = false, is_out = false;

	for (size_t i = 0; i < s->rcpt_count; i++) {
		is_waiting |= s->rcpts[i].delivered == SUBMISSION_QUEUED;
		is_out |= s->rcpts[i].delivered == SUBMISSION_YES ||
		    s->rcpts[i].delivered == SUBMISSION_UNKNOWN;
	}
	if (s->undo == SUBMISSION_PENDING && (is_out || !is_waiting))
		s->undo = SUBMISSION_FINAL;
}

/* --- the queue --------------------------------------------------------------------------------------- */

struct telling {
	uint64_t id;
	const struct submission_news *news;
	size_t count;
};

static bool
take_news(struct submission *s, const struct submission_news *news)
{
	bool has_changed = false;

	for (size_t i = 0; i < s->rcpt_count; i++) {
		struct submission_rcpt *r = &s->rcpts[i];
		struct str reply = str_head(news->reply, SUBMISSION_REPLY_MAX);

		if (!str_eq_nocase(r->address.email, news->address) ||
		    (r->delivered == news->delivered && str_eq(r->reply, reply)))
			continue;
		r->delivered = news->delivered;
		r->reply = reply;
		has_changed = true;
	}
	return has_changed;
}

static enum fail
tell_run(struct edit *e, void *arg)
{
	const struct telling *in = arg;
	struct submission s;
	bool has_changed = false;
	enum fail fail = submission_load(e, in->id, &s);

	if (fail || s.undo == SUBMISSION_CANCELED)
		return fail;
	for (size_t i = 0; i < in->count; i++)
		has_changed |= take_news(&s, &in->news[i]);
	if (!has_changed)
		return FAIL_NONE;
	settle_undo(&s);
	return submission_put(e, &s);
}

enum fail
submission_tell(struct account *a, uint64_t id, const struct submission_news *news, size_t count)
{
	struct telling in = { id, news, count };

	return edit_run(a, NULL, tell_run, &in);
}

/* --- reports ----------------------------------------------------------------------------------------- */

struct reporting {
	uint64_t email_id;
	const struct report *report;
};

/* Is it about this one? By the envelope id that we made up, else by the Message-ID. */
static bool
is_about(const struct submission *s, const struct report *r)
{
	if (!str_empty(r->envelope_id))
		return str_eq(s->envelope_id, r->envelope_id);
	return !str_empty(r->message_id) && str_eq(s->message_id, r->message_id);
}

/* The newest that it is about. FAIL_MISSING */
static enum fail
find(struct edit *e, const struct report *report, uint64_t *id_out)
{
	struct submission s;
	struct thing thing;
	struct cursor c;
	enum fail fail;

	*id_out = 0;
	things_scan(e->txn, &c, e->account, CHANGE_SUBMISSION, true);
	while (*id_out == 0 && things_next(&c, &thing))
		if (submission_record_read(thing.body, NULL, &s) == FAIL_NONE &&
		    is_about(&s, report))
			*id_out = thing.id;
	fail = cursor_end(&c);
	return fail ? fail : *id_out ? FAIL_NONE : FAIL_MISSING;
}

/* Does this part of a report speak of that recipient? */
static bool
is_of(const struct submission *s, const struct submission_rcpt *rcpt, const struct report_rcpt *r)
{
	return str_eq_nocase(rcpt->address.email, r->final) ||
	    str_eq_nocase(rcpt->address.email, r->original) ||
	    (s->rcpt_count == 1 && str_empty(r->original));
}

/* RFC 8621 7: "delivered" and "failed" change what is known; others, what was said. */
static void
take_status(struct arena *arena, struct submission_rcpt *rcpt, const struct report_rcpt *r)
{
	struct buf reply;
	struct str text;

	if (r->action == REPORT_DELIVERED)
		rcpt->delivered = SUBMISSION_YES;
	if (r->action == REPORT_FAILED)
		rcpt->delivered = SUBMISSION_NO;
	if (rcpt->delivered == SUBMISSION_YES && r->action != REPORT_DELIVERED)
		return;
	buf_init(&reply, SUBMISSION_REPLY_MAX * 4);
	report_reply_write(&reply, r);
	text = arena_str(arena, str_head(buf_str(&reply), SUBMISSION_REPLY_MAX));
	if (text.p && text.n > 0)
		rcpt->reply = text;
	buf_release(&reply);
}

static void
take_report(struct arena *arena, struct submission *s, const struct report *report)
{
	for (size_t i = 0; i < report->rcpt_count; i++) {
		const struct report_rcpt *r = &report->rcpts[i];

		for (size_t k = 0; k < s->rcpt_count; k++) {
			if (!is_of(s, &s->rcpts[k], r))
				continue;
			if (report->kind == REPORT_MDN)
				s->rcpts[k].is_displayed |= r->is_displayed;
			else
				take_status(arena, &s->rcpts[k], r);
		}
	}
}

/* The list has room for one more (submission_record.c); the first ones stay. */
static void
keep(uint64_t *ids, size_t *count, uint64_t id)
{
	if (*count < SUBMISSION_REPORTS_MAX)
		ids[(*count)++] = id;
}

static enum fail
report_run(struct edit *e, void *arg)
{
	const struct reporting *in = arg;
	struct submission s;
	uint64_t id;
	enum fail fail = find(e, in->report, &id);

	if (fail == FAIL_NONE)
		fail = submission_load(e, id, &s);
	if (fail)
		return fail;
	take_report(&e->arena, &s, in->report);
	if (in->report->kind == REPORT_MDN)
		keep(s.mdns, &s.mdn_count, in->email_id);
	else
		keep(s.dsns, &s.dsn_count, in->email_id);
	settle_undo(&s);
	return submission_put(e, &s);
}

enum fail
submission_report(struct account *a, uint64_t email_id, const struct report *report)
{
	struct reporting in = { email_id, report };

	return edit_run(a, NULL, report_run, &in);
}
