#include "smtpc/mx.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "smtpc/mx_hosts.h"

#define ARENA_MAX (32 * 1024) /* bytes: MX_HOSTS_MAX names, and those behind them */

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
	enum mx_state state;
	struct mx_hosts hosts;
	struct dns_query names;
	struct mx_answers addresses[MX_HOSTS_MAX];
	bool is_named; /* one host that the owner named */
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

/* --- addresses ------------------------------------------------------------------------------ */

static void
judge_addresses(struct mx_inner *m, bool has_failed)
{
	if (m->q->host_count > 0)
		finish(m, FAIL_NONE, (struct status){ 0 }, NULL);
	else if (has_failed)
		finish(m, FAIL_TEMP, STATUS(4, 4, 3),
		    m->is_named ? "the address of the route's host cannot be looked up"
				: "the addresses of its hosts cannot be looked up");
	else if (m->is_named)
		finish(m, FAIL_MISSING, STATUS(5, 3, 5),
		    "the route's host does not exist, or has no address");
	else if (m->hosts.was_private)
		finish(m, FAIL_PERM, STATUS(5, 7, 1),
		    "its hosts are at private addresses only, where mail is not sent from here");
	else if (m->q->is_implicit)
		finish(m, FAIL_MISSING, STATUS(5, 1, 2), "the domain has no host that takes mail");
	else
		finish(m, FAIL_PERM, STATUS(5, 4, 4), "none of its hosts has an address");
}

static void
addresses_came(struct mx_inner *m)
{
	bool has_failed = false;

	mx_hosts_cut_own_addresses(&m->hosts, m->addresses);
	if (m->hosts.is_own_best) {
		finish_own(m);
		return;
	}
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < MX_FAMILIES_COUNT; f++)
			has_failed =
			    has_failed || m->addresses[i].by_family[f].op.fail == FAIL_TEMP;
	}
	mx_hosts_take_addresses(&m->hosts, m->addresses);
	judge_addresses(m, has_failed);
}

static void
ask_addresses(struct mx_inner *m)
{
	static const enum dns_type types[][MX_FAMILIES_COUNT] = {
		[SMTPC_BOTH_IPV6_FIRST] = { DNS_AAAA, DNS_A },
		[SMTPC_BOTH_IPV4_FIRST] = { DNS_A, DNS_AAAA },
		[SMTPC_ONLY_IPV4] = { DNS_A, DNS_A },
		[SMTPC_ONLY_IPV6] = { DNS_AAAA, DNS_AAAA },
	};
	const enum dns_type *wanted = types[m->settings->families];
	size_t count = wanted[0] == wanted[1] ? 1 : MX_FAMILIES_COUNT;

	m->state = MX_ADDRESSES;
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < count; f++)
			dns_query_start(m->dns, &m->addresses[i].by_family[f], &m->task,
			    m->q->hosts[i].name, wanted[f]);
	}
}

static bool
is_asking_addresses(const struct mx_inner *m)
{
	for (size_t i = 0; i < m->q->host_count; i++) {
		for (size_t f = 0; f < MX_FAMILIES_COUNT; f++) {
			if (op_pending(&m->addresses[i].by_family[f].op))
				return true;
		}
	}
	return false;
}

/* --- names ---------------------------------------------------------------------------------- */

/* The domain has records, or none and is its own host (RFC 5321 5.1). */
static void
names_came(struct mx_inner *m)
{
	m->q->canonical = str_empty(m->names.canonical) ? m->q->domain : m->names.canonical;
	mx_hosts_add_records(&m->hosts, &m->names);
	if (m->names.op.fail == FAIL_MISSING) {
		m->q->is_implicit = true;
		mx_hosts_add(&m->hosts, m->q->domain, 0, m->names.is_secure);
	}
	mx_hosts_cut_own_name(&m->hosts);
	if (m->hosts.is_own_best) {
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

	if (mx_hosts_is_own(&m->hosts, a)) {
		finish_own(m);
		return;
	}
	mx_hosts_add(&m->hosts, net_address_text(a, text), 0, false);
	if (is_wanted_family(m->settings, a))
		mx_hosts_add_address(&m->hosts, &m->q->hosts[0], *a);
	if (m->q->hosts[0].address_count > 0)
		finish(m, FAIL_NONE, (struct status){ 0 }, NULL);
	else
		finish(m, FAIL_PERM, STATUS(5, 7, 1),
		    m->hosts.was_private
			? "it is a private address, where mail is not sent from here"
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
		m->q->domain = arena_str(&m->hosts.arena, buf_str(&ascii));
		m->state = MX_NAMES;
		dns_query_start(m->dns, &m->names, &m->task, m->q->domain, DNS_MX);
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
	m->q = m->hosts.q = q;
	m->dns = dns;
	m->settings = settings;
	arena_init(&m->hosts.arena, ARENA_MAX);
	loop_task(loop, &m->task, mx_step, NULL);
	return m;
}

void
mx_query_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, const struct mx_own *own, struct task *owner,
    struct str domain)
{
	struct mx_inner *m = mx_new(q, loop, dns, settings, owner);

	m->hosts.own = own;
	m->hosts.port = (uint16_t)settings->port;
	m->hosts.allow_private = settings->allow_private;
	start(m, domain);
}

void
mx_host_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, struct task *owner, struct str host, uint16_t port)
{
	static const struct mx_own nobody = { 0 };
	struct mx_inner *m = mx_new(q, loop, dns, settings, owner);
	struct buf ascii;

	m->hosts.own = &nobody;
	m->hosts.port = port;
	m->hosts.allow_private = true;
	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, host) != FAIL_NONE) {
		finish(m, FAIL_PERM, STATUS(5, 3, 5), "the route's host is not the name of one");
	} else {
		q->is_implicit = m->is_named = true;
		q->domain = q->canonical = arena_str(&m->hosts.arena, buf_str(&ascii));
		mx_hosts_add(&m->hosts, buf_str(&ascii), 0, true);
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
		for (size_t f = 0; f < MX_FAMILIES_COUNT; f++)
			dns_query_release(&m->addresses[i].by_family[f]);
	}
}

void
mx_query_release(struct mx_query *q)
{
	mx_query_cancel(q);
	if (q->inner)
		arena_release(&q->inner->hosts.arena);
	mem_free(q->inner);
	*q = (struct mx_query){ 0 };
}
