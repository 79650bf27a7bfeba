#include "mailauth/dmarc.h"

/* system */
#include <string.h>

/* rooms */
#include "dns/name.h"
#include "mailauth/public_suffix.h"

static void
settle(struct dmarc *d, enum verdict found)
{
	d->found = found;
	d->is_settled = true;
}

static void
ask(struct dmarc *d, struct str domain)
{
	struct buf name;

	buf_init(&name, DNS_NAME_MAX);
	buf_add(&name, STR("_dmarc."));
	buf_add(&name, domain);
	dns_query_start(d->dns, &d->query, d->owner, buf_str(&name), DNS_TXT);
	buf_release(&name);
}

void
dmarc_start(struct dmarc *d, struct dns *dns, struct task *owner, struct str from_domain)
{
	struct buf ascii;

	*d = (struct dmarc){ .dns = dns, .owner = owner };
	buf_init(&ascii, sizeof d->name);
	if (idna_write_ascii(&ascii, from_domain) != FAIL_NONE) {
		settle(d, VERDICT_NONE);
	} else {
		memcpy(d->name, buf_str(&ascii).p, ascii.n);
		d->domain = str_of(d->name, ascii.n);
		d->organization = public_suffix_organization(d->domain);
		ask(d, d->domain);
	}
	buf_release(&ascii);
}

/* Steps 2, 4 to 6 of RFC 7489 6.6.3; FAIL_MISSING: no record, FAIL_LIMIT: several. */
static enum fail
choose(struct dmarc *d)
{
	enum fail fail = FAIL_MISSING;

	for (size_t i = 0; i < d->query.record_count; i++) {
		struct str text = d->query.records[i].bytes;
		struct dmarc_record record;
		enum fail one = dmarc_record_parse(text, &record);

		if (one == FAIL_MISSING)
			continue;
		if (fail != FAIL_MISSING)
			return FAIL_LIMIT;
		fail = one;
		d->record = record;
		d->record_text = text;
	}
	return fail;
}

static void
settle_record(struct dmarc *d)
{
	d->policy_domain = d->asked_organization ? d->organization : d->domain;
	d->policy = d->asked_organization ? d->record.subdomain_policy : d->record.policy;
	settle(d, VERDICT_PASS);
}

/* A name that is too long with "_dmarc." in front has no record, either. */
static bool
is_answered(const struct dmarc *d)
{
	enum fail fail = d->query.op.fail;

	return fail == FAIL_NONE || fail == FAIL_MISSING || fail == FAIL_SYNTAX;
}

bool
dmarc_look(struct dmarc *d)
{
	while (!d->is_settled) {
		if (op_pending(&d->query.op))
			return false;
		if (!is_answered(d)) {
			settle(d, VERDICT_TEMPERROR);
			break;
		}
		switch (choose(d)) {
		case FAIL_NONE: settle_record(d); break;
		case FAIL_SYNTAX: settle(d, VERDICT_PERMERROR); break;
		case FAIL_MISSING:
			if (d->asked_organization || d->organization.n == d->domain.n) {
				settle(d, VERDICT_NONE);
				break;
			}
			dns_query_release(&d->query);
			d->asked_organization = true;
			ask(d, d->organization);
			break;
		case FAIL_LIMIT:
		case FAIL_DENIED:
		case FAIL_TEMP:
		case FAIL_PERM:
		case FAIL_COUNT: settle(d, VERDICT_NONE); break;
		}
	}
	return true;
}

void
dmarc_release(struct dmarc *d)
{
	dns_query_release(&d->query);
	*d = (struct dmarc){ 0 };
}
