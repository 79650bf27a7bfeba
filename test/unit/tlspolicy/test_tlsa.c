/* TLSA records of a host, looked up in a zone: what is secure, what is hidden, and aliases (RFC 7672 2). */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/zone.h"
#include "tlspolicy/tlsa.h"

#define HASH  "0000000000000000000000000000000000000000000000000000000000000000"
#define RIGHT " TLSA 3 1 1 " HASH "\n"
#define MX    "_25._tcp.mx.test"
#define TO    "_25._tcp.to.test"

static const struct {
	const char *name, *zone, *canonical;
	bool is_secure;
	enum tlsa_state want;
	const char *base;
} rows[] = {
	{ "signed", MX RIGHT MX " SECURE\n", "mx.test", true, TLSA_USABLE, "mx.test" },
	{ "the record is not signed", MX RIGHT, "mx.test", true, TLSA_NONE, "" },
	{ "the way there is not", MX RIGHT MX " SECURE\n", "mx.test", false, TLSA_NONE, "" },
	{ "no record", MX " SECURE\n", "mx.test", true, TLSA_NONE, "" },
	{ "no name", "", "mx.test", true, TLSA_NONE, "" },
	{ "no answer", MX " TLSA TIMEOUT\n", "mx.test", true, TLSA_FAILED, "" },
	{ "no answer that was asked for", MX " TLSA TIMEOUT\n", "mx.test", false, TLSA_NONE, "" },
	{ "nothing counts", MX " TLSA 0 1 1 " HASH "\n" MX " SECURE\n", "mx.test", true,
	    TLSA_ENCRYPT, "mx.test" },
	{ "one counts", MX " TLSA 0 1 1 " HASH "\n" MX RIGHT MX " SECURE\n", "mx.test", true,
	    TLSA_USABLE, "mx.test" },
	{ "a record that is an alias",
	    MX " CNAME x.test\nx.test" RIGHT MX " SECURE\nx.test SECURE\n", "mx.test", true,
	    TLSA_USABLE, "mx.test" },

	{ "an alias: where it leads", TO RIGHT TO " SECURE\n" MX RIGHT MX " SECURE\n", "to.test",
	    true, TLSA_USABLE, "to.test" },
	{ "an alias: nothing there", MX RIGHT MX " SECURE\n", "to.test", true, TLSA_USABLE,
	    "mx.test" },
	{ "an alias: what is there is not signed", TO RIGHT MX RIGHT MX " SECURE\n", "to.test",
	    true, TLSA_USABLE, "mx.test" },
	{ "an alias: no answer there", TO " TLSA TIMEOUT\n" MX RIGHT MX " SECURE\n", "to.test",
	    true, TLSA_FAILED, "" },
	{ "an alias: no answer about itself", MX " TLSA TIMEOUT\n", "to.test", true, TLSA_FAILED,
	    "" },
	{ "an alias out of what is signed",
	    "mx.test CNAME to.test\nmx.test SECURE\n" MX RIGHT MX " SECURE\n" TO RIGHT TO
	    " SECURE\n",
	    "to.test", false, TLSA_USABLE, "mx.test" },
	{ "an alias that is not signed", "mx.test CNAME to.test\n" MX RIGHT MX " SECURE\n",
	    "to.test", false, TLSA_NONE, "" },
	{ "an alias that is not answered", "mx.test CNAME TIMEOUT\n" MX RIGHT MX " SECURE\n",
	    "to.test", false, TLSA_FAILED, "" },
};

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

static void
test_rows(struct loop *loop, struct net *net)
{
	struct task task;
	struct buf why;

	buf_init(&why, 1000);
	loop_task(loop, &task, no_step, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct tlsa_host host = { .name = STR("mx.test"),
			.canonical = str_c(rows[i].canonical),
			.is_secure = rows[i].is_secure,
			.port = 25 };
		struct tlsa_find find = { 0 };
		struct dns dns;

		TEST_ROW(rows[i].name);
		CHECK_NUM(dns_init(&dns, loop, net, &dns_settings_default, &why), FAIL_NONE);
		CHECK_NUM(dns_zone_read(&dns, str_c(rows[i].zone), &why), FAIL_NONE);
		CHECK_STR(buf_str(&why), STR(""));
		tlsa_start(&find, &dns, &task, &host);
		CHECK(tlsa_look(&find));
		CHECK_NUM(find.state, rows[i].want);
		CHECK_STR(find.base, str_c(rows[i].base));
		CHECK((find.record_count > 0) == (rows[i].base[0] != '\0'));
		tlsa_release(&find);
		dns_release(&dns);
	}
	task_cancel(&task);
	buf_release(&why);
}

int
main(void)
{
	struct loop loop;
	struct net net;

	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	test_rows(&loop, &net);
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
