/* Which hosts take mail for a domain, asked of a server of ours on loopback. */
#include "smtpc/mx.h"

/* system */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

static struct loop loop;
static struct net net;
static struct dns dns;
static struct dns_settings dns_settings;
static struct smtpc_settings settings;
static struct task asker;

/* --- the zone: what exists, and what is said of it ------------------------------------------------ */

enum { SECURE = 1, FAILS = 2 };

static const struct {
	const char *name;
	enum dns_type type;
	unsigned preference; /* MX */
	const char *value;
	unsigned flags;
} zone[] = {
	{ "plain.test", DNS_MX, 20, "b.test", 0 },
	{ "plain.test", DNS_MX, 10, "a.test", 0 },
	{ "a.test", DNS_A, 0, "9.0.0.1", 0 },
	{ "a.test", DNS_A, 0, "9.0.0.2", 0 },
	{ "a.test", DNS_AAAA, 0, "2600::1", 0 },
	{ "b.test", DNS_A, 0, "9.0.0.3", 0 },
	{ "twice.test", DNS_MX, 10, "a.test", 0 },
	{ "twice.test", DNS_MX, 20, "A.test", 0 },
	{ "implicit.test", DNS_A, 0, "9.0.1.1", 0 },
	{ "implicit.test", DNS_AAAA, 0, "2600::2", 0 },
	{ "nothing.test", DNS_TXT, 0, "", 0 },
	{ "null.test", DNS_MX, 0, "", 0 },
	{ "half-null.test", DNS_MX, 0, "", 0 },
	{ "half-null.test", DNS_MX, 10, "b.test", 0 },
	{ "fails.test", DNS_MX, 0, "", FAILS },
	{ "half.test", DNS_MX, 10, "gone.test", 0 },
	{ "half.test", DNS_MX, 20, "b.test", 0 },
	{ "gone-only.test", DNS_MX, 10, "gone.test", 0 },
	{ "fails-only.test", DNS_MX, 10, "fails-a.test", 0 },
	{ "fails-only.test", DNS_MX, 20, "gone.test", 0 },
	{ "fails-half.test", DNS_MX, 10, "fails-a.test", 0 },
	{ "fails-half.test", DNS_MX, 20, "b.test", 0 },
	{ "fails-a.test", DNS_A, 0, "", FAILS },
	{ "fails-a.test", DNS_AAAA, 0, "", FAILS },
	{ "private.test", DNS_MX, 10, "inside.test", 0 },
	{ "inside.test", DNS_A, 0, "10.0.0.1", 0 },
	{ "inside.test", DNS_A, 0, "127.0.0.1", 0 },
	{ "private-half.test", DNS_MX, 10, "inside-half.test", 0 },
	{ "inside-half.test", DNS_A, 0, "10.0.0.1", 0 },
	{ "inside-half.test", DNS_A, 0, "9.0.0.9", 0 },
	{ "own.test", DNS_MX, 10, "a.test", 0 },
	{ "own.test", DNS_MX, 20, "ME.test", 0 },
	{ "own.test", DNS_MX, 20, "b.test", 0 },
	{ "own.test", DNS_MX, 30, "b2.test", 0 },
	{ "own-best.test", DNS_MX, 10, "me.test", 0 },
	{ "own-best.test", DNS_MX, 20, "a.test", 0 },
	{ "own-address.test", DNS_MX, 10, "a.test", 0 },
	{ "own-address.test", DNS_MX, 20, "alias-of-me.test", 0 },
	{ "own-address.test", DNS_MX, 30, "b.test", 0 },
	{ "own-address-best.test", DNS_MX, 10, "alias-of-me.test", 0 },
	{ "own-implicit.test", DNS_A, 0, "9.9.9.9", 0 },
	{ "me.test", DNS_A, 0, "9.0.0.5", 0 }, /* as a host behind NAT sees it: not its own */
	{ "alias-of-me.test", DNS_AAAA, 0, "2600::9", 0 },
	{ "alias-of-me.test", DNS_A, 0, "9.0.0.4", 0 },
	{ "secure.test", DNS_MX, 10, "safe.test", SECURE },
	{ "secure.test", DNS_MX, 20, "a.test", SECURE },
	{ "safe.test", DNS_A, 0, "9.0.2.1", SECURE },
	{ "safe.test", DNS_AAAA, 0, "2600::5", SECURE },
	{ "half-secure.test", DNS_MX, 10, "safe.test", 0 },
	{ "secure-implicit.test", DNS_A, 0, "9.0.2.2", SECURE },
	{ "secure-implicit.test", DNS_TXT, 0, "", SECURE },
	{ "slow-hosts.test", DNS_MX, 10, "never-asked.test", 0 },
	{ "xn--4ca.test", DNS_MX, 10, "b.test", 0 },
	{ "many.test", DNS_MX, 10, "b.test", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.1", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.2", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.3", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.4", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.5", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.6", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.7", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.8", 0 },
	{ "crowd.test", DNS_A, 0, "9.0.3.9", 0 },
	{ "equal.test", DNS_MX, 5, "e1.test", 0 },
	{ "equal.test", DNS_MX, 5, "e2.test", 0 },
	{ "equal.test", DNS_MX, 5, "e3.test", 0 },
	{ "equal.test", DNS_MX, 9, "b.test", 0 },
	{ "e1.test", DNS_A, 0, "9.0.4.1", 0 },
	{ "e2.test", DNS_A, 0, "9.0.4.2", 0 },
	{ "e3.test", DNS_A, 0, "9.0.4.3", 0 },
};

