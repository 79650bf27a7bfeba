#include "smtpc/mx.h"

/* system */
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "crypto/random.h"

#define ARENA_MAX      (32 * 1024) /* bytes: MX_HOSTS_MAX names, and those behind them */
#define RECORDS_MAX    100         /* MX records of one domain that are looked at */
#define FAMILIES_COUNT 2           /* questions per host */

enum mx_state {
	MX_OFF,       /* an answer, or never started */
	MX_NAMES,     /* the domain's MX records are asked for */
	MX_ADDRESSES, /* the hosts' addresses are */
};

struct mx_inner {
	struct mx_query *q; /* borrow: who embeds us */
	struct task task;
	struct dns *dns;                       /* borrow */
	const struct smtpc_settings *settings; /* borrow */
	const struct mx_own *own;              /* borrow */
	uint16_t port;
	bool allow_private;
	enum mx_state state;
	struct arena arena;
	struct str domain; /* arena; ASCII */
	struct dns_query names;
	struct dns_query addresses[MX_HOSTS_MAX][FAMILIES_COUNT]; /* by preferred family */
	bool is_named;    /* one host that the owner named */
	bool is_own_best; /* hosts were cut off: ourselves */
	bool was_private; /* an address was left out that is not public */
};

/* --- outcomes ------------------------------------------------------------------------------- */

static void
finish(struct mx_inner *m, enum fail fail, struct status status, const char *why)
{
	struct mx_query *q = m->q;

	m->state = MX_OFF;
	q->status = status;
	q->why = why;
	if (fail != FAIL_NONE)
		q->host_count = 0;
	op_finish(&q->op, fail);
}

static void
finish_own(struct mx_inner *m)
{
	finish(m, FAIL_PERM, STATUS(5, 3, 5),
	    "the domain names this server to take its mail, which is not set up for it");
}

/* --- hosts ---------------------------------------------------------------------------------- */

/* Whatever the port. */
static bool
is_own_address(const struct mx_own *own, const struct net_address *a)
{
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
cut_from(struct mx_inner *m, uint16_t preference)
{
	struct mx_query *q = m->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->host_count; i++) {
		if (q->hosts[i].preference >= preference)
			break;
		kept++;
	}
	q->host_count = kept;
	m->is_own_best = kept == 0;
}

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

static void
add_host(struct mx_inner *m, struct str name, uint16_t preference, bool is_secure)
{
	struct mx_query *q = m->q;

	if (q->host_count == MX_HOSTS_MAX || has_host(q, name))
		return;
	name = arena_str(&m->arena, name);
	q->hosts[q->host_count++] = (struct mx_host){ .name = name,
		.canonical = name,
		.preference = preference,
		.is_name_secure = is_secure,
		.is_secure = is_secure };
}

/* --- addresses ------------------------------------------------------------------------------ */

/* May it be connected to? It is remembered when only the owner's setting forbids it. */
static bool
is_allowed(struct mx_inner *m, const struct net_address *a)
{
	if (m->allow_private || net_address_is_public(a))
		return true;
	m->was_private = true;
	return false;
}

static void
add_address(struct mx_inner *m, struct mx_host *host, struct net_address a)
{
	if (host->address_count == MX_ADDRESSES_MAX || !is_allowed(m, &a))
		return;
	a.port = m->port;
	host->addresses[host->address_count++] = a;
}

/* Both families in turn, so that one that leads nowhere costs one try. */
static void
take_addresses(struct mx_inner *m, size_t i)
{
	struct mx_host *host = &m->q->hosts[i];
	const struct dns_query *by_family = m->addresses[i];
	size_t most = 0;

	for (size_t f = 0; f < FAMILIES_COUNT; f++) {
		if (by_family[f].record_count > most)
			most = by_family[f].record_count;
		if (by_family[f].record_count == 0)
			continue;
		host->is_secure = host->is_secure && by_family[f].is_secure;
		if (!str_eq(by_family[f].canonical, host->name))
			host->canonical = arena_str(&m->arena, by_family[f].canonical);
	}
	for (size_t at = 0; at < most; at++) {
		for (size_t f = 0; f < FAMILIES_COUNT; f++) {
			if (at < by_family[f].record_count)
				add_address(m, host, by_family[f].records[at].address);
		}
	}
}

/* The most preferred host of which an address is ours. */
static void
cut_own_addresses(struct mx_inner *m)
{
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < FAMILIES_COUNT; f++) {
			const struct dns_query *q = &m->addresses[i][f];

			for (size_t r = 0; r < q->record_count; r++) {
				if (is_own_address(m->own, &q->records[r].address)) {
					cut_from(m, m->q->hosts[i].preference);
					return;
				}
			}
		}
	}
}

