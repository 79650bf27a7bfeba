/* Whether domains take mail, by a server on loopback. */
#include "fake_dns.h"

static const struct fake_row table[] = {
	{ "mx.test", DNS_MX, "mail.test" },
	{ "two.test", DNS_MX, "." },
	{ "two.test", DNS_MX, "mail.test" },
	{ "null.test", DNS_MX, "." },
	{ "null.test", DNS_A, "9.9.9.9" },
	{ "four.test", DNS_A, "9.9.9.9" },
	{ "six.test", DNS_AAAA, "2600::1" },
	{ "text.test", DNS_TXT, "nothing else" },
	{ "fails.test", DNS_MX, "!fails" },
	{ "fails.test", DNS_A, "9.9.9.9" },
	{ "half.test", DNS_AAAA, "!fails" },
	{ "half-good.test", DNS_A, "9.9.9.9" },
	{ "half-good.test", DNS_AAAA, "!silent" },
	{ "silent.test", DNS_MX, "!silent" },
	{ "silent.test", DNS_A, "!silent" },
	{ "silent-a.test", DNS_A, "!silent" },
	{ "xn--bcher-kva.test", DNS_MX, "mail.test" },
	{ NULL, DNS_A, NULL },
};

static const struct {
	const char *domain;
	enum policy_domain_kind sender, host;
	bool is_late; /* settled by the end of the time only */
} rows[] = {
	{ "mx.test", DOMAIN_GOOD, DOMAIN_MISSING, false },
	{ "MX.Test.", DOMAIN_GOOD, DOMAIN_MISSING, false },
	{ "two.test", DOMAIN_GOOD, DOMAIN_MISSING, false },
	{ "null.test", DOMAIN_NULL_MX, DOMAIN_GOOD, false },
	{ "four.test", DOMAIN_GOOD, DOMAIN_GOOD, false },
	{ "six.test", DOMAIN_GOOD, DOMAIN_GOOD, false },
	{ "text.test", DOMAIN_MISSING, DOMAIN_MISSING, false },
	{ "nowhere.test", DOMAIN_MISSING, DOMAIN_MISSING, false },
	{ "half.test", DOMAIN_UNKNOWN, DOMAIN_UNKNOWN, false },
	{ "half-good.test", DOMAIN_GOOD, DOMAIN_GOOD, false },
	{ "fails.test", DOMAIN_UNKNOWN, DOMAIN_GOOD, false },
	{ "silent.test", DOMAIN_UNKNOWN, DOMAIN_UNKNOWN, true },
	{ "silent-a.test", DOMAIN_UNKNOWN, DOMAIN_UNKNOWN, true },
	{ "b\xc3\xbc"
	  "cher.test",
	    DOMAIN_GOOD, DOMAIN_MISSING, false },
	{ "b\xc3.test", DOMAIN_MISSING, DOMAIN_MISSING, false },
	{ "a..test", DOMAIN_MISSING, DOMAIN_MISSING, false },
	{ "a b.test", DOMAIN_MISSING, DOMAIN_MISSING, false },
	{ "", DOMAIN_GOOD, DOMAIN_GOOD, false },
	{ "[192.0.2.1]", DOMAIN_GOOD, DOMAIN_GOOD, false },
};

static struct fixture f;
static struct policy_domain d;

static void
ask(struct str domain, bool is_host, bool is_late)
{
	policy_domain_start(f.policy, &d, &fake.owner, domain, is_host);
	fake_dns_wait(&d.op);
	CHECK(op_pending(&d.op) == is_late);
	if (!is_late)
		return;
	fixture_pass(&f, f.settings.lookup_ms - 1);
	CHECK(op_pending(&d.op));
	fixture_pass(&f, 1);
	CHECK(!op_pending(&d.op));
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].domain);
		fake_dns_restart();
		ask(str_c(rows[i].domain), false, rows[i].is_late);
		CHECK_NUM(d.kind, rows[i].sender);
		CHECK_NUM(d.op.fail, FAIL_NONE);
		policy_domain_release(&d);
		fake_dns_restart();
		ask(str_c(rows[i].domain), true, rows[i].is_late);
		CHECK_NUM(d.kind, rows[i].host);
		CHECK(!fake_was_asked(" 15\n"));
		policy_domain_release(&d);
	}
	TEST_ROW("a name that is too long");
	char text[400];

	memset(text, 'x', sizeof text);
	for (size_t i = 50; i < sizeof text; i += 50)
		text[i] = '.';
	ask(str_of(text, sizeof text), false, false);
	CHECK_NUM(d.kind, DOMAIN_MISSING);
	policy_domain_release(&d);
	TEST_ROW("what does not exist has no addresses either");
	fake_dns_restart();
	ask(STR("nowhere.test"), false, false);
	CHECK_NUM(fake_count_asked(), 1);
	policy_domain_release(&d);
}

static void
test_off(void)
{
	TEST_ROW("what the settings do not ask for is good");
	f.settings.check_domains = false;
	fake_dns_restart();
	ask(STR("nowhere.test"), false, false);
	CHECK_NUM(d.kind, DOMAIN_GOOD);
	ask(STR("nowhere.test"), true, false);
	CHECK_NUM(d.kind, DOMAIN_MISSING);
	f.settings.check_domains = true;
	f.settings.helo = HELO_BASIC;
	policy_domain_release(&d);
	fake_dns_restart();
	ask(STR("nowhere.test"), true, false);
	CHECK_NUM(d.kind, DOMAIN_GOOD);
	CHECK_NUM(fake_count_asked(), 0);
	policy_domain_release(&d);
	f.settings.helo = HELO_STRICT;
}

static void
test_op(void)
{
	char name[] = "mx.test";

	TEST_ROW("cancelled in any state; started again");
	fake_dns_restart();
	policy_domain_cancel(&d);
	policy_domain_start(f.policy, &d, &fake.owner, STR("silent.test"), false);
	fake_dns_wait(&d.op);
	policy_domain_cancel(&d);
	CHECK(!op_pending(&d.op));
	policy_domain_start(f.policy, &d, &fake.owner, STR("silent.test"), true);
	policy_domain_release(&d);
	fixture_pass(&f, HOUR_MS);
	TEST_ROW("the name is not needed after the start");
	policy_domain_start(f.policy, &d, &fake.owner, str_c(name), false);
	memset(name, 'z', sizeof name);
	fake_dns_wait(&d.op);
	CHECK_NUM(d.kind, DOMAIN_GOOD);
	CHECK(!op_pending(&d.op));
	TEST_ROW("from the cache: done on return");
	policy_domain_start(f.policy, &d, &fake.owner, STR("mx.test"), false);
	CHECK(!op_pending(&d.op));
	CHECK_NUM(d.kind, DOMAIN_GOOD);
	policy_domain_release(&d);
	CHECK_NUM(f.policy->op_count, 0);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fake_dns_open(&f, "domain", table);
	f.settings.helo = HELO_STRICT;
	test_rows();
	test_off();
	test_op();
	fake_dns_close();
	return test_end();
}
