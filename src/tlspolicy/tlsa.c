#include "tlspolicy/tlsa.h"

/* base */
#include "base/buf.h"

/* rooms */
#include "dns/name.h"
#include "tlspolicy/dane.h"

/* _25._tcp.mx.example.org (RFC 6698 3) */
static void
ask(struct tlsa_find *f, struct dns_query *q, struct str host)
{
	struct buf name;

	buf_init(&name, DNS_NAME_MAX);
	buf_add_char(&name, '_');
	buf_add_u64(&name, f->host.port);
	buf_add(&name, STR("._tcp."));
	buf_add(&name, host);
	dns_query_start(f->dns, q, f->owner, buf_str(&name), DNS_TLSA);
	buf_release(&name);
}

static bool
is_alias(const struct tlsa_find *f)
{
	return !str_eq_nocase(f->host.name, f->host.canonical);
}

void
tlsa_start(struct tlsa_find *f, struct dns *dns, struct task *owner, const struct tlsa_host *host)
{
	*f = (struct tlsa_find){ .dns = dns, .owner = owner, .host = *host };
	if (host->is_secure && is_alias(f))
		ask(f, &f->by_canonical, host->canonical);
	else if (host->is_secure)
		ask(f, &f->by_name, host->name);
	else if (is_alias(f)) /* it may lead out of what is signed, and be signed itself */
		dns_query_start(dns, &f->alias, owner, host->name, DNS_CNAME);
}

static bool
was_asked(const struct dns_query *q)
{
	return q->op.owner != NULL;
}

/* Does it say something? An answer without proof is none (2.1). */
static bool
take(struct tlsa_find *f, const struct dns_query *q, struct str base)
{
	if (q->op.fail != FAIL_NONE && q->op.fail != FAIL_MISSING && q->op.fail != FAIL_SYNTAX) {
		f->state = TLSA_FAILED;
		return true;
	}
	if (q->op.fail != FAIL_NONE || !q->is_secure || q->record_count == 0)
		return false;
	f->records = q->records;
	f->record_count = q->record_count;
	f->base = base;
	f->state = dane_has_usable(q->records, q->record_count) ? TLSA_USABLE : TLSA_ENCRYPT;
	return true;
}

bool
tlsa_look(struct tlsa_find *f)
{
	if (op_pending(&f->alias.op) || op_pending(&f->by_canonical.op) ||
	    op_pending(&f->by_name.op))
		return false;
	if (was_asked(&f->alias) && !was_asked(&f->by_name)) {
		if (f->alias.op.fail == FAIL_TEMP)
			f->state = TLSA_FAILED;
		if (f->alias.op.fail != FAIL_NONE || !f->alias.is_secure)
			return true;
		ask(f, &f->by_name, f->host.name);
	} else if (was_asked(&f->by_canonical) && !was_asked(&f->by_name)) {
		if (take(f, &f->by_canonical, f->host.canonical))
			return true;
		ask(f, &f->by_name, f->host.name);
	}
	if (op_pending(&f->by_name.op))
		return false;
	if (was_asked(&f->by_name))
		(void)take(f, &f->by_name, f->host.name);
	return true;
}

void
tlsa_release(struct tlsa_find *f)
{
	dns_query_release(&f->alias);
	dns_query_release(&f->by_canonical);
	dns_query_release(&f->by_name);
	*f = (struct tlsa_find){ .state = TLSA_NONE };
}