/* --- a server that knows the zone, and that m0.many.test .. have an address ------------------------ */

static struct {
	struct task task;
	struct watch watch;
	struct net_address address;
	int questions;
	bool is_silent;
} names;

static void
add_u16(struct buf *out, unsigned n)
{
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)n);
}

static void
add_name(struct buf *out, struct str name)
{
	struct str label;

	while (!str_empty(name) && str_next_part(&name, '.', &label)) {
		buf_add_char(out, (char)label.n);
		buf_add(out, label);
	}
	buf_add_char(out, '\0');
}

static void
add_record(struct buf *out, enum dns_type type, unsigned preference, struct str value)
{
	struct buf data = { .max = 600 };
	char p[16];

	if (type == DNS_MX) {
		add_u16(&data, preference);
		add_name(&data, value);
	} else {
		char text[64];

		snprintf(text, sizeof text, "%.*s", STR_ARG(value));
		invariant(inet_pton(type == DNS_A ? AF_INET : AF_INET6, text, p) == 1);
		buf_add(&data, str_of(p, type == DNS_A ? 4 : 16));
	}
	buf_add(out, str_of("\xc0\x0c", 2));
	add_u16(out, type);
	buf_add(out, str_of("\0\1\0\0\0\x64", 6));
	add_u16(out, (unsigned)data.n);
	buf_add(out, buf_str(&data));
	buf_release(&data);
}

/* The records of a name; how many, or -1 when there is no such name. */
static int
answer(struct str name, unsigned type, struct buf *out, unsigned *flags)
{
	int count = -1;

	for (size_t i = 0; i < ARRAY_LEN(zone); i++) {
		if (!str_eq_nocase(str_c(zone[i].name), name))
			continue;
		count = count < 0 ? 0 : count;
		*flags |= zone[i].flags;
		if (zone[i].type != type || (zone[i].flags & FAILS))
			continue;
		count++;
		add_record(out, zone[i].type, zone[i].preference, str_c(zone[i].value));
	}
	if (str_ends(name, STR(".many.test")) && type == DNS_A) {
		add_record(out, DNS_A, 0, STR("9.0.5.1"));
		return 1;
	}
	for (unsigned n = 0; str_eq(name, STR("many.test")) && type == DNS_MX && n < 15; n++) {
		char host[20];

		snprintf(host, sizeof host, "m%u.many.test", n);
		add_record(out, DNS_MX, 100 - n, str_c(host));
		count++;
	}
	return count;
}

