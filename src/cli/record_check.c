/* Records against DNS: all questions at once, then each answer is judged. */
#include "cli/record_judge.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/name.h"

#define REVERSE_MAX     8  /* addresses of one family that are looked at; a host has one or two */
#define DNS_REVERSE_MAX 80 /* bytes: 32 digits of IPv6 with their dots, and ".ip6.arpa" */
#define GOT_MAX         (64 * 1024) /* bytes of what was found for one record; an answer is no larger */

/* What is asked for each rule; 0: nothing. */
static const struct {
	unsigned first, second;
} questions[] = {
	[RECORD_MX] = { DNS_MX, 0 },
	[RECORD_ADDRESS] = { DNS_A, DNS_AAAA },
	[RECORD_REVERSE] = { DNS_PTR, 0 },
	[RECORD_SPF] = { DNS_TXT, 0 },
	[RECORD_DKIM] = { DNS_TXT, 0 },
	[RECORD_NO_DKIM] = { 0, 0 },
	[RECORD_DMARC] = { DNS_TXT, 0 },
	[RECORD_MTA_STS] = { DNS_TXT, 0 },
	[RECORD_TLS_RPT] = { DNS_TXT, 0 },
	[RECORD_TLSA] = { DNS_TLSA, 0 },
	[RECORD_SRV] = { DNS_SRV, 0 },
	[RECORD_ALIAS] = { DNS_A, DNS_AAAA },
	[RECORD_CAA] = { DNS_CAA, 0 },
};
static_assert(ARRAY_LEN(questions) == RECORD_RULE_COUNT, "every rule has its question");

struct pair { /* of questions about one name */
	struct dns_query first, second;
};

static void
ask(struct pair *p, struct cli_dns *dns, struct str name, unsigned first, unsigned second)
{
	if (first)
		dns_query_start(&dns->dns, &p->first, &dns->task, name, (enum dns_type)first);
	if (second)
		dns_query_start(&dns->dns, &p->second, &dns->task, name, (enum dns_type)second);
}

static void
wait_for(struct pair *p, struct cli_dns *dns)
{
	while (op_pending(&p->first.op) || op_pending(&p->second.op))
		cli_dns_wait(dns);
}

static struct record_found
found_by(const struct dns_query *q)
{
	return (struct record_found){ .records = q->records, .count = q->record_count };
}

static bool
is_silent(const struct pair *p)
{
	return p->first.op.fail == FAIL_TEMP || p->second.op.fail == FAIL_TEMP;
}

/* Its addresses, or those of the host that they are compared with, are not all known. */
static bool
is_in_doubt(const struct record *r, const struct pair *p, const struct pair *host)
{
	return (r->rule == RECORD_ALIAS && (is_silent(p) || is_silent(host))) ||
	    (r->rule == RECORD_SPF && is_silent(host));
}

static void
judge(struct records *rs, struct record *r, const struct pair *p, const struct pair *host)
{
	struct record_answer answer = { .first = found_by(&p->first),
		.second = found_by(&p->second),
		.host4 = found_by(&host->first),
		.host6 = found_by(&host->second),
		.host = rs->host,
		.is_secure = p->first.is_secure };
	struct buf got;

	buf_init(&got, GOT_MAX);
	r->but = "";
	if (answer.first.count + answer.second.count > 0)
		r->state = record_judge(r, &answer, &got, &r->but);
	else
		r->state = is_silent(p) ? RECORD_UNKNOWN : RECORD_MISSING;
	if (r->state == RECORD_WRONG && is_in_doubt(r, p, host))
		r->state = RECORD_UNKNOWN;
	if (r->state == RECORD_UNKNOWN)
		r->but = "DNS did not answer, try again";
	r->got = arena_str(&rs->arena, buf_str(&got));
	buf_release(&got);
}

/* RFC 8601 3 (iprev), which the large providers insist on. */
static void
add_reverse(struct records *rs, const struct dns_query *q)
{
	for (size_t i = 0; i < q->record_count && i < REVERSE_MAX && rs->count < RECORDS_MAX; i++) {
		const struct net_address *address = &q->records[i].address;
		struct buf name, data;

		if (!net_address_is_public(address))
			continue;
		buf_init(&name, DNS_REVERSE_MAX);
		buf_init(&data, GOT_MAX);
		dns_reverse_name(address, &name);
		buf_add(&data, rs->host);
		buf_add_char(&data, '.');
		records_add(rs, RECORD_REVERSE, buf_str(&name), buf_str(&data),
		    STR("PTR: the name of this address, set by whoever gave it to you. Many refuse "
			"mail from an address with another name, or none."))
		    ->target = rs->host;
		buf_release(&name);
		buf_release(&data);
	}
}

void
records_check(struct records *rs, struct cli_dns *dns)
{
	struct pair *pairs = mem_new(RECORDS_MAX + 1, sizeof *pairs), *host = &pairs[RECORDS_MAX];

	ask(host, dns, rs->host, DNS_A, DNS_AAAA);
	if (rs->is_sender) {
		wait_for(host, dns);
		add_reverse(rs, &host->first);
		add_reverse(rs, &host->second);
	}
	for (size_t i = 0; i < rs->count; i++)
		ask(&pairs[i], dns, rs->items[i].name, questions[rs->items[i].rule].first,
		    questions[rs->items[i].rule].second);
	wait_for(host, dns);
	for (size_t i = 0; i < rs->count; i++) {
		wait_for(&pairs[i], dns);
		judge(rs, &rs->items[i], &pairs[i], host);
	}
	for (size_t i = 0; i <= RECORDS_MAX; i++) {
		dns_query_release(&pairs[i].first);
		dns_query_release(&pairs[i].second);
	}
	mem_free(pairs);
}
