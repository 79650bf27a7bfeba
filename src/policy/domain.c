/*
 * Can mail be sent to this domain? MX, and where there is none the domain's own addresses (RFC 5321 5.1).
 *
 *     MX --records--> GOOD, or NULL_MX ("." alone, RFC 7505)
 *      |--no such name--> MISSING
 *      `--no MX--> ADDRESSES (also what a host is asked for) --one--> GOOD    --none--> MISSING
 *     any --DNS does not answer, the time is over--> UNKNOWN
 */
#include "policy/private.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "codec/utf8.h"

struct policy_domain_inner {
	struct policy *policy;
	struct policy_domain *domain;
	struct task task;
	struct timer timer;
	int64_t end_ms;
	bool asks_addresses;
	struct dns_query mx, four, six;
	struct buf name; /* in ASCII */
};

static bool
is_null_mx(const struct dns_query *q)
{
	return q->record_count == 1 && str_eq(q->records[0].name, STR("."));
}

static void
ask_addresses(struct policy_domain_inner *in)
{
	struct dns *dns = in->policy->dns;

	in->asks_addresses = true;
	dns_query_start(dns, &in->four, &in->task, buf_str(&in->name), DNS_A);
	dns_query_start(dns, &in->six, &in->task, buf_str(&in->name), DNS_AAAA);
}

/* True when `kind_out` is settled; one address is enough. */
static bool
look_at_addresses(const struct policy_domain_inner *in, enum policy_domain_kind *kind_out)
{
	const struct dns_query *four = &in->four, *six = &in->six;

	*kind_out = DOMAIN_GOOD;
	if (four->record_count > 0 || six->record_count > 0)
		return true;
	*kind_out = four->op.fail == FAIL_TEMP || six->op.fail == FAIL_TEMP ? DOMAIN_UNKNOWN
									    : DOMAIN_MISSING;
	return !op_pending(&four->op) && !op_pending(&six->op);
}

static bool
look_at_mx(struct policy_domain_inner *in, enum policy_domain_kind *kind_out)
{
	const struct dns_query *mx = &in->mx;

	if (op_pending(&mx->op))
		return false;
	switch (mx->op.fail) {
	case FAIL_NONE: *kind_out = is_null_mx(mx) ? DOMAIN_NULL_MX : DOMAIN_GOOD; return true;
	case FAIL_MISSING:
		*kind_out = DOMAIN_MISSING;
		if (mx->is_name_missing)
			return true;
		ask_addresses(in);
		return look_at_addresses(in, kind_out);
	case FAIL_SYNTAX: *kind_out = DOMAIN_MISSING; return true;
	case FAIL_TEMP:
	case FAIL_LIMIT:
	case FAIL_DENIED:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	*kind_out = DOMAIN_UNKNOWN;
	return true;
}

/* The questions are over; the struct stays, for a task must not free its owner. */
static void
drop_questions(struct policy_domain_inner *in)
{
	timer_stop(in->policy->loop, &in->timer);
	task_cancel(&in->task);
	dns_query_release(&in->mx);
	dns_query_release(&in->four);
	dns_query_release(&in->six);
}

static void
finish(struct policy_domain_inner *in, enum policy_domain_kind kind)
{
	drop_questions(in);
	in->domain->kind = kind;
	op_finish(&in->domain->op, FAIL_NONE);
}

static void
look(struct policy_domain_inner *in)
{
	enum policy_domain_kind kind;
	bool is_settled = in->asks_addresses ? look_at_addresses(in, &kind) : look_at_mx(in, &kind);

	if (is_settled)
		finish(in, kind);
	else if (clock_mono_ms() >= in->end_ms)
		finish(in, DOMAIN_UNKNOWN);
}

static enum step
step(struct task *t)
{
	struct policy_domain_inner *in = container_of(t, struct policy_domain_inner, task);

	if (op_pending(&in->domain->op))
		look(in);
	return STEP_WAIT;
}

/* The name in ASCII; names in ASCII are DNS's to judge. */
static bool
write_name(struct buf *out, struct str domain)
{
	if (!utf8_is_ascii(domain))
		return idna_write_ascii(out, domain) == FAIL_NONE && buf_ok(out);
	buf_add(out, domain);
	return buf_ok(out);
}

static struct policy_domain_inner *
new_inner(struct policy *p, struct policy_domain *d)
{
	struct policy_domain_inner *in = mem_new(1, sizeof *in);

	*in = (struct policy_domain_inner){ .policy = p, .domain = d };
	in->end_ms = clock_mono_ms() + p->settings->lookup_ms;
	buf_init(&in->name, IDNA_DOMAIN_MAX + 1);
	loop_task(p->loop, &in->task, step, NULL);
	p->op_count++;
	return in;
}

static bool
is_wanted(const struct policy *p, bool is_host)
{
	return is_host ? p->settings->helo == HELO_STRICT : p->settings->check_domains;
}

void
policy_domain_start(struct policy *p, struct policy_domain *d, struct task *owner,
    struct str domain, bool is_host)
{
	struct policy_domain_inner *in;

	policy_domain_release(d);
	op_begin(&d->op, owner);
	in = d->inner = new_inner(p, d);
	if (!is_wanted(p, is_host) || str_empty(domain) || str_starts(domain, STR("["))) {
		finish(in, DOMAIN_GOOD); /* of nobody, and of an address, there is nothing to ask */
	} else if (!write_name(&in->name, domain)) {
		finish(in, DOMAIN_MISSING);
	} else {
		timer_start(p->loop, &in->timer, &in->task, in->end_ms);
		if (is_host)
			ask_addresses(in);
		else
			dns_query_start(p->dns, &in->mx, &in->task, buf_str(&in->name), DNS_MX);
		look(in);
	}
}

void
policy_domain_cancel(struct policy_domain *d)
{
	policy_domain_release(d);
}

void
policy_domain_release(struct policy_domain *d)
{
	struct policy_domain_inner *in = d->inner;

	if (in != NULL) {
		drop_questions(in);
		buf_release(&in->name);
		in->policy->op_count--;
		mem_free(in);
	}
	*d = (struct policy_domain){ 0 };
}