static void
question(const char *p, size_t n, struct buf *out)
{
	struct buf name = { .max = 300 }, records = { .max = 4000 };
	unsigned flags = 0;
	size_t at = 12;
	int count;

	while (at < n && p[at] != 0) {
		if (name.n > 0)
			buf_add_char(&name, '.');
		buf_add(&name, str_of(p + at + 1, (size_t)p[at]));
		at += (size_t)p[at] + 1;
	}
	count = answer(buf_str(&name), (unsigned char)p[at + 2], &records, &flags);
	buf_add(out, str_of(p, 2));
	add_u16(out,
	    0x8180u | (flags & SECURE ? 0x20u : 0) | (flags & FAILS ? 2u : 0) |
		(count < 0 ? 3u : 0));
	add_u16(out, 1);
	add_u16(out, count < 0 ? 0 : (unsigned)count);
	buf_add(out, str_of("\0\0\0\0", 4));
	buf_add(out, str_of(p + 12, at + 5 - 12));
	buf_add(out, buf_str(&records));
	buf_release(&name);
	buf_release(&records);
}

static enum step
names_step(struct task *t)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char p[512];
	ssize_t got;

	(void)t;
	while (
	    (got = recvfrom(names.watch.fd, p, sizeof p, 0, (struct sockaddr *)&from, &n)) >= 12) {
		struct buf out = { .max = 5000 };

		names.questions++;
		question(p, (size_t)got, &out);
		if (!names.is_silent)
			sendto(names.watch.fd, out.p, out.n, 0, (struct sockaddr *)&from, n);
		buf_release(&out);
	}
	return STEP_WAIT;
}

static void
names_start(void)
{
	struct sockaddr_storage storage;
	socklen_t n;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	invariant(net_address_parse_port(STR("127.0.0.1:0"), &names.address) == FAIL_NONE);
	n = net_address_to_system(&names.address, &storage);
	invariant(bind(fd, (struct sockaddr *)&storage, n) == 0);
	n = sizeof storage;
	invariant(getsockname(fd, (struct sockaddr *)&storage, &n) == 0);
	net_address_from_system(&storage, &names.address);
	loop_task(&loop, &names.task, names_step, NULL);
	invariant(watch_start(&loop, &names.watch, fd, &names.task) == FAIL_NONE);
}

/* --- rows ----------------------------------------------------------------------------------------- */

#define V4_FIRST SMTPC_BOTH_IPV4_FIRST
#define V6_FIRST SMTPC_BOTH_IPV6_FIRST

