/* What became of recipients, told to the submission in the sender's account (mail/submission.h; RFC 8621 7). */
#include "queue/inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/submission.h"
#include "queue/admin.h"

/* What is known of a recipient now; false: nothing new. */
static bool
delivered_of(const struct job_rcpt *r, enum submission_delivered *out)
{
	switch (r->outcome) {
	case JOB_STORED: *out = SUBMISSION_YES; return true;
	case JOB_DELIVERED: /* to a host that tells of success itself: a report will come */
	case JOB_RELAYED:
	case JOB_EXPANDED:
	case JOB_FORWARDED:
	case JOB_DISCARDED: *out = SUBMISSION_UNKNOWN; return true;
	case JOB_DEFERRED:
	case JOB_POSTPONED: *out = SUBMISSION_QUEUED; return true;
	case JOB_FAILED: *out = SUBMISSION_NO; return true;
	case JOB_PENDING:
	case JOB_MOVED:
	case JOB_OUTCOME_COUNT: break;
	}
	return false;
}

/* "550 5.1.1 no such user": what a host said, or the like of our own (RFC 8621 7, smtpReply). */
static struct str
write_reply(struct queue_job *j, const struct job_rcpt *r, enum submission_delivered delivered)
{
	static const unsigned codes[SUBMISSION_DELIVERED_COUNT] = { [SUBMISSION_QUEUED] = 450,
		[SUBMISSION_YES] = 250,
		[SUBMISSION_NO] = 550,
		[SUBMISSION_UNKNOWN] = 250 };
	struct str rest = r->last.text, reply;
	struct status status;
	struct buf out;

	buf_init(&out, SUBMISSION_REPLY_MAX * 2);
	buf_add_u64(&out, r->last.code ? r->last.code : codes[delivered]);
	buf_add_char(&out, ' ');
	if (r->last.code == 0 || !status_parse(&rest, &status)) {
		status_write(&out,
		    r->last.status.kind ? r->last.status
					: STATUS((uint8_t)(codes[delivered] / 100), 0, 0));
		buf_add_char(&out, ' ');
	}
	buf_add(&out, str_head(r->last.text, SUBMISSION_REPLY_MAX));
	reply = arena_str(&j->arena, str_trim(buf_str(&out)));
	buf_release(&out);
	return reply.p ? reply : STR("");
}

static void
tell(struct queue *q, const struct queue_message *m, const struct submission_news *news,
    size_t count)
{
	struct account *a;
	enum fail fail = account_find(q->house.mail, m->owner, &a);

	if (fail == FAIL_NONE) {
		fail = submission_tell(a, m->submission, news, count);
		account_close(&a);
	}
	/* the user may have deleted the record; what cannot be written now takes nothing from the mail */
	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		log_warn(&q->log, "queue.submission.lost", LOG_NUM("message", m->id),
		    LOG_NUM("submission", m->submission));
}

void
job_tell_submission(struct queue_job *j)
{
	struct queue *q = j->queue;
	struct submission_news *news;
	size_t count = 0;

	if (j->message.submission == 0 || q->house.mail == NULL)
		return;
	news = mem_new(j->rcpt_count + 1, sizeof *news);
	for (size_t i = 0; i < j->rcpt_count; i++) {
		const struct job_rcpt *r = &j->rcpts[i];
		enum submission_delivered delivered;

		if (delivered_of(r, &delivered))
			news[count++] = (struct submission_news){ r->row.envelope.address,
				write_reply(j, r, delivered), delivered };
	}
	if (count > 0)
		tell(q, &j->message, news, count);
	mem_free(news);
}

void
queue_tell_cancelled(struct queue *q, const struct queue_entry *e)
{
	struct submission_news *news;

	if (e->message.submission == 0 || q->house.mail == NULL)
		return;
	news = mem_new(e->rcpt_count + 1, sizeof *news);
	for (size_t i = 0; i < e->rcpt_count; i++)
		news[i] = (struct submission_news){ e->rcpts[i].envelope.address,
			STR("550 5.7.0 The postmaster took it out of the queue"), SUBMISSION_NO };
	tell(q, &e->message, news, e->rcpt_count);
	mem_free(news);
}
