#include "mailauth/dmarc_report.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct dmarc_report report = {
	.organization = STR_INIT("Example <&> \"Mail\""),
	.email = STR_INIT("dmarc@example.net"),
	.id = STR_INIT("a\x01]]>\xff"),
	.begin_s = 1763596800,
	.end_s = 1763683199,
	.domain = STR_INIT("example.org"),
	.policy = DMARC_REJECT,
	.subdomain_policy = DMARC_QUARANTINE,
	.is_dkim_strict = true,
	.percent = 50,
	.failure_options = DMARC_FO_ANY | DMARC_FO_SPF,
};

static const struct dmarc_report_row rows[] = {
	{
	    .source = STR_INIT("192.0.2.1"),
	    .count = 12,
	    .disposition = DMARC_NONE,
	    .is_dkim_aligned = true,
	    .header_from = STR_INIT("example.org"),
	    .envelope_from = STR_INIT("lists.example.net"),
	    .envelope_to = STR_INIT("example.com"),
	    .dkim = { { STR_INIT("example.org"), STR_INIT("s1"), VERDICT_PASS },
		{ STR_INIT("example.net"), STR_INIT(""), VERDICT_TEMPERROR } },
	    .dkim_count = 2,
	    .spf = { STR_INIT("lists.example.net"), STR_INIT(""), VERDICT_SOFTFAIL },
	},
	{
	    .source = STR_INIT("2001:db8::1"),
	    .count = 4000000000,
	    .disposition = DMARC_QUARANTINE,
	    .is_spf_aligned = true,
	    .reason = STR_INIT("sampled_out"),
	    .comment = STR_INIT("a</comment>b"),
	    .header_from = STR_INIT("a.example.org"),
	    .spf = { STR_INIT("example.org"), STR_INIT(""), VERDICT_PASS },
	    .is_spf_of_helo = true,
	},
};

static void
write_report(struct buf *out)
{
	dmarc_report_begin(out, &report);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		dmarc_report_row(out, &rows[i]);
	dmarc_report_end(out);
	CHECK(buf_ok(out));
}

static size_t seen;

static void
same_row(void *arg, const struct dmarc_report_row *got)
{
	const struct dmarc_report_row *want = &rows[seen++];

	CHECK(arg == &seen);
	CHECK_STR(got->source, want->source);
	CHECK_NUM(got->count, want->count);
	CHECK_NUM(got->disposition, want->disposition);
	CHECK(got->is_dkim_aligned == want->is_dkim_aligned);
	CHECK(got->is_spf_aligned == want->is_spf_aligned);
	CHECK(got->is_spf_of_helo == want->is_spf_of_helo);
	CHECK_STR(got->reason, want->reason);
	CHECK_STR(got->comment, want->comment);
	CHECK_STR(got->header_from, want->header_from);
	CHECK_STR(got->envelope_from, want->envelope_from);
	CHECK_STR(got->envelope_to, want->envelope_to);
	CHECK_NUM(got->dkim_count, want->dkim_count);
	for (size_t i = 0; i < got->dkim_count; i++) {
		CHECK_STR(got->dkim[i].domain, want->dkim[i].domain);
		CHECK_STR(got->dkim[i].selector, want->dkim[i].selector);
		CHECK_NUM(got->dkim[i].verdict, want->dkim[i].verdict);
	}
	CHECK_STR(got->spf.domain, want->spf.domain);
	CHECK_NUM(got->spf.verdict, want->spf.verdict);
}

static void
test_round(void)
{
	struct dmarc_report got;
	struct arena a;
	struct buf xml;

	TEST_ROW("written and read");
	arena_init(&a, DMARC_REPORT_ARENA_MAX);
	buf_init(&xml, 100000);
	write_report(&xml);
	CHECK_NUM(dmarc_report_read(buf_str(&xml), &a, &got), FAIL_NONE);
	CHECK_STR(got.organization, report.organization);
	CHECK_STR(got.email, report.email);
	CHECK_STR(got.id, STR("a?]]>\xef\xbf\xbd"));
	CHECK_STR(got.domain, report.domain);
	CHECK(str_empty(got.contact));
	CHECK(got.begin_s == report.begin_s && got.end_s == report.end_s);
	CHECK(got.policy == DMARC_REJECT && got.subdomain_policy == DMARC_QUARANTINE);
	CHECK(got.is_dkim_strict && !got.is_spf_strict && got.percent == 50);
	CHECK_NUM(got.failure_options, report.failure_options);
	seen = 0;
	CHECK_NUM(dmarc_report_rows(buf_str(&xml), same_row, &seen), FAIL_NONE);
	CHECK_NUM(seen, ARRAY_LEN(rows));
	TEST_ROW("cut anywhere");
	for (size_t n = 0; n + 1 < xml.n; n += 7) {
		arena_reset(&a);
		CHECK_NUM(dmarc_report_read(str_head(buf_str(&xml), n), &a, &got), FAIL_SYNTAX);
	}
	TEST_ROW("no room");
	arena_release(&a);
	arena_init(&a, 20);
	CHECK_NUM(dmarc_report_read(buf_str(&xml), &a, &got), FAIL_LIMIT);
	buf_release(&xml);
	arena_release(&a);
}

