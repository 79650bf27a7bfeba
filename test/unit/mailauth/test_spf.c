/*
 * SPF, whole, over zones: each row with answers that are there at once, and with answers that a server on loopback
 * gives some turns later. What comes of it must be the same.
 */

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "lib/zone_server.h"

/* rooms */
#include "dns/zone.h"
#include "mailauth/spf.h"
#include "spf_rows.h"

#define ZONE_MAX  200000
#define TURNS_MAX 4000

static struct loop loop;
static struct net net;
static struct task owner;
static unsigned woken;

static enum step
owner_step(struct task *t)
{
	(void)t;
	woken++;
	return STEP_WAIT;
}

/* DNS over a text, or over a server that has it. */
struct stage {
	struct dns dns;
	struct dns_settings settings;
	struct zone_server server;
	bool is_held;
};

static void
open_stage(struct stage *g, struct str text, bool is_held)
{
	struct buf why;

	buf_init(&why, 1000);
	*g = (struct stage){ .settings = dns_settings_default, .is_held = is_held };
	if (is_held) {
		zone_server_start(&g->server, &loop, text);
		g->settings.servers = str_c(g->server.address);
	}
	CHECK_NUM(dns_init(&g->dns, &loop, &net, &g->settings, &why), FAIL_NONE);
	if (!is_held)
		CHECK_NUM(dns_zone_read(&g->dns, text, &why), FAIL_NONE);
	CHECK_STR(buf_str(&why), STR(""));
	buf_release(&why);
}

static void
close_stage(struct stage *g)
{
	dns_release(&g->dns);
	if (g->is_held)
		zone_server_stop(&g->server);
}

static void
start(struct spf *s, struct stage *g, const char *client, const char *hello, const char *sender)
{
	struct spf_claim claim = { .hello = str_c(hello),
		.sender = str_c(sender),
		.receiver = STR("mail.own.test"),
		.now_s = 99 };

	CHECK_NUM(net_address_parse(str_c(client), &claim.client), FAIL_NONE);
	spf_start(s, &g->dns, &owner, &claim);
}

static void
finish(struct spf *s)
{
	int turns = 0;

	while (!spf_look(s) && turns++ < TURNS_MAX)
		loop_turn(&loop, 100);
	CHECK(turns < TURNS_MAX);
	CHECK(spf_look(s));
}

static void
try_row(size_t i, struct stage *g)
{
	struct spf s;

	start(&s, g, rows[i].client, rows[i].hello, rows[i].sender);
	CHECK(!g->is_held || str_empty(s.domain) || !spf_look(&s));
	finish(&s);
	CHECK_STR(verdict_names[s.verdict], verdict_names[rows[i].want]);
	CHECK_STR(s.mechanism, str_c(rows[i].mechanism));
	CHECK_STR(buf_str(&s.explanation), str_c(rows[i].explanation));
	CHECK_HAS(buf_str(&s.why), str_c(rows[i].why));
	CHECK((s.why.n > 0) == (rows[i].why[0] != '\0'));
	CHECK_NUM(s.lookups, rows[i].lookups);
	CHECK_NUM(s.voids, rows[i].voids);
	spf_release(&s);
	spf_release(&s);
}

static void
test_rows(bool is_held)
{
	struct buf zone;

	buf_init(&zone, ZONE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stage g;

		TEST_ROW(rows[i].name);
		buf_clear(&zone);
		buf_add_c(&zone, common);
		buf_add_c(&zone, rows[i].zone);
		open_stage(&g, buf_str(&zone), is_held);
		try_row(i, &g);
		close_stage(&g);
	}
	buf_release(&zone);
}

/* --- limits ------------------------------------------------------------------------------------ */

static void
add_numbered(struct buf *zone, const char *before, unsigned count, const char *behind)
{
	for (unsigned i = 0; i < count; i++) {
		buf_add_c(zone, before);
		buf_add_u64(zone, i);
		buf_add_c(zone, behind);
	}
}

static void
check_verdict(struct str zone, const char *client, enum verdict want)
{
	struct stage g;
	struct spf s;

	open_stage(&g, zone, false);
	start(&s, &g, client, "h.test", "x@a.test");
	finish(&s);
	CHECK_STR(verdict_names[s.verdict], verdict_names[want]);
	spf_release(&s);
	close_stage(&g);
}

