/* Reports to senders (RFC 3461): who must hear of what, written by dsn.h and taken in like any message. */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "directory/address.h"
#include "queue/dsn.h"
#include "smtpc/smtpc.h"

#define REPORT_MAX   (8 * 1024 * 1024) /* bytes: JOB_RCPTS_MAX recipients in words and in fields */
#define RANDOM_BYTES 16

/* --- who hears what --------------------------------------------------------------------------------------- */

/* RFC 3461 4.1: without NOTIFY a sender hears of failures, and of delays as we like. */
static bool
is_asked(const struct envelope_rcpt *rcpt, unsigned bit)
{
	unsigned usual = NOTIFY_FAILURE | NOTIFY_DELAY;

	return ((rcpt->notify != 0 ? rcpt->notify : usual) & bit) != 0;
}

/* What the sender must hear of this recipient; false: nothing. */
static bool
news_of(const struct queue_job *j, const struct job_rcpt *r, enum dsn_action *action_out)
{
	const struct envelope *e = &j->message.envelope;
	bool is_success_asked = is_asked(&r->row.envelope, NOTIFY_SUCCESS);

	switch (r->outcome) {
	case JOB_FAILED:
		*action_out = DSN_FAILED;
		return is_asked(&r->row.envelope, NOTIFY_FAILURE);
	case JOB_STORED: *action_out = DSN_DELIVERED; return is_success_asked;
	case JOB_EXPANDED: *action_out = DSN_EXPANDED; return is_success_asked;
	case JOB_DELIVERED: /* RFC 2852 5: "T" asks every host that relays to say so */
		*action_out = DSN_RELAYED;
		return e->is_by_traced && r->row.envelope.notify != NOTIFY_NEVER;
	case JOB_RELAYED:
		*action_out = DSN_RELAYED;
		return is_success_asked ||
		    (e->by == BY_NOTIFY && r->row.envelope.notify != NOTIFY_NEVER);
	case JOB_PENDING:
		*action_out = DSN_DELAYED;
		return r->is_told_now && is_asked(&r->row.envelope, NOTIFY_DELAY);
	case JOB_FORWARDED:
	case JOB_DISCARDED:
	case JOB_DEFERRED:
	case JOB_POSTPONED:
	case JOB_MOVED:
	case JOB_OUTCOME_COUNT: break;
	}
	return false;
}

/*
 * The status of what is not delivered for the time being, or was given up in the end: that of the last try,
 * which tells the most. The class is 4 whoever judged (RFC 3463 2: "persistence of some temporary condition
 * has caused abandonment or delay"); "delivery time expired" stands where the last try tells nothing, and where
 * the sender set the time (RFC 2852).
 */
static struct status
waiting_status(const struct queue_job *j, const struct job_rcpt *r, int64_t now_s)
{
	struct status status = r->last.status;
	bool is_known = status.subject != 0 || status.detail != 0;

	if (r->is_expired && (now_s < j->message.expires_s || !is_known))
		return STATUS(4, 4, 7);
	if (r->last.time_s == 0) /* never tried: connections were too few */
		return r->row.is_late ? STATUS(4, 4, 7) : STATUS(4, 4, 5);
	status.kind = 4;
	return status;
}

static struct dsn_rcpt
describe(const struct queue_job *j, const struct job_rcpt *r, enum dsn_action action, int64_t now_s)
{
	struct dsn_rcpt d = { .rcpt = &r->row.envelope,
		.action = action,
		.status = r->last.status,
		.remote = r->last.remote,
		.code = r->last.code,
		.text = r->last.text,
		.last_try_s = r->last.time_s,
		.log_id = j->message.log_id };

	if (r->last.code != 0 && r->last.stage < SMTPC_STAGE_COUNT)
		d.stage = str_c(smtpc_stage_names[r->last.stage]);
	d.is_expired = r->is_expired;
	if (r->is_expired || action == DSN_DELAYED)
		d.status = waiting_status(j, r, now_s);
	if (action == DSN_DELAYED)
		d.will_retry_until_s = j->message.expires_s;
	if (action != DSN_DELAYED && action != DSN_FAILED)
		d.status = STATUS(2, 0, 0);
	return d;
}

/* --- writing it --------------------------------------------------------------------------------------------- */

/* The report as a file of the queue. */
static enum fail
write_file(struct queue *q, const struct dsn_report *report, unsigned traits,
    struct queue_report *out)
{
	struct buf text;
	bool is_utf8;
	enum fail fail;

