#include "mailauth/dmarc.h"

/* base */
#include "base/test.h"

/* rooms */
#include "dns/zone.h"

static const char zone_text[] =
    "_dmarc.example.org         TXT  \"v=DMARC1; p=reject; sp=quarantine\"\n"
    "_dmarc.strict.example.org  TXT  \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
    "_dmarc.other.example.org   TXT  \"v=spf1 -all\"\n"
    "_dmarc.none.example        TXT  \"v=DMARC1; p=none\"\n"
    "_dmarc.half.example        TXT  \"v=DMARC1; p=reject; pct=50\"\n"
    "_dmarc.junk.example        TXT  \"v=DMARC1; p=quarantine; pct=50\"\n"
    "_dmarc.two.example         TXT  \"v=DMARC1; p=reject\"\n"
    "_dmarc.two.example         TXT  \"v=DMARC1; p=none\"\n"
    "_dmarc.a.two.example       TXT  \"v=DMARC1; p=reject\"\n"
    "_dmarc.a.two.example       TXT  \"v=DMARC1\"\n"
    "_dmarc.beside.example      TXT  \"something else\"\n"
    "_dmarc.beside.example      TXT  \"v=DMARC1; p=reject\"\n"
    "_dmarc.bad.example         TXT  \"v=DMARC1; p=rejekt\"\n"
    "_dmarc.slow.example        TXT  TIMEOUT\n"
    "_dmarc.a.slow.example      TXT  \"v=DMARC1; p=reject\"\n"
    "_dmarc.example.co.uk       TXT  \"v=DMARC1; p=reject\"\n"
    "_dmarc.alias.example       CNAME _dmarc.example.org\n"
    "_dmarc.xn--bcher-kva.example TXT \"v=DMARC1; p=reject\"\n";

static struct loop loop;
static struct net net;
static struct dns dns;
static struct task task;

static enum step
no_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
discover(struct dmarc *d, const char *domain)
{
	dmarc_start(d, &dns, &task, str_c(domain));
	CHECK(dmarc_look(d));
	CHECK(dmarc_look(d)); /* once more is no harm */
}

static const struct {
	const char *from;
	enum verdict found;
	const char *policy_domain;
	enum dmarc_policy policy;
} discovery_rows[] = {
	{ "example.org", VERDICT_PASS, "example.org", DMARC_REJECT },
	{ "Example.ORG.", VERDICT_PASS, "example.org", DMARC_REJECT },
	{ "a.example.org", VERDICT_PASS, "example.org", DMARC_QUARANTINE },
	{ "a.b.c.example.org", VERDICT_PASS, "example.org", DMARC_QUARANTINE },
	{ "strict.example.org", VERDICT_PASS, "strict.example.org", DMARC_REJECT },
	{ "a.strict.example.org", VERDICT_PASS, "example.org", DMARC_QUARANTINE },
	{ "other.example.org", VERDICT_PASS, "example.org", DMARC_QUARANTINE },
	{ "a.none.example", VERDICT_PASS, "none.example", DMARC_NONE },
	{ "a.example.co.uk", VERDICT_PASS, "example.co.uk", DMARC_REJECT },
	{ "two.example", VERDICT_NONE, "", DMARC_NONE },
	{ "a.two.example", VERDICT_NONE, "", DMARC_NONE },
	{ "b.two.example", VERDICT_NONE, "", DMARC_NONE },
	{ "beside.example", VERDICT_PASS, "beside.example", DMARC_REJECT },
	{ "bad.example", VERDICT_PERMERROR, "", DMARC_NONE },
	{ "slow.example", VERDICT_TEMPERROR, "", DMARC_NONE },
	{ "b.slow.example", VERDICT_TEMPERROR, "", DMARC_NONE },
	{ "a.slow.example", VERDICT_PASS, "a.slow.example", DMARC_REJECT },
	{ "missing.example", VERDICT_NONE, "", DMARC_NONE },
	{ "a.missing.example", VERDICT_NONE, "", DMARC_NONE },
	{ "co.uk", VERDICT_NONE, "", DMARC_NONE },
	{ "alias.example", VERDICT_PASS, "alias.example", DMARC_REJECT },
	{ "b\xc3\xbc"
	  "cher.example",
	    VERDICT_PASS, "xn--bcher-kva.example", DMARC_REJECT },
	{ "a.b\xc3\xbc"
	  "cher.example",
	    VERDICT_PASS, "xn--bcher-kva.example", DMARC_REJECT },
	{ "[192.0.2.1]", VERDICT_NONE, "", DMARC_NONE },
	{ "", VERDICT_NONE, "", DMARC_NONE },
};