#define IN_FEEDBACK(x) \
	"<feedback><policy_published><domain>d</domain>" x "</policy_published></feedback>"

static const struct {
	const char *name, *in;
	enum fail want;
} bad_rows[] = {
	{ "least", IN_FEEDBACK(""), FAIL_NONE },
	{ "elements that are unknown", IN_FEEDBACK("<x><y>1</y></x><np>none</np>"), FAIL_NONE },
	{ "numbers and words that are none", IN_FEEDBACK("<pct>x</pct><p>hard</p><sp/><fo>9</fo>"),
	    FAIL_NONE },
	{ "no domain", "<feedback><policy_published/></feedback>", FAIL_SYNTAX },
	{ "another document", "<html><body/></html>", FAIL_SYNTAX },
	{ "a document type", "<!DOCTYPE x [<!ENTITY a \"aa\">]>" IN_FEEDBACK(""), FAIL_SYNTAX },
	{ "an entity", IN_FEEDBACK("<p>&a;</p>"), FAIL_SYNTAX },
	{ "nothing", "", FAIL_SYNTAX },
	{ "no XML", "hello", FAIL_SYNTAX },
};

static void
count_row(void *arg, const struct dmarc_report_row *row)
{
	uint64_t *sum = arg;

	CHECK(row->dkim_count <= DMARC_REPORT_CHECKS_MAX);
	*sum += row->count;
}

static void
test_bad(void)
{
	struct arena a;
	struct dmarc_report got;

	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		TEST_ROW(bad_rows[i].name);
		arena_init(&a, DMARC_REPORT_ARENA_MAX);
		CHECK_NUM(dmarc_report_read(str_c(bad_rows[i].in), &a, &got), bad_rows[i].want);
		CHECK(got.policy == DMARC_NONE && got.subdomain_policy == DMARC_NONE);
		arena_release(&a);
	}
}

static void
test_limits(void)
{
	uint64_t sum = 0;
	struct buf xml;

	buf_init(&xml, 32 * 1024 * 1024);
	TEST_ROW("numbers that are none, or too large");
	CHECK_NUM(
	    dmarc_report_rows(STR("<feedback><record><row><count>-1</count></row></record>"
				  "<record><row><count>4294967296</count></row></record>"
				  "<record><row><count> 7\n</count></row></record></feedback>"),
		count_row, &sum),
	    FAIL_NONE);
	CHECK_NUM(sum, 7);
	TEST_ROW("many signatures");
	buf_add_c(&xml, "<feedback><record>");
	for (int i = 0; i < 1000; i++)
		buf_add_c(&xml, "<auth_results><dkim><domain>x</domain></dkim></auth_results>");
	buf_add_c(&xml, "</record></feedback>");
	CHECK_NUM(dmarc_report_rows(buf_str(&xml), count_row, &sum), FAIL_NONE);
	TEST_ROW("texts without end in one row");
	buf_clear(&xml);
	buf_add_c(&xml, "<feedback><record><row>");
	for (int i = 0; i < 1000; i++) {
		buf_add_c(&xml, "<source_ip>");
		for (int j = 0; j < 500; j++)
			buf_add_c(&xml, "0123456789");
		buf_add_c(&xml, "</source_ip>");
	}
	buf_add_c(&xml, "</row></record></feedback>");
	CHECK_NUM(dmarc_report_rows(buf_str(&xml), count_row, &sum), FAIL_LIMIT);
	TEST_ROW("deep");
	buf_clear(&xml);
	for (int i = 0; i < 100000; i++)
		buf_add_c(&xml, "<feedback>");
	CHECK_NUM(dmarc_report_rows(buf_str(&xml), count_row, &sum), FAIL_LIMIT);
	CHECK_NUM(sum, 7);
	buf_release(&xml);
}

int
main(void)
{
	test_round();
	test_bad();
	test_limits();
	return test_end();
}