/* Hosts without an address go; what is to be said when all did. */
static void
judge_addresses(struct mx_inner *m, bool has_failed)
{
	struct mx_query *q = m->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->host_count; i++) {
		if (q->hosts[i].address_count > 0)
			q->hosts[kept++] = q->hosts[i];
	}
	q->host_count = kept;
	if (kept > 0)
		finish(m, FAIL_NONE, (struct status){ 0 }, NULL);
	else if (has_failed)
		finish(m, FAIL_TEMP, STATUS(4, 4, 3),
		    m->is_named ? "the address of the route's host cannot be looked up"
				: "the addresses of its hosts cannot be looked up");
	else if (m->is_named)
		finish(m, FAIL_MISSING, STATUS(5, 3, 5),
		    "the route's host does not exist, or has no address");
	else if (m->was_private)
		finish(m, FAIL_PERM, STATUS(5, 7, 1),
		    "its hosts are at private addresses only, where mail is not sent from here");
	else if (q->is_implicit)
		finish(m, FAIL_MISSING, STATUS(5, 1, 2), "the domain has no host that takes mail");
	else
		finish(m, FAIL_PERM, STATUS(5, 4, 4), "none of its hosts has an address");
}

static void
addresses_came(struct mx_inner *m)
{
	bool has_failed = false;

	cut_own_addresses(m);
	if (m->is_own_best) {
		finish_own(m);
		return;
	}
	for (size_t i = 0; i < m->q->host_count; i++) {
		take_addresses(m, i);
		for (size_t f = 0; f < FAMILIES_COUNT; f++)
			has_failed = has_failed || m->addresses[i][f].op.fail == FAIL_TEMP;
	}
	judge_addresses(m, has_failed);
}

static void
ask_addresses(struct mx_inner *m)
{
	static const enum dns_type types[][FAMILIES_COUNT] = {
		[SMTPC_BOTH_IPV6_FIRST] = { DNS_AAAA, DNS_A },
		[SMTPC_BOTH_IPV4_FIRST] = { DNS_A, DNS_AAAA },
		[SMTPC_ONLY_IPV4] = { DNS_A, DNS_A },
		[SMTPC_ONLY_IPV6] = { DNS_AAAA, DNS_AAAA },
	};
	const enum dns_type *wanted = types[m->settings->families];
	size_t count = wanted[0] == wanted[1] ? 1 : FAMILIES_COUNT;

	m->state = MX_ADDRESSES;
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < count; f++)
			dns_query_start(m->dns, &m->addresses[i][f], &m->task, m->q->hosts[i].name,
			    wanted[f]);
	}
}

static bool
is_asking_addresses(const struct mx_inner *m)
{
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < FAMILIES_COUNT; f++) {
			if (op_pending(&m->addresses[i][f].op))
				return true;
		}
	}
	return false;
}

/* --- names ---------------------------------------------------------------------------------- */

/* RFC 7505 3: one record, its name the root. Beside others such a record means nothing. */
static void
take_names(struct mx_inner *m)
{
	const struct dns_record *sorted[RECORDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < m->names.record_count && count < RECORDS_MAX; i++) {
		if (!str_eq(m->names.records[i].name, STR(".")))
			sorted[count++] = &m->names.records[i];
	}
	sort_records(sorted, count);
	for (size_t i = 0; i < count; i++)
		add_host(m, sorted[i]->name, sorted[i]->priority, m->names.is_secure);
}

/* The most preferred host that has our name, be it by a record or the domain itself. */
static void
cut_own_name(struct mx_inner *m)
{
	for (size_t i = 0; i < m->q->host_count; i++) {
		if (str_eq_nocase(m->q->hosts[i].name, m->own->hostname)) {
			cut_from(m, m->q->hosts[i].preference);
			return;
		}
	}
}

/* The domain has records, or none and is its own host (RFC 5321 5.1). */
static void
names_came(struct mx_inner *m)
{
	m->q->canonical = str_empty(m->names.canonical) ? m->domain : m->names.canonical;
	take_names(m);
	if (m->names.op.fail == FAIL_MISSING) {
		m->q->is_implicit = true;
		add_host(m, m->domain, 0, m->names.is_secure);
	}
	cut_own_name(m);
	if (m->is_own_best) {
		finish_own(m);
		return;
	}
	if (m->q->host_count == 0)
		finish(m, FAIL_DENIED, STATUS(5, 1, 10), "the domain says that it takes no mail");
	else
		ask_addresses(m);
}