static void
test_discovery(void)
{
	struct buf longest;

	for (size_t i = 0; i < sizeof discovery_rows / sizeof discovery_rows[0]; i++) {
		struct dmarc d = { 0 };

		TEST_ROW(discovery_rows[i].from);
		discover(&d, discovery_rows[i].from);
		CHECK_NUM(d.found, discovery_rows[i].found);
		CHECK_STR(d.policy_domain, str_c(discovery_rows[i].policy_domain));
		CHECK_NUM(d.policy, discovery_rows[i].policy);
		dmarc_release(&d);
		CHECK(d.query.entry == NULL);
		dmarc_release(&d);
	}
	TEST_ROW("no room for _dmarc.");
	buf_init(&longest, 300);
	for (int i = 0; i < 4; i++)
		buf_add_c(&longest, "a2345678901234567890123456789012345678901234567890123456789.");
	buf_add_c(&longest, "example.org");
	{
		struct dmarc d = { 0 };

		discover(&d, buf_c(&longest));
		CHECK_NUM(d.found, VERDICT_PASS);
		CHECK_STR(d.policy_domain, STR("example.org"));
		dmarc_release(&d);
	}
	buf_release(&longest);
}

static const struct {
	const char *from;
	struct dmarc_evidence spf, dkim[2];
	unsigned lot;
	enum verdict want;
	enum dmarc_policy disposition;
	const char *aligned; /* "spf", "dkim", "out": sampled out */
} judge_rows[] = {
#define E(domain, verdict) \
	{ \
		STR_INIT(domain), verdict \
	}
#define NO E("", VERDICT_NONE)
	{ "example.org", NO, { NO, NO }, 0, VERDICT_FAIL, DMARC_REJECT, "" },
	{ "example.org", E("example.org", VERDICT_PASS), { NO, NO }, 0, VERDICT_PASS, DMARC_NONE,
	    "spf" },
	{ "example.org", E("b.example.org", VERDICT_PASS), { NO, NO }, 0, VERDICT_PASS, DMARC_NONE,
	    "spf" },
	{ "a.example.org", E("example.org", VERDICT_PASS), { NO, NO }, 0, VERDICT_PASS, DMARC_NONE,
	    "spf" },
	{ "a.example.org", E("b.example.org", VERDICT_FAIL), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_QUARANTINE, "" },
	{ "example.org", E("example.org", VERDICT_SOFTFAIL), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_REJECT, "" },
	{ "example.org", E("example.net", VERDICT_PASS), { NO, NO }, 0, VERDICT_FAIL, DMARC_REJECT,
	    "" },
	{ "example.org", E("evilexample.org", VERDICT_PASS), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_REJECT, "" },
	{ "example.org", E("org", VERDICT_PASS), { NO, NO }, 0, VERDICT_FAIL, DMARC_REJECT, "" },
	{ "a.example.co.uk", E("b.example2.co.uk", VERDICT_PASS), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_REJECT, "" },
	{ "a.example.co.uk", E("EXAMPLE.co.UK", VERDICT_PASS), { NO, NO }, 0, VERDICT_PASS,
	    DMARC_NONE, "spf" },
	{ "strict.example.org", E("strict.example.org", VERDICT_PASS), { NO, NO }, 0, VERDICT_PASS,
	    DMARC_NONE, "spf" },
	{ "strict.example.org", E("example.org", VERDICT_PASS),
	    { E("a.strict.example.org", VERDICT_PASS), NO }, 0, VERDICT_FAIL, DMARC_REJECT, "" },
	{ "example.org", NO, { E("example.net", VERDICT_PASS), E("m.example.org", VERDICT_PASS) },
	    0, VERDICT_PASS, DMARC_NONE, "dkim" },
	{ "example.org", E("example.org", VERDICT_FAIL), { E("example.org", VERDICT_POLICY), NO },
	    0, VERDICT_FAIL, DMARC_REJECT, "" },
	{ "example.org", E("example.org", VERDICT_PASS), { E("example.org", VERDICT_PASS), NO }, 0,
	    VERDICT_PASS, DMARC_NONE, "spf dkim" },
	{ "b\xc3\xbc"
	  "cher.example",
	    NO, { E("xn--bcher-kva.example", VERDICT_PASS), NO }, 0, VERDICT_PASS, DMARC_NONE,
	    "dkim" },
	{ "example.org", NO, { E("example.org", VERDICT_TEMPERROR), NO }, 0, VERDICT_TEMPERROR,
	    DMARC_NONE, "" },
	{ "example.org", E("a.example.org", VERDICT_TEMPERROR), { NO, NO }, 0, VERDICT_TEMPERROR,
	    DMARC_NONE, "" },
	{ "none.example", E("none.example", VERDICT_TEMPERROR), { NO, NO }, 0, VERDICT_TEMPERROR,
	    DMARC_NONE, "" },
	{ "example.org", E("example.net", VERDICT_TEMPERROR), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_REJECT, "" },
	{ "example.org", E("example.org", VERDICT_TEMPERROR),
	    { E("example.org", VERDICT_PASS), NO }, 0, VERDICT_PASS, DMARC_NONE, "dkim" },
	{ "example.org", E("example.org", VERDICT_PERMERROR), { NO, NO }, 0, VERDICT_FAIL,
	    DMARC_REJECT, "" },
	{ "none.example", NO, { NO, NO }, 99, VERDICT_FAIL, DMARC_NONE, "" },
	{ "half.example", NO, { NO, NO }, 49, VERDICT_FAIL, DMARC_REJECT, "" },
	{ "half.example", NO, { NO, NO }, 50, VERDICT_FAIL, DMARC_QUARANTINE, "out" },
	{ "junk.example", NO, { NO, NO }, 49, VERDICT_FAIL, DMARC_QUARANTINE, "" },
	{ "junk.example", NO, { NO, NO }, 99, VERDICT_FAIL, DMARC_NONE, "out" },
	{ "missing.example", E("missing.example", VERDICT_PASS), { NO, NO }, 0, VERDICT_NONE,
	    DMARC_NONE, "" },
	{ "slow.example", NO, { NO, NO }, 0, VERDICT_TEMPERROR, DMARC_NONE, "" },
	{ "bad.example", NO, { NO, NO }, 0, VERDICT_PERMERROR, DMARC_NONE, "" },
};

