#include "lib/fake_dns.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/dns.h"
#include "dns/name.h"
#include "dns/zone.h"

#define HELD_MAX 256

static struct dns_query *held[HELD_MAX];
static bool is_holding;

#define IPV4(a, b, c, d) \
	{ \
		.bytes = { a, b, c, d }, .family = NET_ADDRESS_IPV4 \
	}

static const struct {
	struct str name;
	enum dns_type type;
	struct dns_record record;
} answers[] = {
	{ STR_INIT("elsewhere.test"), DNS_MX, { .name = STR_INIT("mx.elsewhere.test") } },
	{ STR_INIT("example.org"), DNS_MX, { .name = STR_INIT("mx.elsewhere.test") } },
	{ STR_INIT("mx.elsewhere.test"), DNS_A, { .address = IPV4(192, 0, 2, 25) } },
	{ STR_INIT("nullmx.test"), DNS_MX, { .name = STR_INIT(".") } },
	{ STR_INIT("good.test"), DNS_A, { .address = IPV4(192, 0, 2, 1) } },
	{ STR_INIT("1.2.0.192.in-addr.arpa"), DNS_PTR, { .name = STR_INIT("good.test") } },
	{ STR_INIT("forged.test"), DNS_A, { .address = IPV4(192, 0, 2, 1) } },
	{ STR_INIT("2.2.0.192.in-addr.arpa"), DNS_PTR, { .name = STR_INIT("forged.test") } },
	{ STR_INIT("66.8.8.8.bl.test"), DNS_A, { .address = IPV4(127, 0, 0, 2) } },
	{ STR_INIT("66.8.8.8.bl.test"), DNS_TXT, { .bytes = STR_INIT("listed for a test") } },
	{ STR_INIT("67.8.8.8.bl.test"), DNS_A, { .address = IPV4(127, 0, 0, 2) } },
	{ STR_INIT("strict.test"), DNS_A, { .address = IPV4(192, 0, 2, 1) } },
	{ STR_INIT("strict.test"), DNS_TXT, { .bytes = STR_INIT("v=spf1 a -all") } },
	{ STR_INIT("mx.strict.test"), DNS_TXT, { .bytes = STR_INIT("v=spf1 a:strict.test -all") } },
	{ STR_INIT("_dmarc.strict.test"), DNS_TXT, { .bytes = STR_INIT("v=DMARC1; p=reject") } },
	{ STR_INIT("quiet.test"), DNS_A, { .address = IPV4(192, 0, 2, 1) } },
	{ STR_INIT("quiet.test"), DNS_TXT, { .bytes = STR_INIT("v=spf1 a -all") } },
	{ STR_INIT("_dmarc.quiet.test"), DNS_TXT, { .bytes = STR_INIT("v=DMARC1; p=quarantine") } },
	{ STR_INIT("told.test"), DNS_A, { .address = IPV4(192, 0, 2, 1) } },
	{ STR_INIT("told.test"), DNS_TXT, { .bytes = STR_INIT("v=spf1 a -all") } },
	{ STR_INIT("_dmarc.told.test"), DNS_TXT,
	    { .bytes = STR_INIT("v=DMARC1; p=reject; rua=mailto:d@told.test") } },
	{ STR_INIT("67.8.8.8.wl.test"), DNS_A, { .address = IPV4(127, 0, 0, 2) } },
};

static enum fail
find(struct dns_query *q, struct str name, enum dns_type type)
{
	bool is_known = false;

	if (str_ends_nocase(name, STR("down.test")) || str_eq(name, STR("8.2.0.192.in-addr.arpa")))
		return FAIL_TEMP;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (!str_eq_nocase(name, answers[i].name))
			continue;
		is_known = true;
		if (answers[i].type != type)
			continue;
		q->records = &answers[i].record;
		q->record_count = 1;
		q->canonical = answers[i].name;
		return FAIL_NONE;
	}
	q->is_name_missing = !is_known;
	return FAIL_MISSING;
}

static enum fail
find_in_zone(const struct dns_zone *zone, struct dns_query *q, struct str name, enum dns_type type)
{
	struct task *owner = q->op.owner;
	enum fail fail = FAIL_SYNTAX;
	struct buf text;

	buf_init(&text, DNS_NAME_MAX);
	if (dns_name_parse(name, &text) == FAIL_NONE) {
		zone_answer(zone, q, buf_str(&text), type);
		fail = q->op.fail;
		op_begin(&q->op, owner);
	}
	buf_release(&text);
	return fail;
}

void
dns_query_start(struct dns *d, struct dns_query *q, struct task *owner, struct str name,
    enum dns_type type)
{
	enum fail fail;
	size_t i = 0;

	dns_query_release(q);
	op_begin(&q->op, owner);
	fail = d && d->zone ? find_in_zone(d->zone, q, name, type) : find(q, name, type);
	if (!is_holding) {
		op_finish(&q->op, fail);
		return;
	}
	q->op.fail = fail;
	while (held[i])
		invariant(++i < HELD_MAX);
	held[i] = q;
}

void
fake_dns_hold(bool is_held)
{
	is_holding = is_held;
}

bool
fake_dns_release(void)
{
	bool has_any = false;

	for (size_t i = 0; i < HELD_MAX; i++) {
		struct dns_query *q = held[i];

		held[i] = NULL;
		has_any |= q != NULL;
		if (q)
			op_finish(&q->op, q->op.fail);
	}
	return has_any;
}

void
dns_query_cancel(struct dns_query *q)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (held[i] == q)
			held[i] = NULL;
	op_drop(&q->op);
	*q = (struct dns_query){ .ttl_s = 0 };
}

void
dns_query_release(struct dns_query *q)
{
	dns_query_cancel(q);
}

/* Lifetime of a resolver that is never asked for servers. */
enum fail
dns_init(struct dns *d, struct loop *loop, struct net *net, const struct dns_settings *settings,
    struct buf *why)
{
	(void)why;
	*d = (struct dns){ .loop = loop, .net = net, .settings = settings };
	return FAIL_NONE;
}

void
dns_release(struct dns *d)
{
	zone_free(d->zone);
	d->zone = NULL;
}
