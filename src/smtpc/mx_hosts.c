#include "smtpc/mx_hosts.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"

#define RECORDS_MAX 100 /* MX records of one domain that are looked at */

/* --- names ---------------------------------------------------------------------------------- */

/* Sorted by preference; equal ones in any order, so that each gets its share (RFC 5321 5.1). */
static void
sort_records(const struct dns_record **records, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		size_t other = (size_t)random_below(i + 1);
		const struct dns_record *moved = records[i];

		records[i] = records[other];
		records[other] = moved;
	}
	for (size_t i = 1; i < count; i++) {
		const struct dns_record *moved = records[i];
		size_t at = i;

		for (; at > 0 && records[at - 1]->priority > moved->priority; at--)
			records[at] = records[at - 1];
		records[at] = moved;
	}
}

static bool
has_host(const struct mx_query *q, struct str name)
{
	for (size_t i = 0; i < q->host_count; i++) {
		if (str_eq(q->hosts[i].name, name))
			return true;
	}
	return false;
}

void
mx_hosts_add(struct mx_hosts *h, struct str name, uint16_t preference, bool is_secure)
{
	struct mx_query *q = h->q;

	if (q->host_count == MX_HOSTS_MAX || has_host(q, name))
		return;
	name = arena_str(&h->arena, name);
	q->hosts[q->host_count++] = (struct mx_host){ .name = name,
		.canonical = name,
		.preference = preference,
		.is_name_secure = is_secure,
		.is_secure = is_secure };
}

/* RFC 7505 3: one record, its name the root. Beside others such a record means nothing. */
void
mx_hosts_add_records(struct mx_hosts *h, const struct dns_query *names)
{
	const struct dns_record *sorted[RECORDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < names->record_count && count < RECORDS_MAX; i++) {
		if (!str_eq(names->records[i].name, STR(".")))
			sorted[count++] = &names->records[i];
	}
	sort_records(sorted, count);
	for (size_t i = 0; i < count; i++)
		mx_hosts_add(h, sorted[i]->name, sorted[i]->priority, names->is_secure);
}

/* --- addresses ------------------------------------------------------------------------------ */

/* May it be connected to? It is remembered when only the owner's setting forbids it. */
static bool
is_allowed(struct mx_hosts *h, const struct net_address *a)
{
	if (h->allow_private || net_address_is_public(a))
		return true;
	h->was_private = true;
	return false;
}

void
mx_hosts_add_address(struct mx_hosts *h, struct mx_host *host, struct net_address a)
{
	if (host->address_count == MX_ADDRESSES_MAX || !is_allowed(h, &a))
		return;
	a.port = h->port;
	host->addresses[host->address_count++] = a;
}

/* Both families in turn, so that one that leads nowhere costs one try. */
static void
take_addresses(struct mx_hosts *h, struct mx_host *host, const struct mx_answers *answers)
{
	const struct dns_query *by_family = answers->by_family;
	size_t most = 0;

	for (size_t f = 0; f < MX_FAMILIES_COUNT; f++) {
		if (by_family[f].record_count > most)
			most = by_family[f].record_count;
		if (by_family[f].record_count == 0)
			continue;
		host->is_secure = host->is_secure && by_family[f].is_secure;
		if (!str_eq(by_family[f].canonical, host->name))
			host->canonical = arena_str(&h->arena, by_family[f].canonical);
	}
	for (size_t at = 0; at < most; at++) {
		for (size_t f = 0; f < MX_FAMILIES_COUNT; f++) {
			if (at < by_family[f].record_count)
				mx_hosts_add_address(h, host, by_family[f].records[at].address);
		}
	}
}

void
mx_hosts_take_addresses(struct mx_hosts *h, const struct mx_answers *answers)
{
	struct mx_query *q = h->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->host_count; i++) {
		take_addresses(h, &q->hosts[i], &answers[i]);
		if (q->hosts[i].address_count > 0)
			q->hosts[kept++] = q->hosts[i];
	}
	q->host_count = kept;
}

/* --- ourselves ------------------------------------------------------------------------------ */

bool
mx_hosts_is_own(const struct mx_hosts *h, const struct net_address *a)
{
	const struct mx_own *own = h->own;

	for (size_t i = 0; i < own->address_count; i++) {
		const struct net_address *ours = &own->addresses[i];

		if (ours->family == a->family &&
		    memcmp(ours->bytes, a->bytes, sizeof a->bytes) == 0)
			return true;
	}
	return false;
}

/* RFC 5321 5.1: from ourselves on, mail would only go round. */
static void
cut_from(struct mx_hosts *h, uint16_t preference)
{
	struct mx_query *q = h->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->host_count; i++) {
		if (q->hosts[i].preference >= preference)
			break;
		kept++;
	}
	q->host_count = kept;
	h->is_own_best = kept == 0;
}

void
mx_hosts_cut_own_name(struct mx_hosts *h)
{
	for (size_t i = 0; i < h->q->host_count; i++) {
		if (str_eq_nocase(h->q->hosts[i].name, h->own->hostname)) {
			cut_from(h, h->q->hosts[i].preference);
			return;
		}
	}
}

void
mx_hosts_cut_own_addresses(struct mx_hosts *h, const struct mx_answers *answers)
{
	for (size_t i = 0; i < h->q->host_count; i++) {
		for (size_t f = 0; f < MX_FAMILIES_COUNT; f++) {
			const struct dns_query *q = &answers[i].by_family[f];

			for (size_t r = 0; r < q->record_count; r++) {
				if (mx_hosts_is_own(h, &q->records[r].address)) {
					cut_from(h, h->q->hosts[i].preference);
					return;
				}
			}
		}
	}
}
