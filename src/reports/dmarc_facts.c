#include "reports/dmarc_facts.h"

/* rooms */
#include "mailauth/dmarc_external.h"
#include "reports/tally.h"
#include "store/record.h"

#define VERSION 1

/* --- whether ------------------------------------------------------------------------------------ */

static bool
has_mail_address(const struct dmarc_record *r)
{
	struct buf address;
	bool has = false;

	buf_init(&address, DMARC_ADDRESS_MAX);
	for (size_t i = 0; i < r->aggregate_count && !has; i++)
		has = dmarc_uri_address(r->aggregate[i].uri, &address);
	buf_release(&address);
	return has;
}

/* RFC 7489 7.2.1.1: "Report Domain: " begins the subject. */
static bool
is_report(const struct origin *o)
{
	struct header subject;

	return o->dmarc.verdict == VERDICT_PASS &&
	    header_find(buf_str(&o->content.header), STR("Subject"), &subject) &&
	    str_starts_nocase(str_trim(subject.value), STR("Report Domain:"));
}

bool
dmarc_facts_are_wanted(const struct origin *o)
{
	return o->is_settled && o->policy.found == VERDICT_PASS &&
	    o->policy.record_text.n <= TALLY_ABOUT_MAX && has_mail_address(&o->policy.record) &&
	    !is_report(o);
}

/* --- there -------------------------------------------------------------------------------------- */

static void
add_name(struct buf *out, struct str name)
{
	char small[DMARC_FACT_MAX];
	size_t n = name.n < sizeof small ? name.n : sizeof small;

	for (size_t i = 0; i < n; i++)
		small[i] = char_lower(name.p[i]);
	record_add_bytes(out, str_of(small, n));
}

static enum dmarc_policy
what_was_done(const struct origin *o)
{
	switch (o->advice) {
	case ORIGIN_REFUSE: return DMARC_REJECT;
	case ORIGIN_JUNK: return DMARC_QUARANTINE;
	case ORIGIN_TAKE: break;
	}
	return DMARC_NONE;
}

/* Why that is not what the policy asks (appendix C: PolicyOverrideType). */
static struct str
reason_of(const struct origin *o)
{
	if (what_was_done(o) != o->dmarc.disposition)
		return STR("local_policy");
	return o->dmarc.is_sampled_out ? STR("sampled_out") : STR("");
}

static struct str
domain_of(struct str address)
{
	size_t at = str_rfind_char(address, '@');

	return at == STR_NONE ? STR("") : str_from(address, at + 1);
}

void
dmarc_facts_write(struct buf *out, const struct origin *o)
{
	char text[NET_ADDRESS_TEXT_MAX];
	size_t signers = 0;

	record_begin(out, VERSION);
	record_add_bytes(out, net_address_text(&o->spf.client, text));
	record_add_u64(out, what_was_done(o));
	record_add_bytes(out, reason_of(o));
	record_add_bool(out, o->dmarc.is_dkim_aligned);
	record_add_bool(out, o->dmarc.is_spf_aligned);
	add_name(out, buf_str(&o->from));
	add_name(out, domain_of(o->claim.envelope.sender));
	add_name(out, str_empty(o->spf.domain) ? o->spf.hello : o->spf.domain);
	record_add_u64(out, o->spf.verdict);
	record_add_bool(out, o->spf.is_hello);
	for (size_t i = 0; i < o->dkim.count; i++)
		signers += !str_empty(o->dkim.results[i].domain);
	record_add_u64(out, signers);
	for (size_t i = 0; i < o->dkim.count; i++) {
		if (str_empty(o->dkim.results[i].domain)) /* no signature at all */
			continue;
		add_name(out, o->dkim.results[i].domain);
		add_name(out, o->dkim.results[i].selector);
		record_add_u64(out, o->dkim.results[i].verdict);
	}
}

/* --- and back ----------------------------------------------------------------------------------- */

static uint32_t
take_below(struct record *r, uint32_t bound)
{
	uint32_t n = record_u32(r);

	if (n >= bound)
		r->is_bad = true;
	return r->is_bad ? 0 : n;
}

enum fail
dmarc_facts_read(struct str row, struct dmarc_report_row *out)
{
	struct record r;

	*out = (struct dmarc_report_row){ 0 };
	record_read(&r, row);
	out->source = record_bytes(&r);
	out->disposition = (enum dmarc_policy)take_below(&r, DMARC_POLICY_COUNT);
	out->reason = record_bytes(&r);
	out->is_dkim_aligned = record_bool(&r);
	out->is_spf_aligned = record_bool(&r);
	out->header_from = record_bytes(&r);
	out->envelope_from = record_bytes(&r);
	out->spf.domain = record_bytes(&r);
	out->spf.verdict = (enum verdict)take_below(&r, VERDICT_COUNT);
	out->is_spf_of_helo = record_bool(&r);
	out->dkim_count = take_below(&r, DMARC_REPORT_CHECKS_MAX + 1);
	for (size_t i = 0; i < out->dkim_count; i++) {
		out->dkim[i].domain = record_bytes(&r);
		out->dkim[i].selector = record_bytes(&r);
		out->dkim[i].verdict = (enum verdict)take_below(&r, VERDICT_COUNT);
	}
	return record_end(&r);
}
