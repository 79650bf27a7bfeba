/* What DMARC came to, as a row and back. */
#include "fixture.h"

static const struct {
	const char *name, *record;
	enum verdict spf;
	enum origin_advice advice;
	bool is_sampled_out;
	enum dmarc_policy disposition; /* of the judgement */
	const char *reason;
	enum dmarc_policy done;
} rows[] = {
	{ "pass", "v=DMARC1;p=reject", VERDICT_PASS, ORIGIN_TAKE, false, DMARC_NONE, "",
	    DMARC_NONE },
	{ "reject", "v=DMARC1;p=reject", VERDICT_FAIL, ORIGIN_REFUSE, false, DMARC_REJECT, "",
	    DMARC_REJECT },
	{ "reject = no", "v=DMARC1;p=reject", VERDICT_FAIL, ORIGIN_JUNK, false, DMARC_REJECT,
	    "local_policy", DMARC_QUARANTINE },
	{ "quarantine", "v=DMARC1;p=quarantine", VERDICT_FAIL, ORIGIN_JUNK, false, DMARC_QUARANTINE,
	    "", DMARC_QUARANTINE },
	{ "quarantine = no", "v=DMARC1;p=quarantine", VERDICT_FAIL, ORIGIN_TAKE, false,
	    DMARC_QUARANTINE, "local_policy", DMARC_NONE },
	{ "pct", "v=DMARC1;p=reject;pct=0", VERDICT_FAIL, ORIGIN_JUNK, true, DMARC_QUARANTINE,
	    "sampled_out", DMARC_QUARANTINE },
};

static void
test_outcomes(void)
{
	struct dmarc_report_row row;
	struct origin o;
	struct buf bytes;

	buf_init(&bytes, TALLY_ROW_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		fixture_judge(&o, rows[i].record, rows[i].spf);
		o.advice = rows[i].advice;
		o.dmarc.disposition = rows[i].disposition;
		o.dmarc.is_sampled_out = rows[i].is_sampled_out;
		buf_clear(&bytes);
		dmarc_facts_write(&bytes, &o);
		CHECK_NUM(dmarc_facts_read(buf_str(&bytes), &row), FAIL_NONE);
		CHECK_STR(row.source, STR("192.0.2.7"));
		CHECK_STR(row.reason, str_c(rows[i].reason));
		CHECK_NUM(row.disposition, rows[i].done);
		CHECK(row.is_spf_aligned == (rows[i].spf == VERDICT_PASS));
		CHECK(!row.is_dkim_aligned);
		CHECK_STR(row.header_from, STR("shop.test"));
		CHECK_STR(row.envelope_from,
		    STR("bounce.shop.test")); /* small, whatever was said */
		CHECK_STR(row.envelope_to, STR(""));
		CHECK_NUM(row.spf.verdict, rows[i].spf);
		buf_release(&o.from);
	}
	buf_release(&bytes);
}

static void
test_signers(void)
{
	static char longest[1000];
	struct dmarc_report_row row;
	struct origin o;
	struct buf bytes;

	TEST_ROW("signers, and names without end");
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = 'X';
	fixture_judge(&o, "v=DMARC1;p=none", VERDICT_NONE);
	o.claim.envelope.sender = STR("");
	o.spf.domain = STR("");
	o.spf.hello = str_of(longest, sizeof longest);
	o.spf.is_hello = true;
	o.dkim.count = DKIM_SIGNATURES_MAX;
	for (size_t i = 0; i < DKIM_SIGNATURES_MAX; i++)
		o.dkim.results[i] = (struct dkim_result){ .verdict = VERDICT_POLICY,
			.domain = str_of(longest, sizeof longest),
			.selector = str_of(longest, sizeof longest) };
	o.dkim.results[0].domain = STR("Shop.test");
	o.dkim.results[1].domain = STR(""); /* no signature at all */
	buf_init(&bytes, TALLY_ROW_MAX);
	dmarc_facts_write(&bytes, &o);
	CHECK(buf_ok(&bytes));
	CHECK_NUM(dmarc_facts_read(buf_str(&bytes), &row), FAIL_NONE);
	CHECK_STR(row.envelope_from, STR(""));
	CHECK(row.is_spf_of_helo);
	CHECK_NUM(row.spf.domain.n, DMARC_FACT_MAX);
	CHECK_NUM(row.dkim_count, DKIM_SIGNATURES_MAX - 1);
	CHECK_STR(row.dkim[0].domain, STR("shop.test"));
	CHECK_NUM(row.dkim[0].verdict, VERDICT_POLICY);
	CHECK_NUM(row.dkim[1].selector.n, DMARC_FACT_MAX);
	CHECK(row.dkim[1].selector.p[0] == 'x');
	TEST_ROW("cut anywhere it is damaged, and harms nobody");
	for (size_t n = 0; n < bytes.n; n++)
		CHECK_NUM(dmarc_facts_read(str_head(buf_str(&bytes), n), &row), FAIL_PERM);
	TEST_ROW("words that there are not");
	for (size_t n = 1; n < bytes.n; n++) { /* behind the version */
		bytes.p[bytes.start + n] = (char)0xff;
		(void)!dmarc_facts_read(buf_str(&bytes), &row);
	}
	buf_release(&bytes);
	buf_release(&o.from);
}

int
main(void)
{
	test_outcomes();
	test_signers();
	return test_end();
}
