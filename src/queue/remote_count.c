/* Conversations with hosts whose domain demands something, counted for its reports (agent.h, RFC 8460). */
#include "queue/demands.h"

/* rooms */
#include "tlspolicy/rpt_session.h"

#define RECORD_WORDS 20 /* bytes of a record's text beside its data */

/* "3 1 1 0123.." (RFC 8460 4.5). Half a record would be another one: what does not fit is left out. */
static void
write_records(struct buf *out, const struct tlsa_find *f)
{
	for (size_t i = 0; i < f->record_count; i++) {
		const struct dns_record *r = &f->records[i];

		if (out->n + 2 * r->bytes.n + RECORD_WORDS > RPT_TEXT_MAX)
			continue;
		buf_add_u64(out, r->usage);
		buf_add_char(out, ' ');
		buf_add_u64(out, r->selector);
		buf_add_char(out, ' ');
		buf_add_u64(out, r->matching);
		buf_add_char(out, ' ');
		buf_add_hex(out, r->bytes);
		buf_add_char(out, '\n');
	}
}

static void
write_policy(struct buf *strings, const struct sts_policy *policy)
{
	struct str text, line;
	struct buf file;

	buf_init(&file, STS_FILE_MAX);
	sts_policy_write(&file, policy);
	text = buf_str(&file);
	while (str_next_part(&text, '\n', &line)) {
		buf_add(strings, str_trim(line));
		buf_add_char(strings, '\n');
	}
	buf_release(&file);
}

/* Which policy counted: DANE wins, in reports, too. */
static void
describe(const struct remote_agent *a, size_t host, struct rpt_session *session,
    struct buf *strings)
{
	const struct remote_demands *d = a->demands;
	const struct tlsa_find *tlsa = &d->tlsa[host];

	session->policy_domain = a->mx.domain;
	if (tlsa->state != TLSA_NONE) {
		session->type = RPT_TLSA;
		session->policy_domain =
		    str_empty(tlsa->base) ? a->mx.hosts[host].name : tlsa->base;
		write_records(strings, tlsa);
	} else if (d->sts.has_policy) {
		session->type = RPT_STS;
		write_policy(strings, &d->sts.policy);
	} else {
		session->type = d->sts.result == TLS_RESULT_SUCCESS ? RPT_NO_POLICY : RPT_STS;
	}
	session->strings = buf_str(strings);
}

static void
fail_by(struct rpt_session *s, enum tls_result result, const char *reason)
{
	s->result = result;
	s->reason = str_c(reason);
}

/*
 * What the domain is told of it, whether or not that kept the mail back. Where nothing was demanded any TLS is good
 * (RFC 8460 4.2.1: "policy-compliant").
 */
static void
judge(const struct remote_agent *a, size_t host, struct rpt_session *s)
{
	const struct remote_demands *d = a->demands;

	if (s->result == TLS_RESULT_NO_STARTTLS)
		return;
	switch (s->type) {
	case RPT_TLSA:
		if (d->tlsa[host].state == TLSA_ENCRYPT)
			fail_by(s, TLS_RESULT_TLSA_INVALID,
			    tls_result_words[TLS_RESULT_TLSA_INVALID]);
		break;
	case RPT_STS:
		if (!d->sts.has_policy) /* nothing was demanded of the host: that is what failed */
			fail_by(s, d->sts.result, tls_result_words[d->sts.result]);
		else if (!sts_policy_names(&d->sts.policy, a->mx.hosts[host].name))
			fail_by(s, TLS_RESULT_INVALID, REMOTE_NOT_NAMED);
		break;
	case RPT_NO_POLICY:
		if (a->smtpc.is_tls)
			fail_by(s, TLS_RESULT_SUCCESS, "");
		break;
	case RPT_TYPE_COUNT: break;
	}
}

static void
count(const struct remote_agent *a, size_t host, struct rpt_session *s)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	struct buf strings;

	if (a->demands == NULL || house->note_session == NULL || str_empty(a->mx.domain))
		return;
	buf_init(&strings, RPT_TEXT_MAX);
	s->domain = a->mx.domain;
	s->host = a->mx.hosts[host].name;
	describe(a, host, s, &strings);
	judge(a, host, s);
	if (s->result == TLS_RESULT_SUCCESS) /* all of them are one row */
		s->host = s->address = s->sender = s->reason = STR("");
	/* Who did not look for policies does not say that there are none. */
	if (s->type != RPT_NO_POLICY || (house->outbound->has_dane && house->outbound->has_sts))
		house->note_session(house->arg, s);
	buf_release(&strings);
}

void
remote_count_opened(const struct remote_agent *a)
{
	const struct hop *hop = &a->hops[a->hop_at];
	char text[NET_ADDRESS_TEXT_MAX];
	struct rpt_session s = { .result = a->smtpc.result,
		.address = net_address_text(&hop->address, text),
		.sender = str_c(a->smtpc.local),
		.reason = str_c(a->smtpc.reason ? a->smtpc.reason : "") };

	count(a, hop->at, &s);
}

void
remote_count_barred(const struct remote_agent *a, size_t host, enum tls_result result,
    const char *why)
{
	struct rpt_session s = { .result = result, .reason = str_c(why) };

	count(a, host, &s);
}

/* RFC 8461 6: while a policy is kept, that another one cannot be had is told beside it. */
void
remote_count_unfetched(const struct remote_agent *a)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	const struct remote_demands *d = a->demands;
	struct rpt_session s = { .domain = a->mx.domain,
		.type = RPT_STS,
		.policy_domain = a->mx.domain,
		.is_aside = true };
	struct buf strings;

	if (d == NULL || house->note_session == NULL || !d->sts.has_policy ||
	    d->sts.result == TLS_RESULT_SUCCESS)
		return;
	buf_init(&strings, RPT_TEXT_MAX);
	write_policy(&strings, &d->sts.policy);
	s.strings = buf_str(&strings);
	fail_by(&s, d->sts.result, tls_result_words[d->sts.result]);
	house->note_session(house->arg, &s);
	buf_release(&strings);
}
