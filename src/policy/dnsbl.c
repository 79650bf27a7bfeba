#include "policy/dnsbl.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "dns/name.h"
#include "policy/private.h"

#define WARN_MS (3600 * 1000LL) /* between two warnings about the same list */

void
dnsbl_name(struct buf *out, const struct net_address *address, struct str zone)
{
	bool is_v6 = address->family == NET_ADDRESS_IPV6;

	dns_reverse_name(address, out);
	buf_truncate(out, out->n - (is_v6 ? STR("ip6.arpa").n : STR("in-addr.arpa").n));
	buf_add(out, zone);
}

void
dnsbl_start(struct dnsbl *l, struct zones *zones, struct dns *dns, struct task *owner,
    const struct net_address *address)
{
	struct buf name;

	*l = (struct dnsbl){ .zones = zones, .count = zones->count };
	for (size_t i = 0; i < l->count; i++) {
		buf_init(&name, DNS_NAME_MAX);
		dnsbl_name(&name, address, zones->zones[i].name);
		dns_query_start(dns, &l->queries[i], owner, buf_str(&name), DNS_A);
		buf_release(&name);
	}
}

static void
warn(struct zone *z, const struct net_address *answer)
{
	char text[NET_ADDRESS_TEXT_MAX];

	if (z->warned_ms != 0 && clock_mono_ms() - z->warned_ms < WARN_MS)
		return;
	z->warned_ms = clock_mono_ms();
	log_warn(&policy_log, "policy.list.refuses", LOG_TEXT("list", z->name),
	    LOG_TEXT("answer", net_address_text(answer, text)));
}

static bool
is_listed(struct zone *z, const struct dns_query *q)
{
	for (size_t i = 0; i < q->record_count; i++) {
		if (zone_refuses(&q->records[i].address))
			warn(z, &q->records[i].address);
		else if (zone_counts(z, &q->records[i].address))
			return true;
	}
	return false;
}

enum dnsbl_state
dnsbl_look(struct dnsbl *l)
{
	enum dnsbl_state state = DNSBL_NONE;

	for (size_t i = 0; i < l->count; i++) {
		if (op_pending(&l->queries[i].op)) {
			state = DNSBL_PENDING;
		} else if (is_listed(&l->zones->zones[i], &l->queries[i])) {
			l->zone = &l->zones->zones[i];
			return DNSBL_FOUND;
		}
	}
	return state;
}

void
dnsbl_release(struct dnsbl *l)
{
	for (size_t i = 0; i < l->count; i++)
		dns_query_release(&l->queries[i]);
	*l = (struct dnsbl){ 0 };
}