static void
test_judge(void)
{
	for (size_t i = 0; i < sizeof judge_rows / sizeof judge_rows[0]; i++) {
		struct str aligned = str_c(judge_rows[i].aligned);
		struct dmarc d = { 0 };
		struct dmarc_judgement j;
		char name[] = "judge 00";

		name[6] = (char)('0' + i / 10);
		name[7] = (char)('0' + i % 10);
		TEST_ROW(name);
		discover(&d, judge_rows[i].from);
		dmarc_judge(&d, &judge_rows[i].spf, judge_rows[i].dkim, 2, judge_rows[i].lot, &j);
		CHECK_NUM(j.verdict, judge_rows[i].want);
		CHECK_NUM(j.disposition, judge_rows[i].disposition);
		CHECK(j.is_spf_aligned == (str_find(aligned, STR("spf")) != STR_NONE));
		CHECK(j.is_dkim_aligned == (str_find(aligned, STR("dkim")) != STR_NONE));
		CHECK(j.is_sampled_out == (str_find(aligned, STR("out")) != STR_NONE));
		dmarc_release(&d);
	}
}

int
main(void)
{
	struct net_settings net_settings = net_settings_default;
	struct dns_settings settings = dns_settings_default;
	struct buf why;

	buf_init(&why, 1000);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	loop_task(&loop, &task, no_step, NULL);
	net_init(&net, &loop, &net_settings);
	CHECK_NUM(dns_init(&dns, &loop, &net, &settings, &why), FAIL_NONE);
	CHECK_NUM(dns_zone_read(&dns, str_c(zone_text), &why), FAIL_NONE);
	test_discovery();
	test_judge();
	dns_release(&dns);
	net_release(&net);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