	buf_init(&text, REPORT_MAX);
	fail = dsn_write(&text, report, &is_utf8);
	if (fail == FAIL_NONE)
		fail = queue_write_own(q->house.blobs, buf_str(&text), &out->blob);
	buf_release(&text);
	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	out->envelope = (struct envelope){ .is_utf8 = is_utf8,
		.body = BODY_8BITMIME,
		.is_tls_must = report->about->is_tls_must }; /* RFC 8689 5 */
	out->rcpt = (struct envelope_rcpt){ .address = report->to, .notify = NOTIFY_NEVER };
	out->new = (struct queue_new){ .envelope = &out->envelope,
		.rcpts = &out->rcpt,
		.rcpt_count = 1,
		.blob = blob_name_str(&out->blob),
		.skip = QUEUE_OWN_SKIP,
		.traits = QUEUE_OURS | (traits & QUEUE_TLS_OPTIONAL), /* RFC 8689 6 */
		.log_id = report->rcpts[0].log_id };
	out->is_there = true;
	return FAIL_NONE;
}

/*
 * Who hears of it: the sender, or whom a sender of ours stands for, under which we forwarded the message. Appended
 * to `back` in that case.
 */
static struct str
report_to(struct queue *q, struct str sender, struct buf *back)
{
	return queue_reverse_sender(q, back, sender) == FAIL_NONE ? buf_str(back) : sender;
}

enum fail
report_write(struct queue_job *j, int64_t now_s, struct queue_report *out)
{
	const struct envelope *e = &j->message.envelope;
	struct dsn_rcpt *rcpts = mem_new(j->rcpt_count, sizeof *rcpts);
	char random[RANDOM_BYTES];
	struct dsn_report report = { .hostname = j->queue->house.own.hostname,
		.about = e,
		.arrived_s = j->message.arrived_s,
		.now_s = now_s,
		.received_from = j->message.helo,
		.rcpts = rcpts,
		.random = str_of(random, sizeof random) };
	struct buf back;
	struct str to;
	enum fail fail = FAIL_NONE;

	*out = (struct queue_report){ .is_there = false };
	for (size_t i = 0; i < j->rcpt_count; i++) {
		enum dsn_action action;

		if (news_of(j, &j->rcpts[i], &action))
			rcpts[report.rcpt_count++] = describe(j, &j->rcpts[i], action, now_s);
	}
	if (report.rcpt_count > 0 && str_empty(e->sender)) { /* never a bounce to a bounce */
		log_warn(&j->queue->log, "queue.report.nobody", LOG_NUM("message", j->message.id),
		    LOG_TEXT("rcpt", rcpts[0].rcpt->address), LOG_TEXT("said", rcpts[0].text));
	} else if (report.rcpt_count > 0) {
		random_bytes(random, sizeof random);
		if (job_map(j, &report.message) != FAIL_NONE)
			log_error(&j->queue->log, "queue.file.lost",
			    LOG_NUM("message", j->message.id));
		buf_init(&back, ADDRESS_MAX);
		to = arena_str(&j->arena, report_to(j->queue, e->sender, &back));
		buf_release(&back);
		report.to = to.p ? to : e->sender;
		fail = write_file(j->queue, &report, j->message.traits, out);
	}
	mem_free(rcpts);
	return fail;
}

enum fail
queue_tell(struct queue *q, const struct queue_news *news)
{
	char random[RANDOM_BYTES];
	struct dsn_report report = { .hostname = q->house.own.hostname,
		.about = news->envelope,
		.arrived_s = news->arrived_s,
		.now_s = clock_wall_s(),
		.received_from = news->helo,
		.rcpts = news->rcpts,
		.rcpt_count = news->rcpt_count,
		.message = news->message,
		.random = str_of(random, sizeof random) };
	struct queue_report written = { .is_there = false };
	struct buf back;
	enum fail fail;

	if (str_empty(news->envelope->sender) || news->rcpt_count == 0)
		return FAIL_NONE;
	random_bytes(random, sizeof random);
	buf_init(&back, ADDRESS_MAX);
	report.to = report_to(q, news->envelope->sender, &back);
	fail = write_file(q, &report, news->traits, &written);
	if (fail == FAIL_NONE)
		fail = queue_add(q, &written.new, NULL);
	buf_release(&back);
	return fail;
}
