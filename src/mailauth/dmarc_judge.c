#include "mailauth/dmarc.h"

/* rooms */
#include "mailauth/public_suffix.h"

bool
dmarc_is_aligned(struct str a, struct str b, bool is_strict)
{
	struct buf left, right;
	bool is_aligned = false;

	buf_init(&left, IDNA_DOMAIN_MAX + 1);
	buf_init(&right, IDNA_DOMAIN_MAX + 1);
	if (idna_write_ascii(&left, a) == FAIL_NONE && idna_write_ascii(&right, b) == FAIL_NONE) {
		struct str x = buf_str(&left), y = buf_str(&right);

		is_aligned = is_strict
		    ? str_eq(x, y)
		    : str_eq(public_suffix_organization(x), public_suffix_organization(y));
	}
	buf_release(&left);
	buf_release(&right);
	return is_aligned;
}

/* Does this prove it? `may_pass` is set when it would, had DNS answered. */
static bool
proves(const struct dmarc *d, const struct dmarc_evidence *e, bool is_strict, bool *may_pass)
{
	if (e->verdict != VERDICT_PASS && e->verdict != VERDICT_TEMPERROR)
		return false;
	if (!dmarc_is_aligned(d->domain, e->domain, is_strict))
		return false;
	*may_pass = *may_pass || e->verdict == VERDICT_TEMPERROR;
	return e->verdict == VERDICT_PASS;
}

/* RFC 7489 6.6.4: who is not drawn gets the next weaker policy. */
static void
draw(const struct dmarc *d, unsigned lot, struct dmarc_judgement *out)
{
	out->asked = d->policy;
	if (d->policy == DMARC_NONE || lot < d->record.percent)
		return;
	out->is_sampled_out = true;
	out->asked = d->policy == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE;
}

void
dmarc_judge(const struct dmarc *d, const struct dmarc_evidence *spf,
    const struct dmarc_evidence *dkim, size_t dkim_count, unsigned lot, struct dmarc_judgement *out)
{
	bool may_pass = false;

	*out = (struct dmarc_judgement){ .verdict = d->found };
	if (d->found != VERDICT_PASS)
		return;
	out->is_spf_aligned = proves(d, spf, d->record.is_spf_strict, &may_pass);
	for (size_t i = 0; i < dkim_count && !out->is_dkim_aligned; i++)
		out->is_dkim_aligned = proves(d, &dkim[i], d->record.is_dkim_strict, &may_pass);
	if (out->is_spf_aligned || out->is_dkim_aligned)
		return;
	draw(d, lot, out);
	/* RFC 7489 6.6.2: what may pass the next time cannot have the policy applied */
	out->verdict = may_pass ? VERDICT_TEMPERROR : VERDICT_FAIL;
	out->disposition = may_pass ? DMARC_NONE : out->asked;
}