static void
test_hosts(void)
{
	struct buf zone;

	buf_init(&zone, ZONE_MAX);
	for (unsigned count = SPF_HOSTS_MAX; count <= SPF_HOSTS_MAX + 1; count++) {
		bool is_over = count > SPF_HOSTS_MAX;

		TEST_ROW("names of an MX answer: as many as may be, and one more");
		buf_clear(&zone);
		buf_add_c(&zone, A "mx -all\"\n");
		add_numbered(&zone, "a.test MX 10 mx", count, ".a.test\n");
		add_numbered(&zone, "mx", count, ".a.test A 192.0.2.7\n");
		check_verdict(buf_str(&zone), "192.0.2.7", VERDICT_PASS);
		check_verdict(buf_str(&zone), "192.0.2.8",
		    is_over ? VERDICT_PERMERROR : VERDICT_FAIL);
		TEST_ROW("names of a client: those behind the tenth do not count");
		buf_clear(&zone);
		buf_add_c(&zone, A "ptr -all\"\n");
		add_numbered(&zone, "8.2.0.192.in-addr.arpa PTR p", count - 1, ".x.test\n");
		buf_add_c(&zone, "8.2.0.192.in-addr.arpa PTR mx.a.test\nmx.a.test A 192.0.2.8\n");
		check_verdict(buf_str(&zone), "192.0.2.8", is_over ? VERDICT_FAIL : VERDICT_PASS);
	}
	buf_release(&zone);
}

/* One look does some steps, and the owner is woken for the others. */
static void
test_slices(void)
{
	struct buf zone;
	struct stage g;
	struct spf s;
	unsigned looks = 1;

	TEST_ROW("a record of many terms takes many looks");
	buf_init(&zone, ZONE_MAX);
	buf_add_c(&zone, A);
	add_numbered(&zone, "ip4:192.0.3.", 250, " ");
	add_numbered(&zone, "ip4:192.0.4.", 250, " ");
	buf_add_c(&zone, "-all\"\n");
	open_stage(&g, buf_str(&zone), false);
	start(&s, &g, "192.0.2.1", "h.test", "x@a.test");
	woken = 0;
	while (!spf_look(&s)) {
		CHECK(task_is_awake(&owner));
		loop_turn(&loop, 0);
		looks++;
	}
	CHECK(looks >= 500 / SPF_STEPS_MAX);
	CHECK(woken >= looks - 1);
	CHECK_STR(verdict_names[s.verdict], STR("fail"));
	spf_release(&s);
	close_stage(&g);
	buf_release(&zone);
}

/* Claims of any length: those that no command of SMTP holds come to nothing. */
static void
test_long_claims(void)
{
	struct stage g;
	struct buf text;

	TEST_ROW("a long claim");
	buf_init(&text, ZONE_MAX);
	open_stage(&g, STR("fail.test TXT \"v=spf1 include:%{h}.test -all\"\n"), false);
	for (size_t n = 0; n < 70000; n = n * 3 / 2 + 1) {
		for (unsigned which = 0; which < 3; which++) {
			struct spf_claim claim = { .client = { .family = NET_ADDRESS_IPV4 },
				.hello = STR("fail.test"),
				.sender = STR("x@fail.test") };
			enum verdict want = which == 2 ? VERDICT_PERMERROR : VERDICT_NONE;
			struct spf s;

			buf_clear(&text);
			while (text.n < n)
				buf_add_char(&text, 'x');
			buf_add_c(&text, which == 2 ? "@fail.test" : ".test");
			if (which == 0)
				claim.hello = buf_str(&text);
			claim.sender = which == 0 ? STR("") : buf_str(&text);
			spf_start(&s, &g.dns, &owner, &claim);
			finish(&s);
			if (text.n > SPF_TEXT_MAX)
				want = VERDICT_NONE;
			CHECK_STR(verdict_names[s.verdict], verdict_names[want]);
			spf_release(&s);
		}
	}
	close_stage(&g);
	buf_release(&text);
}

/* Texts of a hostile domain, as long as they get. */
static void
test_huge(void)
{
	struct buf zone;

	buf_init(&zone, ZONE_MAX);
	TEST_ROW("a record of macros");
	buf_add_c(&zone, A "exists:");
	for (unsigned i = 0; i < 12000; i++)
		buf_add_c(&zone, "%{s}.");
	buf_add_c(&zone, "test -all\"\n");
	check_verdict(buf_str(&zone), "192.0.2.1", VERDICT_FAIL);
	TEST_ROW("more terms than may be");
	buf_clear(&zone);
	buf_add_c(&zone, A);
	for (unsigned i = 0; i < 20000; i++)
		buf_add_c(&zone, "a ");
	buf_add_c(&zone, "\"\n");
	check_verdict(buf_str(&zone), "192.0.2.1", VERDICT_PERMERROR);
	TEST_ROW("an explanation that is too long");
	buf_clear(&zone);
	buf_add_c(&zone, A "-all exp=e.test\"\ne.test TXT \"");
	for (unsigned i = 0; i <= SPF_EXPLANATION_MAX; i++)
		buf_add_char(&zone, 'x');
	buf_add_c(&zone, "\"\n");
	check_verdict(buf_str(&zone), "192.0.2.1", VERDICT_FAIL);
	buf_release(&zone);
}

/* --- time, and the end -------------------------------------------------------------------------- */

