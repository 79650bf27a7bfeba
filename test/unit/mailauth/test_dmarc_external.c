#include "mailauth/dmarc_external.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/zone.h"

static const char zone_text[] =
    "example.org._report._dmarc.reports.example    TXT \"v=DMARC1\"\n"
    "example.org._report._dmarc.semicolon.example  TXT \"v=DMARC1;\"\n"
    "example.org._report._dmarc.other.example      TXT \"v=spf1 -all\"\n"
    "example.org._report._dmarc.both.example       TXT \"v=spf1 -all\"\n"
    "example.org._report._dmarc.both.example       TXT \"v=DMARC1\"\n"
    "example.org._report._dmarc.moved.example      TXT \"v=DMARC1; rua=mailto:new@Moved.example!1m\"\n"
    "example.org._report._dmarc.away.example       TXT \"v=DMARC1; rua=mailto:victim@example.net\"\n"
    "example.org._report._dmarc.web.example        TXT \"v=DMARC1; rua=https://web.example/x\"\n"
    "example.org._report._dmarc.many.example       TXT \"v=DMARC1; rua=mailto:b@many.example,mailto:c@many.example\"\n"
    "example.org._report._dmarc.half.example       TXT \"v=DMARC1; rua=mailto:b@half.example,mailto:victim@example.net\"\n"
    "example.org._report._dmarc.torn.example       TXT \"v=DMARC1\"\n"
    "example.org._report._dmarc.torn.example       TXT \"v=DMARC1; rua=mailto:victim@example.net\"\n"
    "example.org._report._dmarc.slow.example       TIMEOUT\n"
    "xn--bcher-kva.example._report._dmarc.reports.example TXT \"v=DMARC1\"\n";

static const struct {
	const char *domain, *uri;
	enum verdict want;
	const char *address;
} rows[] = {
	{ "example.org", "mailto:a@example.org", VERDICT_PASS, "a@example.org" },
	{ "example.org", "mailto:a@Mail.Example.org", VERDICT_PASS, "a@Mail.Example.org" },
	{ "a.example.org", "MAILTO:a@example.org?subject=x@y", VERDICT_PASS, "a@example.org" },
	{ "example.org", "mailto:a@reports.example", VERDICT_PASS, "a@reports.example" },
	{ "Example.ORG", "mailto:a@REPORTS.example", VERDICT_PASS, "a@REPORTS.example" },
	{ "example.org", "mailto:a@semicolon.example", VERDICT_PASS, "a@semicolon.example" },
	{ "example.org", "mailto:a@both.example", VERDICT_PASS, "a@both.example" },
	{ "example.org", "mailto:a@moved.example", VERDICT_PASS, "new@Moved.example" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "mailto:a@reports.example", VERDICT_PASS, "a@reports.example" },
	{ "example.net", "mailto:a@reports.example", VERDICT_FAIL, NULL },
	{ "a.example.org", "mailto:a@reports.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@b.reports.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@other.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@away.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@web.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@many.example", VERDICT_PASS, "b@many.example" },
	{ "example.org", "mailto:a@half.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@torn.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@missing.example", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@slow.example", VERDICT_TEMPERROR, NULL },
	{ "example.org", "https://example.org/", VERDICT_FAIL, NULL },
	{ "example.org", "mailto:a@[192.0.2.1]", VERDICT_FAIL, NULL },
	{ "[192.0.2.1]", "mailto:a@reports.example", VERDICT_FAIL, NULL },
	{ "", "", VERDICT_FAIL, NULL },
};

static const struct {
	const char *uri, *want; /* NULL: none */
} uri_rows[] = {
	{ "mailto:a@b.example", "a@b.example" },
	{ "mailto:a%2Bb%21@b.example", "a+b!@b.example" },
	{ "mailto:a@b.example?x=y", "a@b.example" },
	{ "mailto:a%40b.example", "a@b.example" },
	{ "mailto:", NULL },
	{ "mailto:?x", NULL },
	{ "mailto:a", NULL },
	{ "mailto:@b", NULL },
	{ "mailto:a@", NULL },
	{ "mailto:a@b@c", NULL },
	{ "mailto:a@b,c@d", NULL },
	{ "mailto:a@b%2Cc", NULL },
	{ "mailto:a%0d%0aBcc:x@b", NULL },
	{ "mailto:a%20b@c", NULL },
	{ "mailto:a%@c", NULL },
	{ "mailto:a%4", NULL },
	{ "mailto:a%zz@c", NULL },
	{ "mailto:%00@c", NULL },
	{ "mailto:\xc3\xbc@c", NULL },
	{ "http:a@b", NULL },
	{ "", NULL },
};

static void
test_uris(void)
{
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(uri_rows); i++) {
		TEST_ROW(uri_rows[i].uri);
		buf_clear(&out);
		buf_add_char(&out, '|');
		CHECK(
		    dmarc_uri_address(str_c(uri_rows[i].uri), &out) == (uri_rows[i].want != NULL));
		CHECK_STR(str_from(buf_str(&out), 1), str_c(uri_rows[i].want));
	}
	TEST_ROW("long");
	buf_clear(&out);
	buf_add_c(&out, "mailto:");
	for (int i = 0; i < DMARC_ADDRESS_MAX; i++)
		buf_add_char(&out, 'a');
	buf_add_c(&out, "@b");
	{
		struct buf address;

		buf_init(&address, 10000);
		CHECK(!dmarc_uri_address(buf_str(&out), &address) && address.n == 0);
		buf_release(&address);
	}
	buf_release(&out);
}

static enum step
no_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

int
main(void)
{
	struct loop loop;
	struct dns dns;
	struct task task;
	struct buf why;

	buf_init(&why, 1000);
	invariant(loop_init(&loop) == FAIL_NONE);
	loop_task(&loop, &task, no_step, NULL);
	CHECK_NUM(dns_init(&dns, NULL, NULL, &dns_settings_default, &why), FAIL_NONE);
	CHECK_NUM(dns_zone_read(&dns, str_c(zone_text), &why), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dmarc_external e = { 0 };

		TEST_ROW(rows[i].uri);
		dmarc_external_start(&e, &dns, &task, str_c(rows[i].domain), str_c(rows[i].uri));
		CHECK(dmarc_external_look(&e) && dmarc_external_look(&e));
		CHECK_NUM(e.verdict, rows[i].want);
		if (rows[i].address)
			CHECK_STR(buf_str(&e.address), str_c(rows[i].address));
		dmarc_external_release(&e);
		dmarc_external_release(&e);
	}
	test_uris();
	dns_release(&dns);
	task_cancel(&task);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
