/* Conversations with hosts whose domain demands something, counted for its reports (agent.h, RFC 8460). */
#include "queue/demands.h"

/* rooms */
#include "crypto/hash.h"
#include "tlspolicy/rpt_session.h"

#define RECORDS_MAX 8 /* TLSA records that are shown */

/* "3 1 1 0123.." (RFC 8460 4.4: policy-string) */
static void
write_records(struct buf *out, const struct tlsa_find *f)
{
	for (size_t i = 0; i < f->record_count && i < RECORDS_MAX; i++) {
		const struct dns_record *r = &f->records[i];

		buf_add_u64(out, r->usage);
		buf_add_char(out, ' ');
		buf_add_u64(out, r->selector);
		buf_add_char(out, ' ');
		buf_add_u64(out, r->matching);
		buf_add_char(out, ' ');
		buf_add_hex(out, str_head(r->bytes, HASH_SIZE_MAX));
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

/* DANE wins, in reports, too; false: nothing was demanded. */
static bool
describe(const struct remote_agent *a, size_t host, struct rpt_session *session,
    struct buf *strings)
{
	const struct remote_demands *d = a->demands;
	const struct tlsa_find *tlsa = &d->tlsa[host];

	session->type = tlsa->state == TLSA_NONE ? RPT_STS : RPT_TLSA;
	if (tlsa->state != TLSA_NONE) {
		write_records(strings, tlsa);
		return true;
	}
	if (d->sts.has_policy)
		write_policy(strings, &d->sts.policy);
	return d->sts.has_policy || d->sts.result != TLS_RESULT_SUCCESS;
}

/* What the domain is told of it, whether or not that kept the mail back. */
static enum tls_result
judge(const struct remote_agent *a, size_t host, enum rpt_type type, enum tls_result result)
{
	const struct remote_demands *d = a->demands;

	if (result == TLS_RESULT_NO_STARTTLS)
		return result;
	if (type == RPT_TLSA)
		return d->tlsa[host].state == TLSA_ENCRYPT ? TLS_RESULT_TLSA_INVALID : result;
	if (!d->sts.has_policy) /* nothing was demanded of the host: that is what failed */
		return d->sts.result;
	return sts_policy_names(&d->sts.policy, a->mx.hosts[host].name) ? result
									: TLS_RESULT_INVALID;
}

void
remote_count(struct remote_agent *a, size_t host, enum tls_result result,
    const struct net_address *address)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	char text[NET_ADDRESS_TEXT_MAX];
	struct rpt_session session = { .domain = a->mx.domain, .host = a->mx.hosts[host].name };
	struct buf strings;

	if (a->demands == NULL || house->note_session == NULL || str_empty(a->mx.domain))
		return;
	buf_init(&strings, RPT_TEXT_MAX);
	if (address)
		session.address = net_address_text(address, text);
	if (describe(a, host, &session, &strings)) {
		session.strings = buf_str(&strings);
		session.result = judge(a, host, session.type, result);
		house->note_session(house->arg, &session);
	}
	buf_release(&strings);
}