static void
answer_about_names(struct mx_inner *m)
{
	switch (m->names.op.fail) {
	case FAIL_NONE: names_came(m); return;
	case FAIL_MISSING:
		if (!m->names.is_name_missing)
			names_came(m);
		else
			finish(m, FAIL_MISSING, STATUS(5, 1, 2), "the domain does not exist");
		return;
	case FAIL_SYNTAX:
		finish(m, FAIL_PERM, STATUS(5, 1, 2), "it is not the name of a domain");
		return;
	case FAIL_TEMP:
	case FAIL_LIMIT:
	case FAIL_DENIED:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	finish(m, FAIL_TEMP, STATUS(4, 4, 3), "the domain cannot be looked up");
}

static enum step
mx_step(struct task *t)
{
	struct mx_inner *m = container_of(t, struct mx_inner, task);

	if (m->state == MX_NAMES && !op_pending(&m->names.op))
		answer_about_names(m);
	if (m->state == MX_ADDRESSES && !is_asking_addresses(m))
		addresses_came(m);
	return STEP_WAIT;
}

/* --- from outside --------------------------------------------------------------------------- */

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3) */
static enum fail
parse_literal(struct str domain, struct net_address *out)
{
	if (!str_skip_char(&domain, '[') || !str_ends(domain, STR("]")))
		return FAIL_SYNTAX;
	domain.n--;
	if (!str_skip_nocase(&domain, STR("IPv6:")) && str_find_char(domain, ':') != STR_NONE)
		return FAIL_SYNTAX;
	return net_address_parse(domain, out);
}

static bool
is_wanted_family(const struct smtpc_settings *settings, const struct net_address *a)
{
	if (a->family == NET_ADDRESS_IPV4)
		return settings->families != SMTPC_ONLY_IPV6;
	return settings->families != SMTPC_ONLY_IPV4;
}

static void
answer_literal(struct mx_inner *m, const struct net_address *a)
{
	char text[NET_ADDRESS_TEXT_MAX];

	if (is_own_address(m->own, a)) {
		finish_own(m);
		return;
	}
	add_host(m, net_address_text(a, text), 0, false);
	if (is_wanted_family(m->settings, a))
		add_address(m, &m->q->hosts[0], *a);
	if (m->q->hosts[0].address_count > 0)
		finish(m, FAIL_NONE, (struct status){ 0 }, NULL);
	else
		finish(m, FAIL_PERM, STATUS(5, 7, 1),
		    m->was_private ? "it is a private address, where mail is not sent from here"
				   : "it is an address of a kind that is switched off here");
}

static void
start(struct mx_inner *m, struct str domain)
{
	struct net_address address;
	struct buf ascii;

	if (str_starts(domain, STR("["))) {
		if (parse_literal(domain, &address) == FAIL_NONE)
			answer_literal(m, &address);
		else
			finish(m, FAIL_PERM, STATUS(5, 1, 2), "it is not an address");
		return;
	}
	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, domain) != FAIL_NONE) {
		finish(m, FAIL_PERM, STATUS(5, 1, 2), "it is not the name of a domain");
	} else {
		m->domain = arena_str(&m->arena, buf_str(&ascii));
		m->q->domain = m->domain;
		m->state = MX_NAMES;
		dns_query_start(m->dns, &m->names, &m->task, m->domain, DNS_MX);
		task_wake(&m->task);
	}
	buf_release(&ascii);
}

static struct mx_inner *
mx_new(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, struct task *owner)
{
	struct mx_inner *m = mem_new(1, sizeof *m);

	invariant(!op_pending(&q->op));
	mx_query_release(q);
	op_begin(&q->op, owner);
	q->inner = m;
	m->q = q;
	m->dns = dns;
	m->settings = settings;
	arena_init(&m->arena, ARENA_MAX);
	loop_task(loop, &m->task, mx_step, NULL);
	return m;
}

void
mx_query_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, const struct mx_own *own, struct task *owner,
    struct str domain)
{
	struct mx_inner *m = mx_new(q, loop, dns, settings, owner);

	m->own = own;
	m->port = (uint16_t)settings->port;
	m->allow_private = settings->allow_private;
	start(m, domain);
}

void
mx_host_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, struct task *owner, struct str host, uint16_t port)
{
	static const struct mx_own nobody = { 0 };
	struct mx_inner *m = mx_new(q, loop, dns, settings, owner);
	struct buf ascii;

	m->own = &nobody;
	m->port = port;
	m->allow_private = true;
	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, host) != FAIL_NONE) {
		finish(m, FAIL_PERM, STATUS(5, 3, 5), "the route's host is not the name of one");
	} else {
		q->is_implicit = m->is_named = true;
		q->domain = q->canonical = arena_str(&m->arena, buf_str(&ascii));
		add_host(m, buf_str(&ascii), 0, true);
		ask_addresses(m);
		task_wake(&m->task);
	}
	buf_release(&ascii);
}

void
mx_query_cancel(struct mx_query *q)
{
	struct mx_inner *m = q->inner;

	op_drop(&q->op);
	if (m == NULL)
		return;
	m->state = MX_OFF;
	task_cancel(&m->task);
	dns_query_release(&m->names);
	for (size_t i = 0; i < MX_HOSTS_MAX; i++) {
		for (size_t f = 0; f < FAMILIES_COUNT; f++)
			dns_query_release(&m->addresses[i][f]);
	}
}

void
mx_query_release(struct mx_query *q)
{
	mx_query_cancel(q);
	if (q->inner)
		arena_release(&q->inner->arena);
	mem_free(q->inner);
	*q = (struct mx_query){ 0 };
}