static const struct {
	const char *domain;
	enum smtpc_families families;
	bool allow_private;
	enum fail want;
	struct status status;
	const char *hosts; /* name, "!" when secure, addresses */
} rows[] = {
	{ "plain.test", V6_FIRST, false, FAIL_NONE, { 0 },
	    "a.test 2600::1 9.0.0.1 9.0.0.2, b.test 9.0.0.3" },
	{ "PLAIN.test.", V4_FIRST, false, FAIL_NONE, { 0 },
	    "a.test 9.0.0.1 2600::1 9.0.0.2, b.test 9.0.0.3" },
	{ "plain.test", SMTPC_ONLY_IPV4, false, FAIL_NONE, { 0 },
	    "a.test 9.0.0.1 9.0.0.2, b.test 9.0.0.3" },
	{ "plain.test", SMTPC_ONLY_IPV6, false, FAIL_NONE, { 0 }, "a.test 2600::1" },
	{ "twice.test", SMTPC_ONLY_IPV4, false, FAIL_NONE, { 0 }, "a.test 9.0.0.1 9.0.0.2" },
	{ "implicit.test", V6_FIRST, false, FAIL_NONE, { 0 }, "implicit.test 2600::2 9.0.1.1" },
	{ "nothing.test", V6_FIRST, false, FAIL_MISSING, { 5, 1, 2 }, "" },
	{ "missing.test", V6_FIRST, false, FAIL_MISSING, { 5, 1, 2 }, "" },
	{ "null.test", V6_FIRST, false, FAIL_DENIED, { 5, 1, 10 }, "" },
	{ "half-null.test", V6_FIRST, false, FAIL_NONE, { 0 }, "b.test 9.0.0.3" },
	{ "fails.test", V6_FIRST, false, FAIL_TEMP, { 4, 4, 3 }, "" },
	{ "half.test", V6_FIRST, false, FAIL_NONE, { 0 }, "b.test 9.0.0.3" },
	{ "gone-only.test", V6_FIRST, false, FAIL_PERM, { 5, 4, 4 }, "" },
	{ "fails-only.test", V6_FIRST, false, FAIL_TEMP, { 4, 4, 3 }, "" },
	{ "fails-half.test", V6_FIRST, false, FAIL_NONE, { 0 }, "b.test 9.0.0.3" },
	{ "private.test", V6_FIRST, false, FAIL_PERM, { 5, 7, 1 }, "" },
	{ "private.test", V6_FIRST, true, FAIL_NONE, { 0 }, "inside.test 10.0.0.1 127.0.0.1" },
	{ "private-half.test", V6_FIRST, false, FAIL_NONE, { 0 }, "inside-half.test 9.0.0.9" },
	{ "localhost", V6_FIRST, false, FAIL_PERM, { 5, 7, 1 }, "" },
	{ "own.test", SMTPC_ONLY_IPV4, false, FAIL_NONE, { 0 }, "a.test 9.0.0.1 9.0.0.2" },
	{ "own-best.test", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
	{ "own-address.test", SMTPC_ONLY_IPV6, false, FAIL_NONE, { 0 }, "a.test 2600::1" },
	{ "own-address-best.test", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
	{ "own-implicit.test", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
	{ "ME.test", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
	{ "secure.test", SMTPC_ONLY_IPV4, false, FAIL_NONE, { 0 },
	    "safe.test! 9.0.2.1, a.test 9.0.0.1 9.0.0.2" },
	{ "secure.test", V6_FIRST, false, FAIL_NONE, { 0 },
	    "safe.test! 2600::5 9.0.2.1, a.test 2600::1 9.0.0.1 9.0.0.2" },
	{ "half-secure.test", SMTPC_ONLY_IPV4, false, FAIL_NONE, { 0 }, "safe.test 9.0.2.1" },
	{ "secure-implicit.test", V6_FIRST, false, FAIL_NONE, { 0 },
	    "secure-implicit.test! 9.0.2.2" },
	{ "\xc3\xa4.test", V6_FIRST, false, FAIL_NONE, { 0 }, "b.test 9.0.0.3" },
	{ "\xc3\x84.TEST", V6_FIRST, false, FAIL_NONE, { 0 }, "b.test 9.0.0.3" },
	{ "crowd.test", V6_FIRST, false, FAIL_NONE, { 0 },
	    "crowd.test 9.0.3.1 9.0.3.2 9.0.3.3 9.0.3.4 9.0.3.5 9.0.3.6 9.0.3.7 9.0.3.8" },
	{ "a..test", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "a b.test", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "[9.0.0.7]", V6_FIRST, false, FAIL_NONE, { 0 }, "9.0.0.7 9.0.0.7" },
	{ "[IPv6:2600::7]", V6_FIRST, false, FAIL_NONE, { 0 }, "2600::7 2600::7" },
	{ "[2600::7]", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "[9.0.0.7", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "[X:y]", V6_FIRST, false, FAIL_PERM, { 5, 1, 2 }, "" },
	{ "[9.0.0.7]", SMTPC_ONLY_IPV6, false, FAIL_PERM, { 5, 7, 1 }, "" },
	{ "[10.0.0.1]", V6_FIRST, false, FAIL_PERM, { 5, 7, 1 }, "" },
	{ "[10.0.0.1]", V6_FIRST, true, FAIL_NONE, { 0 }, "10.0.0.1 10.0.0.1" },
	{ "[9.9.9.9]", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
	{ "[IPv6:2600::9]", V6_FIRST, false, FAIL_PERM, { 5, 3, 5 }, "" },
};

static struct net_address own_addresses[2];
static const struct mx_own own = { STR_INIT("me.test"), own_addresses, 2 };

static enum step
asker_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
wait_for(struct mx_query *q)
{
	for (int i = 0; i < 2000 && op_pending(&q->op); i++)
		loop_turn(&loop, 5);
	CHECK(!op_pending(&q->op));
}

static void
ask(struct mx_query *q, const char *domain)
{
	mx_query_start(q, &loop, &dns, &settings, &own, &asker, str_c(domain));
	wait_for(q);
}

static void
write_hosts(const struct mx_query *q, struct buf *out)
{
	char text[NET_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < q->host_count; i++) {
		buf_add(out, i > 0 ? STR(", ") : STR(""));
		buf_add(out, q->hosts[i].name);
		buf_add(out, q->hosts[i].is_secure ? STR("!") : STR(""));
		for (size_t a = 0; a < q->hosts[i].address_count; a++) {
			buf_add_char(out, ' ');
			buf_add(out, net_address_text(&q->hosts[i].addresses[a], text));
			CHECK_NUM(q->hosts[i].addresses[a].port, 2525);
		}
	}
}

static void
test_rows(void)
{
	struct mx_query q = { 0 };
	struct buf hosts = { .max = 2000 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].domain);
		settings.families = (int)rows[i].families;
		settings.allow_private = rows[i].allow_private;
		ask(&q, rows[i].domain);
		CHECK_NUM(q.op.fail, rows[i].want);
		CHECK_NUM(q.status.kind, rows[i].status.kind);
		CHECK_NUM(q.status.subject, rows[i].status.subject);
		CHECK_NUM(q.status.detail, rows[i].status.detail);
		CHECK((q.why == NULL) == (rows[i].want == FAIL_NONE));
		CHECK_NUM(q.is_implicit,
		    strstr(rows[i].domain, "implicit") != NULL ||
			strcmp(rows[i].domain, "nothing.test") == 0 ||
			strcmp(rows[i].domain, "crowd.test") == 0 ||
			strcmp(rows[i].domain, "ME.test") == 0 ||
			strcmp(rows[i].domain, "localhost") == 0);
		buf_clear(&hosts);
		write_hosts(&q, &hosts);
		CHECK_STR(buf_str(&hosts), str_c(rows[i].hosts));
	}
	settings.families = V6_FIRST;
	settings.allow_private = false;
	mx_query_release(&q);
	mx_query_release(&q);
	buf_release(&hosts);
}

/* Those of one preference come in each order, and never behind a worse one. */
static void
test_equal(void)
{
	struct mx_query q = { 0 };
	unsigned first = 0;

	TEST_ROW("equal ones are shuffled");
	for (int i = 0; i < 100; i++) {
		ask(&q, "equal.test");
		CHECK_NUM(q.host_count, 4);
		CHECK_STR(q.hosts[3].name, STR("b.test"));
		first |= 1u << (q.hosts[0].name.p[1] - '1');
	}
	CHECK_NUM(first, 7);
	TEST_ROW("the best ten of many");
	ask(&q, "many.test");
	CHECK_NUM(q.host_count, MX_HOSTS_MAX);
	CHECK_STR(q.hosts[0].name, STR("b.test"));
	CHECK_NUM(q.hosts[0].preference, 10);
	CHECK_STR(q.hosts[1].name, STR("m14.many.test"));
	CHECK_NUM(q.hosts[9].preference, 94);
	mx_query_release(&q);
}

/* A host that the owner named: what is wrong with it is not the recipient's fault. */
static const struct {
	const char *host;
	enum fail want;
	struct status status;
	const char *why;
} host_rows[] = {
	{ "safe.test", FAIL_NONE, { 0 }, NULL },
	{ "inside.test", FAIL_NONE, { 0 }, NULL },
	{ "me.test", FAIL_NONE, { 0 }, NULL },
	{ "missing.test", FAIL_MISSING, { 5, 3, 5 },
	    "the route's host does not exist, or has no address" },
	{ "nothing.test", FAIL_MISSING, { 5, 3, 5 },
	    "the route's host does not exist, or has no address" },
	{ "fails-a.test", FAIL_TEMP, { 4, 4, 3 },
	    "the address of the route's host cannot be looked up" },
	{ "a..b", FAIL_PERM, { 5, 3, 5 }, "the route's host is not the name of one" },
};

static void
test_hosts(void)
{
	struct mx_query q = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(host_rows); i++) {
		TEST_ROW(host_rows[i].host);
		mx_host_start(&q, &loop, &dns, &settings, &asker, str_c(host_rows[i].host), 25);
		wait_for(&q);
		CHECK_NUM(q.op.fail, host_rows[i].want);
		CHECK_NUM(q.status.kind, host_rows[i].status.kind);
		CHECK_NUM(q.status.subject, host_rows[i].status.subject);
		CHECK_NUM(q.status.detail, host_rows[i].status.detail);
		CHECK_STR(str_c(q.why), str_c(host_rows[i].why));
	}
	mx_query_release(&q);
}

static void
test_cancel(void)
{
	struct mx_query q = { 0 };

	TEST_ROW("cancelled while asking");
	names.is_silent = true;
	mx_query_start(&q, &loop, &dns, &settings, &own, &asker, STR("slow.test"));
	CHECK(op_pending(&q.op));
	loop_turn(&loop, 1);
	mx_query_cancel(&q);
	CHECK(!op_pending(&q.op));
	mx_query_cancel(&q);
	mx_query_release(&q);
	TEST_ROW("while asking for addresses");
	names.is_silent = false;
	names.questions = 0;
	mx_query_start(&q, &loop, &dns, &settings, &own, &asker, STR("slow-hosts.test"));
	while (names.questions == 0)
		loop_turn(&loop, 1);
	names.is_silent = true;
	while (names.questions == 1)
		loop_turn(&loop, 1);
	CHECK(op_pending(&q.op));
	mx_query_release(&q);
	TEST_ROW("nobody answers");
	ask(&q, "slower.test");
	CHECK_NUM(q.op.fail, FAIL_TEMP);
	CHECK_NUM(q.status.kind, 4);
	mx_query_release(&q);
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

int
main(void)
{
	struct buf why = { .max = 1000 };
	char list[64];
	int fd;

	log_capture(quiet, NULL);
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	loop_task(&loop, &asker, asker_step, NULL);
	names_start();
	dns_settings = dns_settings_default;
	snprintf(list, sizeof list, "127.0.0.1:%u", names.address.port);
	dns_settings.servers = str_c(list);
	dns_settings.timeout_ms = 100;
	dns_settings.tries = 1;
	settings = smtpc_settings_default;
	settings.port = 2525;
	invariant(dns_init(&dns, &loop, &net, &dns_settings, &why) == FAIL_NONE);
	invariant(net_address_parse(STR("9.9.9.9"), &own_addresses[0]) == FAIL_NONE);
	invariant(net_address_parse(STR("2600::9"), &own_addresses[1]) == FAIL_NONE);
	own_addresses[0].port = 25;
	test_rows();
	test_equal();
	test_hosts();
	test_cancel();
	dns_release(&dns);
	fd = names.watch.fd;
	watch_stop(&loop, &names.watch);
	close(fd);
	task_cancel(&names.task);
	loop_turn(&loop, 0);
	net_release(&net);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
