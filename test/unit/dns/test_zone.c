/* Answers from a text: what stands there, and what does not. */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/zone.h"

static const char zone_text[] = "; a comment\n"
				"\n"
				"A.Test.           A      192.0.2.1      ; behind it\r\n"
				"a.test            A      192.0.2.2\n"
				"a.test            AAAA   2001:db8::1\n"
				"a.test            MX     10 mx.a.test\n"
				"a.test            MX     0 .\n"
				"a.test            TXT    \"one \" \"t\\\"wo\\\\;\\009\"\n"
				"alias.test        CNAME  a.test\n"
				"alias.test        SECURE\n"
				"a.test            SECURE\n"
				"open.test         CNAME  a.test\n"
				"round.test        CNAME  round.test\n"
				"lost.test         CNAME  nowhere.test\n"
				"slow.test         TIMEOUT\n"
				"slow.test         A      192.0.2.3\n"
				"late.test         TXT    TIMEOUT\n"
				"late.test         A      192.0.2.4\n"
				"_25._tcp.a.test   TLSA   3 1 1 00ffA0\n"
				"_s._tcp.a.test    SRV    1 2 3 a.test\n"
				"a\\058b.test      A      192.0.2.5\n"
				"a.test            CAA    128 Issue \"ca.test; x=y\"\n"
				"1.2.0.192.in-addr.arpa PTR a.test";

static const struct {
	const char *name, *question;
	enum dns_type type;
	enum fail want;
	size_t count;
	bool is_name_missing, is_secure;
} rows[] = {
	{ "two", "a.test", DNS_A, FAIL_NONE, 2, false, true },
	{ "any case", "A.TEST.", DNS_AAAA, FAIL_NONE, 1, false, true },
	{ "the order stays", "a.test", DNS_MX, FAIL_NONE, 2, false, true },
	{ "no such type", "a.test", DNS_SRV, FAIL_MISSING, 0, false, true },
	{ "no such name", "b.test", DNS_A, FAIL_MISSING, 0, true, false },
	{ "an alias", "alias.test", DNS_A, FAIL_NONE, 2, false, true },
	{ "an alias itself", "alias.test", DNS_CNAME, FAIL_NONE, 1, false, true },
	{ "an alias without proof", "open.test", DNS_A, FAIL_NONE, 2, false, false },
	{ "round and round", "round.test", DNS_A, FAIL_TEMP, 0, false, false },
	{ "an alias to nothing", "lost.test", DNS_A, FAIL_MISSING, 0, true, false },
	{ "no answer", "slow.test", DNS_TXT, FAIL_TEMP, 0, false, false },
	{ "an answer for this type", "slow.test", DNS_A, FAIL_NONE, 1, false, false },
	{ "no answer for this type", "late.test", DNS_TXT, FAIL_TEMP, 0, false, false },
	{ "but for that", "late.test", DNS_A, FAIL_NONE, 1, false, false },
	{ "TLSA", "_25._tcp.a.test", DNS_TLSA, FAIL_NONE, 1, false, false },
	{ "SRV", "_s._tcp.a.test", DNS_SRV, FAIL_NONE, 1, false, false },
	{ "CAA", "a.test", DNS_CAA, FAIL_NONE, 1, false, true },
	{ "PTR", "1.2.0.192.in-addr.arpa", DNS_PTR, FAIL_NONE, 1, false, false },
	{ "a byte by its number", "A\\058b.test", DNS_A, FAIL_NONE, 1, false, false },
	{ "not a name", "a..test", DNS_A, FAIL_SYNTAX, 0, false, false },
	{ "localhost is a name like others here", "localhost", DNS_A, FAIL_MISSING, 0, true,
	    false },
};

static const char *const bad_lines[] = { "a.test", "a..test A 192.0.2.1", "a.test A",
	"a.test A 2001:db8::1", "a.test A 192.0.2.1 x", "a.test AAAA 192.0.2.1",
	"a.test MX mx.test", "a.test MX 65536 mx.test", "a.test TXT one", "a.test TXT",
	"a.test TXT \"one", "a.test TXT \"one\\", "a.test TLSA 3 1 1 0", "a.test TLSA 3 1 1 0g",
	"a.test TLSA 256 1 1 00", "a.test NULL 1", "a.test CAA 0 issue",
	"a.test CAA 0 is-sue \"x\"", "a.test CAA 256 issue \"x\"", "a.test TIMEOUT x",
	"a.test CNAME" };

static struct dns dns;
static struct loop loop;
static struct task task;

static enum step
no_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
test_questions(void)
{
	struct dns_query q = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		dns_query_start(&dns, &q, &task, str_c(rows[i].question), rows[i].type);
		CHECK(!op_pending(&q.op));
		CHECK_NUM(q.op.fail, rows[i].want);
		CHECK_NUM(q.record_count, rows[i].count);
		CHECK_NUM(q.is_name_missing, rows[i].is_name_missing);
		CHECK_NUM(q.is_secure, rows[i].is_secure);
	}
	dns_query_start(&dns, &q, &task, STR("alias.test"), DNS_TXT);
	CHECK_STR(q.canonical, STR("a.test"));
	CHECK_STR(q.records[0].bytes, STR("one t\"wo\\;\t"));
	dns_query_start(&dns, &q, &task, STR("a.test"), DNS_MX);
	CHECK_NUM(q.records[0].priority, 10);
	CHECK_STR(q.records[0].name, STR("mx.a.test"));
	CHECK_STR(q.records[1].name, STR("."));
	dns_query_start(&dns, &q, &task, STR("_25._tcp.a.test"), DNS_TLSA);
	CHECK(q.records[0].usage == 3 && q.records[0].selector == 1 && q.records[0].matching == 1);
	CHECK_STR(q.records[0].bytes, str_of("\x00\xff\xa0", 3));
	dns_query_start(&dns, &q, &task, STR("_s._tcp.a.test"), DNS_SRV);
	CHECK(q.records[0].priority == 1 && q.records[0].weight == 2 && q.records[0].port == 3);
	dns_query_start(&dns, &q, &task, STR("a.test"), DNS_CAA);
	CHECK_NUM(q.records[0].usage, 128);
	CHECK_STR(q.records[0].name, STR("issue"));
	CHECK_STR(q.records[0].bytes, STR("ca.test; x=y"));
	dns_query_release(&q);
}

int
main(void)
{
	struct buf why;

	buf_init(&why, 1000);
	invariant(loop_init(&loop) == FAIL_NONE);
	loop_task(&loop, &task, no_step, NULL);
	CHECK_NUM(dns_init(&dns, NULL, NULL, &dns_settings_default, &why), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
		struct buf text;

		TEST_ROW(bad_lines[i]);
		buf_init(&text, 1000);
		buf_add_c(&text, "a.test A 192.0.2.1\n");
		buf_add_c(&text, bad_lines[i]);
		buf_clear(&why);
		CHECK_NUM(dns_zone_read(&dns, buf_str(&text), &why), FAIL_SYNTAX);
		CHECK_STR(buf_str(&why), STR("line 2: not NAME TYPE DATA\n"));
		buf_release(&text);
	}
	TEST_ROW("it is read");
	CHECK_NUM(dns_zone_read(&dns, str_c(zone_text), &why), FAIL_NONE);
	test_questions();
	dns_release(&dns);
	task_cancel(&task);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