static void
test_late(void)
{
	struct stage g;
	struct spf s;
	int64_t now_ms = clock_mono_ms();

	TEST_ROW("no result in time");
	open_stage(&g, STR("a.test TXT \"v=spf1 a -all exp=e.test\"\ne.test TXT \"why\"\n"), true);
	start(&s, &g, "192.0.2.1", "h.test", "x@a.test");
	CHECK(!spf_look(&s));
	clock_fake(now_ms + SPF_TIME_MS, clock_wall_ms());
	CHECK(!spf_look(&s));
	clock_fake(now_ms + SPF_TIME_MS + 1, clock_wall_ms());
	CHECK(spf_look(&s));
	CHECK_STR(verdict_names[s.verdict], STR("temperror"));
	CHECK_STR(buf_str(&s.why), STR("DNS is too slow"));
	spf_release(&s);
	TEST_ROW("only the explanation is late");
	clock_tick();
	start(&s, &g, "192.0.2.1", "h.test", "x@a.test");
	for (int i = 0; i < TURNS_MAX && s.state != SPF_EXPLANATION; i++) {
		CHECK(!spf_look(&s));
		loop_turn(&loop, 100);
	}
	CHECK_NUM(s.state, SPF_EXPLANATION);
	clock_fake(s.deadline_ms + 1, clock_wall_ms());
	CHECK(spf_look(&s));
	CHECK_STR(verdict_names[s.verdict], STR("fail"));
	CHECK_STR(buf_str(&s.explanation), STR(""));
	spf_release(&s);
	clock_tick();
	close_stage(&g);
}

/* Released at each point where it may wait; the sanitizers look. */
static void
test_release(void)
{
	static const char text[] =
	    "a.test TXT \"v=spf1 include:b.test exists:%{p}.x mx -all exp=%{p}.e\"\n"
	    "b.test TXT \"v=spf1 a ptr mx:a.test\"\na.test MX 10 mx.a.test\nmx.a.test A 192.0.2.9\n"
	    "1.2.0.192.in-addr.arpa PTR mx.a.test\n";
	bool is_over = false;

	TEST_ROW("released while it waits");
	for (int turns = 0; turns < TURNS_MAX && !is_over; turns++) {
		struct stage g;
		struct spf s;

		open_stage(&g, str_c(text), true);
		start(&s, &g, "192.0.2.1", "h.test", "x@a.test");
		for (int i = 0; i < turns && !is_over; i++) {
			loop_turn(&loop, 100);
			is_over = spf_look(&s);
		}
		spf_release(&s);
		close_stage(&g);
	}
	CHECK(is_over);
}

/* --- what is told --------------------------------------------------------------------------------- */

static void
check_received(const char *hello, const char *sender, const char *want, const char *property,
    const char *value)
{
	struct stage g;
	struct buf out;
	struct spf s;

	buf_init(&out, 4000);
	open_stage(&g, str_c(common), false);
	start(&s, &g, "192.0.2.1", hello, sender);
	finish(&s);
	spf_received_write(&out, &s);
	CHECK_STR(buf_str(&out), str_c(want));
	CHECK_STR(spf_property(&s), str_c(property));
	CHECK_STR(spf_property_value(&s), str_c(value));
	spf_release(&s);
	close_stage(&g);
	buf_release(&out);
}

static void
test_told(void)
{
	TEST_ROW("Received-SPF");
	check_received("h.test", "x@pass.test",
	    "Received-SPF: pass (pass.test designates the client as permitted sender)\r\n"
	    "\tclient-ip=\"192.0.2.1\";\r\n\tenvelope-from=\"x@pass.test\";\r\n\thelo=\"h.test\";\r\n"
	    "\treceiver=\"mail.own.test\";\r\n\tidentity=\"mailfrom\";\r\n\tmechanism=\"all\"\r\n",
	    "smtp.mailfrom", "pass.test");
	TEST_ROW("Received-SPF of an error, for HELO");
	check_received("wrong.test", "",
	    "Received-SPF: permerror (wrong.test has a record that is wrong)\r\n"
	    "\tclient-ip=\"192.0.2.1\";\r\n\thelo=\"wrong.test\";\r\n"
	    "\treceiver=\"mail.own.test\";\r\n\tidentity=\"helo\";\r\n\tmechanism=\"default\";\r\n"
	    "\tproblem=\"moo: wrong, or there twice, in the record of wrong.test\"\r\n",
	    "smtp.helo", "wrong.test");
	TEST_ROW("Received-SPF of bytes that cannot stand there");
	check_received("a\r\nX: y\"", "\\\"\x01\xff@x",
	    "Received-SPF: none (the sender's domain has no record)\r\n"
	    "\tclient-ip=\"192.0.2.1\";\r\n\tenvelope-from=\"\\\\\\\"??@x\";\r\n"
	    "\thelo=\"a??X: y\\\"\";\r\n\treceiver=\"mail.own.test\";\r\n\tidentity=\"mailfrom\";\r\n"
	    "\tmechanism=\"default\"\r\n",
	    "smtp.mailfrom", "x");
}

int
main(void)
{
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	loop_task(&loop, &owner, owner_step, NULL);
	test_rows(false);
	test_rows(true);
	test_hosts();
	test_slices();
	test_long_claims();
	test_huge();
	test_late();
	test_release();
	test_told();
	task_cancel(&owner);
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
