/* Where a message from outside is from (mailauth/origin.h): begun with its content, judged at its end. */
#include "smtp/session.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "reports/reports.h"

#define SIGNATURES_MAX \
	1024 /* bytes of what is told of them; the log cuts a field at half of that */

/* RFC 8601 2.7.3, of what policy found out. */
static enum verdict
reverse_verdict(const struct smtp_session *s)
{
	const struct policy_client *c = &s->client;

	if (s->service->checks->reverse == REVERSE_OFF)
		return VERDICT_NONE;
	if (!str_empty(c->name))
		return VERDICT_PASS;
	if (c->is_name_unknown)
		return VERDICT_TEMPERROR;
	return c->is_name_missing ? VERDICT_PERMERROR : VERDICT_FAIL;
}

void
smtp_origin_start(struct smtp_session *s)
{
	const struct smtp_service *service = s->service;
	const struct origin_house house = { .dns = service->dns,
		.settings = service->mailauth,
		.id = service->hostname };
	const struct origin_claim claim = { .envelope = { .client = *conn_peer_address(s->conn),
						.hello = buf_str(&s->helo),
						.sender = s->txn->envelope.sender,
						.receiver = service->hostname,
						.now_s = clock_wall_s() },
		.reverse = reverse_verdict(s) };

	if (!service->mailauth->check || !smtp_is_judged(s))
		return;
	origin_free(&s->txn->origin); /* of a DATA before, for which there was no disk */
	s->txn->origin = origin_new(&house, &s->task, &claim);
}

/*
 * DNS answers while the content comes in, and between its chunks. Who keeps us waiting for that must not have it that
 * the answers are too late.
 */
void
smtp_origin_go_on(struct smtp_session *s)
{
	if (s->txn && s->txn->origin)
		(void)origin_look(s->txn->origin);
}

/* "fail example.org s1 (the body was changed), pass list.example.net s2" */
static void
write_signatures(const struct dkim_verify *v, struct buf *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct dkim_result *r = &v->results[i];

		buf_add(out, i > 0 ? STR(", ") : STR(""));
		buf_add(out, verdict_names[r->verdict]);
		buf_add(out, str_empty(r->domain) ? STR("") : STR(" "));
		buf_add(out, r->domain);
		buf_add(out, str_empty(r->selector) ? STR("") : STR(" "));
		buf_add(out, r->selector);
		if (str_empty(r->reason))
			continue;
		buf_add(out, STR(" ("));
		buf_add(out, r->reason);
		buf_add_char(out, ')');
	}
	if (v->count == 0)
		buf_add(out, verdict_names[VERDICT_NONE]);
}

/* What came of it, for who follows one message: of one that is refused nobody sees the field. */
static void
note(const struct smtp_session *s, const struct origin *o)
{
	static const char *const advices
	    [] = { [ORIGIN_TAKE] = "take", [ORIGIN_JUNK] = "junk", [ORIGIN_REFUSE] = "refuse" };
	struct buf dkim;

	buf_init(&dkim, SIGNATURES_MAX);
	write_signatures(&o->dkim, &dkim);
	log_info(&s->log, "smtp.origin", LOG_TEXT("id", str_of(s->txn->id, sizeof s->txn->id)),
	    LOG_TEXT("spf", verdict_names[o->spf.verdict]), LOG_TEXT("dkim", buf_str(&dkim)),
	    LOG_TEXT("arc", verdict_names[o->arc.chain]),
	    LOG_TEXT("dmarc", verdict_names[o->dmarc.verdict]), LOG_TEXT("from", buf_str(&o->from)),
	    LOG_TEXT("advice", str_c(advices[o->advice])));
	buf_release(&dkim);
}

enum smtp_reply
smtp_origin_judge(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	if (t->origin == NULL)
		return REPLY_ACCEPTED;
	note(s, t->origin);
	if (t->origin->advice == ORIGIN_REFUSE) {
		t->detail = arena_str(&t->arena, buf_str(&t->origin->from));
		return REPLY_NOT_PROVED;
	}
	return intake_fill(&t->intake) == FAIL_NONE ? REPLY_ACCEPTED : REPLY_DISK;
}

void
smtp_origin_note(struct smtp_session *s, enum smtp_reply reply)
{
	bool is_later = smtp_reply_code(reply)[0] == '4'; /* it comes again, and is counted then */

	if (s->txn->origin && !is_later)
		reports_dmarc_note(s->service->reports, s->txn->origin);
}
