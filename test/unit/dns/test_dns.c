/* The resolver against a server of ours on loopback, which behaves as the name asks it to. */

/* system */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/dns.h"
#include "dns/name.h"
#include "dns/packet.h"

static struct loop loop;
static struct net net;
static struct dns dns;
static struct dns_settings settings;

/* --- the server ----------------------------------------------------------------------------- */

static struct {
	struct task task;
	struct watch watch;
	struct listener tcp;
	struct net_address address;
	int questions, tcp_questions, ports[8];
} server;

static struct str
question_name(struct str packet, struct buf *out)
{
	size_t at = 12;

	buf_clear(out);
	while (at < packet.n && packet.p[at] != 0) {
		size_t n = (size_t)packet.p[at];

		if (out->n > 0)
			buf_add_char(out, '.');
		buf_add(out, str_slice(packet, at + 1, n));
		at += n + 1;
	}
	return buf_str(out);
}

static void
add_header(struct buf *out, struct str packet, unsigned flags, unsigned answers)
{
	size_t at = 12;

	buf_add(out, str_head(packet, 2));
	buf_add_char(out, (char)(flags >> 8));
	buf_add_char(out, (char)flags);
	buf_add(out, str_of("\0\1\0", 3));
	buf_add_char(out, (char)answers);
	buf_add(out, str_of("\0\0\0\0", 4));
	while (packet.p[at] != 0)
		at += (size_t)packet.p[at] + 1;
	buf_add(out, str_slice(packet, 12, at + 5 - 12));
}

/* An A record for the question's name; 192.0.2.N. */
static void
add_a(struct buf *out, unsigned ttl_s, unsigned last)
{
	buf_add(out, str_of("\xc0\x0c\0\1\0\1\0\0", 8));
	buf_add_char(out, (char)(ttl_s >> 8));
	buf_add_char(out, (char)ttl_s);
	buf_add(out, str_of("\0\4\xc0\0\2", 5));
	buf_add_char(out, (char)last);
}

static void
add_cname(struct buf *out, const char *label)
{
	buf_add(out, str_of("\xc0\x0c\0\5\0\1\0\0\0\x64\0", 11));
	buf_add_char(out, (char)(strlen(label) + 2));
	buf_add_char(out, (char)strlen(label));
	buf_add_c(out, label);
	buf_add_char(out, '\0');
}

/* So many MX records, whose exchanger is the question's name: 16 bytes each. */
static void
add_many(struct buf *out, unsigned count)
{
	while (count-- > 0)
		buf_add(out, str_of("\xc0\x0c\0\x0f\0\1\0\0\0\x64\0\4\0\1\xc0\x0c", 16));
}

/* What is sent back; nothing when out stays empty. */
static void
behave(struct str packet, bool is_tcp, struct buf *out)
{
	struct buf text = { .max = 1000 };
	struct str name = question_name(packet, &text);
	bool has_edns = packet.p[11] == 1;

	server.questions++;
	server.tcp_questions += is_tcp;
	if (str_starts(name, STR("good"))) {
		add_header(out, packet, 0x8180, 1);
		add_a(out, 100, is_tcp ? 2 : 1);
	} else if (str_eq(name, STR("secure"))) {
		add_header(out, packet, 0x81a0, 1);
		add_a(out, 100, 1);
	} else if (str_eq(name, STR("cut")) || str_eq(name, STR("hangs"))) {
		add_header(out, packet, is_tcp ? 0x8180 : 0x8380, is_tcp);
		if (is_tcp)
			add_a(out, 100, 2);
	} else if (str_starts(name, STR("large")) || str_starts(name, STR("huge"))) {
		unsigned count = str_starts(name, STR("large")) ? 20 : 40;

		add_header(out, packet, 0x8180, count);
		add_many(out, count);
	} else if (str_eq(name, STR("missing"))) {
		add_header(out, packet, 0x8183, 0);
	} else if (str_eq(name, STR("empty"))) {
		add_header(out, packet, 0x8180, 0);
	} else if (str_eq(name, STR("fails"))) {
		add_header(out, packet, 0x8182, 0);
	} else if (str_eq(name, STR("old")) && has_edns) {
		add_header(out, packet, 0x8181, 0);
	} else if (str_eq(name, STR("old"))) {
		add_header(out, packet, 0x8180, 1);
		add_a(out, 100, 3);
	} else if (str_eq(name, STR("alias"))) {
		add_header(out, packet, 0x81a0, 1);
		add_cname(out, "good");
	} else if (str_eq(name, STR("ring"))) {
		add_header(out, packet, 0x8180, 1);
		add_cname(out, "ring2");
	} else if (str_eq(name, STR("ring2"))) {
		add_header(out, packet, 0x8180, 1);
		add_cname(out, "ring");
	} else if (str_eq(name, STR("slow")) && server.questions > 1) {
		add_header(out, packet, 0x8180, 1);
		add_a(out, 100, 4);
	}
	buf_release(&text);
}

/* Forgeries before the real answer: another id, another name, garbage. */
static void
forge(struct str packet, const struct sockaddr_storage *to, socklen_t n)
{
	struct buf out = { .max = 1000 };
	char copy[512];

	memcpy(copy, packet.p, packet.n);
	copy[0] = (char)(copy[0] ^ 1);
	add_header(&out, str_of(copy, packet.n), 0x8180, 1);
	add_a(&out, 100, 66);
	sendto(server.watch.fd, out.p, out.n, 0, (const struct sockaddr *)to, n);
	copy[0] = (char)(copy[0] ^ 1);
	copy[13] = 'G';
	copy[14] = 'O';
	copy[15] = 'D';
	buf_clear(&out);
	add_header(&out, str_of(copy, packet.n), 0x8180, 1);
	add_a(&out, 100, 66);
	sendto(server.watch.fd, out.p, out.n, 0, (const struct sockaddr *)to, n);
	sendto(server.watch.fd, copy, 7, 0, (const struct sockaddr *)to, n);
	buf_release(&out);
}

static enum step
server_step(struct task *t)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char p[512];
	ssize_t got;

	(void)t;
	while (
	    (got = recvfrom(server.watch.fd, p, sizeof p, 0, (struct sockaddr *)&from, &n)) >= 12) {
		struct buf out = { .max = 1000 }, text = { .max = 1000 };
		struct net_address address;
		struct str packet = str_of(p, (size_t)got);

		net_address_from_system(&from, &address);
		server.ports[server.questions & 7] = address.port;
		if (str_starts(question_name(packet, &text), STR("good-forged")))
			forge(packet, &from, n);
		behave(packet, false, &out);
		if (out.n > 0)
			sendto(server.watch.fd, out.p, out.n, 0, (struct sockaddr *)&from, n);
		buf_release(&out);
		buf_release(&text);
	}
	return STEP_WAIT;
}

/* The same over TCP, the answer in two pieces. */
struct tcp_session {
	struct task task;
	struct conn *conn;
};

static enum step
tcp_step(struct task *t)
{
	struct tcp_session *s = container_of(t, struct tcp_session, task);
	struct str packet = conn_peek(s->conn);
	struct buf out = { .max = 1000 }, text = { .max = 1000 };

	if (conn_closed(s->conn))
		return STEP_CLOSE;
	if (packet.n < 3)
		return STEP_WAIT;
	if (str_eq(question_name(str_from(packet, 2), &text), STR("hangs"))) {
		buf_release(&text);
		return STEP_CLOSE;
	}
	behave(str_from(packet, 2), true, &out);
	buf_add_char(conn_out(s->conn), (char)(out.n >> 8));
	buf_add_char(conn_out(s->conn), (char)out.n);
	buf_add(conn_out(s->conn), buf_str(&out));
	conn_skip(s->conn, packet.n);
	buf_release(&out);
	buf_release(&text);
	return STEP_WAIT;
}

static void
tcp_reap(struct task *t)
{
	struct tcp_session *s = container_of(t, struct tcp_session, task);

	conn_free(&s->conn);
	mem_free(s);
}

static void
tcp_accept(struct service *self, struct listener *l, struct conn *c)
{
	struct tcp_session *s = mem_new(1, sizeof *s);

	(void)self;
	(void)l;
	loop_task(&loop, &s->task, tcp_step, tcp_reap);
	s->conn = c;
	conn_attach(c, &s->task);
}

static struct service tcp_service = { .name = "dns", .accept = tcp_accept };

static void
server_start(void)
{
	struct sockaddr_storage storage;
	socklen_t n;
	struct buf why = { .max = 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	server.tcp.service = &tcp_service;
	invariant(listener_start(&net, &server.tcp, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	server.address = server.tcp.address;
	n = net_address_to_system(&server.address, &storage);
	invariant(bind(fd, (struct sockaddr *)&storage, n) == 0);
	loop_task(&loop, &server.task, server_step, NULL);
	invariant(watch_start(&loop, &server.watch, fd, &server.task) == FAIL_NONE);
	buf_release(&why);
}

static void
server_stop(void)
{
	int fd = server.watch.fd;

	listener_stop(&server.tcp);
	watch_stop(&loop, &server.watch);
	close(fd);
	task_cancel(&server.task);
}

/* --- asking --------------------------------------------------------------------------------- */

static enum step
asker_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static struct task asker;

static void
wait_for(struct dns_query *q)
{
	for (int i = 0; i < 2000 && op_pending(&q->op); i++)
		loop_turn(&loop, 5);
	CHECK(!op_pending(&q->op));
}

static void
ask(struct dns_query *q, const char *name)
{
	server.questions = server.tcp_questions = 0;
	dns_query_start(&dns, q, &asker, str_c(name), DNS_A);
	wait_for(q);
}

static const struct {
	const char *name;
	enum fail want;
	int last; /* of 192.0.2.x */
	int questions, tcp_questions;
	bool is_secure, is_name_missing;
	const char *canonical;
} rows[] = {
	{ "good", FAIL_NONE, 1, 1, 0, false, false, "good" },
	{ "good", FAIL_NONE, 1, 0, 0, false, false, "good" }, /* from the cache */
	{ "GOOD.", FAIL_NONE, 1, 0, 0, false, false, "good" },
	{ "good-forged", FAIL_NONE, 1, 1, 0, false, false, "good-forged" },
	{ "secure", FAIL_NONE, 1, 1, 0, true, false, "secure" },
	{ "cut", FAIL_NONE, 2, 2, 1, false, false, "cut" },
	{ "old", FAIL_NONE, 3, 2, 0, false, false, "old" },
	{ "alias", FAIL_NONE, 1, 2, 0, false, false, "good" },
	{ "slow", FAIL_NONE, 4, 2, 0, false, false, "slow" },
	{ "missing", FAIL_MISSING, 0, 1, 0, false, true, "missing" },
	{ "missing", FAIL_MISSING, 0, 0, 0, false, true, "missing" },
	{ "empty", FAIL_MISSING, 0, 1, 0, false, false, "empty" },
	{ "fails", FAIL_TEMP, 0, 2, 0, false, false, "" },
	{ "fails", FAIL_TEMP, 0, 2, 0, false, false, "" }, /* not cached */
	{ "silent", FAIL_TEMP, 0, 2, 0, false, false, "" },
	{ "hangs", FAIL_TEMP, 0, 2, 0, false, false, "" },
	{ "ring", FAIL_MISSING, 0, 9, 0, false, false, "ring2" },
	{ "a..b", FAIL_SYNTAX, 0, 0, 0, false, false, "" },
	{ "localhost", FAIL_NONE, -1, 0, 0, true, false, "localhost" },
};

static void
test_rows(void)
{
	struct dns_query q = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		ask(&q, rows[i].name);
		CHECK_NUM(q.op.fail, rows[i].want);
		CHECK_NUM(server.questions, rows[i].questions);
		CHECK_NUM(server.tcp_questions, rows[i].tcp_questions);
		CHECK(q.is_secure == rows[i].is_secure);
		CHECK(q.is_name_missing == rows[i].is_name_missing);
		CHECK_STR(q.canonical, str_c(rows[i].canonical));
		if (rows[i].want == FAIL_NONE && rows[i].last > 0)
			CHECK_NUM(q.records[0].address.bytes[3], rows[i].last);
		dns_query_release(&q);
	}
}

static void
test_shared(void)
{
	struct dns_query q[50] = { 0 };

	TEST_ROW("the same question is asked once");
	server.questions = 0;
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		dns_query_start(&dns, &q[i], &asker, STR("good-shared"), DNS_A);
	dns_query_cancel(&q[7]);
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		if (i == 7)
			continue;
		wait_for(&q[i]);
		CHECK(q[i].op.fail == FAIL_NONE && q[i].record_count == 1);
	}
	CHECK_NUM(server.questions, 1);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		dns_query_release(&q[i]);
	TEST_ROW("cancelled, and answered into the cache");
	dns_query_start(&dns, &q[0], &asker, STR("good-cancel"), DNS_A);
	dns_query_cancel(&q[0]);
	dns_query_cancel(&q[0]);
	for (int i = 0; i < 10; i++)
		loop_turn(&loop, 5);
	ask(&q[0], "good-cancel");
	CHECK_NUM(server.questions, 0);
	dns_query_release(&q[0]);
}

static void
test_many(void)
{
	static struct dns_query q[600];
	char name[32];

	TEST_ROW("many at once");
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		snprintf(name, sizeof name, "good%zu.many", i);
		dns_query_start(&dns, &q[i], &asker, str_c(name), DNS_A);
	}
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		wait_for(&q[i]);
		CHECK(q[i].op.fail == FAIL_NONE);
	}
	CHECK_NUM(dns.turns.running, 0);
	CHECK(dns.entries.count <= (size_t)settings.cache_entries);
	/* the records of entries that left the cache are still held */
	CHECK_NUM(q[0].records[0].address.bytes[3], 1);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		dns_query_release(&q[i]);
	TEST_ROW("source ports differ");
	CHECK(server.ports[1] != server.ports[2] || server.ports[2] != server.ports[3]);
}

/* Names that nobody answers, of many who ask, and one who asks for something else. */
#define MUTE_ASKERS 300
#define MUTE_EACH   5

static struct task mute_askers[MUTE_ASKERS];
static struct dns_query mute[MUTE_ASKERS][MUTE_EACH];

static void
ask_mute(const char *kind)
{
	char name[48];

	for (size_t i = 0; i < MUTE_ASKERS; i++)
		for (size_t k = 0; k < MUTE_EACH; k++) {
			snprintf(name, sizeof name, "%s%zu.%zu", kind, i, k);
			loop_task(&loop, &mute_askers[i], asker_step, NULL);
			dns_query_start(&dns, &mute[i][k], &mute_askers[i], str_c(name), DNS_A);
		}
}

static size_t
mute_pending(void)
{
	size_t n = 0;

	for (size_t i = 0; i < MUTE_ASKERS; i++)
		for (size_t k = 0; k < MUTE_EACH; k++)
			n += op_pending(&mute[i][k].op);
	return n;
}

static void
mute_release(void)
{
	for (size_t i = 0; i < MUTE_ASKERS; i++) {
		for (size_t k = 0; k < MUTE_EACH; k++)
			dns_query_release(&mute[i][k]);
		task_cancel(&mute_askers[i]);
	}
}

/* The loop turns, and time passes. */
static void
pass(int64_t ms)
{
	for (int i = 0; i < 4; i++)
		loop_turn(&loop, 0);
	clock_fake(clock_mono_ms() + ms, clock_wall_ms());
}

static void
test_turns(void)
{
	static const char *const names[] = { "good-1.turn", "good-2.turn", "good-3.turn" };
	static struct dns_query good[ARRAY_LEN(names)];
	int64_t waited = 0;

	settings.timeout_ms = 5000;
	TEST_ROW("who asks for what nobody answers keeps nobody waiting");
	ask_mute("silent");
	CHECK_NUM(dns.turns.running, TURN_PLACES);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		dns_query_start(&dns, &good[i], &asker, str_c(names[i]), DNS_A);
		for (; waited < 60000 && op_pending(&good[i].op); waited += 100)
			pass(100);
		CHECK_NUM(good[i].op.fail, FAIL_NONE);
	}
	CHECK(waited <= settings.timeout_ms + 2000);
	CHECK_NUM(mute_pending(), MUTE_ASKERS * MUTE_EACH);
	TEST_ROW("all of them come to an end");
	for (; waited < 60000 && mute_pending() > 0; waited += 100)
		pass(100);
	CHECK(mute_pending() == 0);
	CHECK(mute[MUTE_ASKERS - 1][MUTE_EACH - 1].op.fail == FAIL_TEMP);
	CHECK(waited <= 20000 + settings.tries * settings.timeout_ms);
	settings.timeout_ms = 100;
	mute_release();
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		dns_query_release(&good[i]);
	pass(0);
	CHECK_NUM(dns.turns.running, 0);
	CHECK_NUM(dns.turns.waiting, 0);
	CHECK_NUM(dns.turns.askers.count, 0);
}

/* What nobody wants to know any more is not asked. */
static void
test_left(void)
{
	TEST_ROW("who leaves leaves nothing waiting");
	ask_mute("silent-left");
	mute_release();
	CHECK_NUM(dns.turns.waiting, 0);
	CHECK_NUM(dns.turns.running, TURN_PLACES);
	server.questions = 0;
	for (int64_t waited = 0; waited <= settings.timeout_ms; waited += 100)
		pass(100);
	CHECK_NUM(dns.turns.running, 0);
	CHECK_NUM(dns.turns.askers.count, 0);
	CHECK_NUM(server.questions, TURN_PLACES);
}

#define CACHE_KB 16384 /* of dns.c */

/* Names that take four bytes for each one of the packet, and two there for each that follows. */
static void
ask_large(struct dns_query *q, const char *label, size_t n)
{
	struct buf name = { .max = DNS_NAME_MAX };

	buf_add_c(&name, label);
	buf_add_u64(&name, n);
	for (int i = 0; i < 220; i++)
		buf_add_c(&name, i % 55 == 0 ? "." : "\\001");
	dns_query_start(&dns, q, &asker, buf_str(&name), DNS_MX);
	wait_for(q);
	buf_release(&name);
}

static void
test_large(void)
{
	struct dns_query q = { 0 };

	settings.cache_entries = 100000;
	TEST_ROW("large answers");
	for (size_t i = 0; i < 1200; i++) {
		ask_large(&q, "large", i);
		CHECK_NUM(q.op.fail, FAIL_NONE);
		CHECK_NUM(q.record_count, 20);
		CHECK(q.records[19].name.n > 800);
	}
	CHECK(dns.finished_bytes > CACHE_KB * 512);
	CHECK(dns.finished_bytes <= CACHE_KB * 1024);
	TEST_ROW("a huge one");
	ask_large(&q, "huge", 0);
	CHECK_NUM(q.op.fail, FAIL_TEMP);
	dns_query_release(&q);
	settings.cache_entries = 100;
}

static void
test_expiry(void)
{
	struct dns_query q = { 0 };

	TEST_ROW("expiry");
	ask(&q, "good-old");
	clock_fake(clock_mono_ms() + 99 * 1000, clock_wall_ms());
	ask(&q, "good-old");
	CHECK_NUM(server.questions, 0);
	clock_fake(clock_mono_ms() + 1000, clock_wall_ms());
	ask(&q, "good-old");
	CHECK_NUM(server.questions, 1);
	dns_query_release(&q);
}

static void
test_resolv_conf(void)
{
	struct dns_settings own = settings;
	struct dns other;
	struct buf why = { .max = 1000 };
	char path[256];
	FILE *f;
	struct dns_query q = { 0 };

	TEST_ROW("no server named: this machine");
	snprintf(path, sizeof path, "%s/resolv.conf", test_folder());
	own.servers = (struct str){ 0 };
	own.resolv_conf = str_c(path);
	own.tries = 1;
	CHECK(dns_init(&other, &loop, &net, &own, &why) == FAIL_NONE);
	dns_query_start(&other, &q, &asker, STR("x.test"), DNS_A);
	CHECK(other.server_count == 1 && other.servers[0].address.port == 53);
	dns_query_release(&q);
	f = fopen(path, "w");
	fputs("nameserver 192.0.2.3\nnameserver 192.0.2.4\n", f);
	fclose(f);
	TEST_ROW("read again");
	clock_fake(clock_mono_ms() + 20000, clock_wall_ms());
	dns_query_start(&other, &q, &asker, STR("y.test"), DNS_A);
	CHECK_NUM(other.server_count, 2);
	dns_query_release(&q);
	dns_release(&other);
	TEST_ROW("bad setting");
	own.servers = STR("127.0.0.1 dns.test");
	CHECK_NUM(dns_init(&other, &loop, &net, &own, &why), FAIL_SYNTAX);
	CHECK_STR(buf_str(&why), STR("[dns] servers: not an address, or one too many: dns.test\n"));
	dns_release(&other);
	buf_clear(&why);
	CHECK_NUM(dns_settings_check(&own, &why), FAIL_SYNTAX);
	TEST_ROW("a resolv-conf that is not there");
	buf_clear(&why);
	own.servers = STR("");
	own.resolv_conf = STR("/nonexistent/resolv.conf");
	CHECK_NUM(dns_settings_check(&own, &why), FAIL_MISSING);
	CHECK_STR(buf_str(&why),
	    STR("[dns] resolv-conf: /nonexistent/resolv.conf: No such file or directory\n"));
	own.servers = STR("127.0.0.1"); /* then nobody reads it */
	CHECK_NUM(dns_settings_check(&own, &why), FAIL_NONE);
	buf_release(&why);
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

	log_capture(quiet, NULL);
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	loop_task(&loop, &asker, asker_step, NULL);
	server_start();
	settings = dns_settings_default;
	snprintf(list, sizeof list, "127.0.0.1:%u", server.address.port);
	settings.servers = str_c(list);
	settings.timeout_ms = 100;
	settings.tries = 2;
	settings.cache_entries = 100;
	CHECK(dns_init(&dns, &loop, &net, &settings, &why) == FAIL_NONE);
	test_rows();
	test_shared();
	test_many();
	test_turns();
	test_left();
	test_large();
	test_expiry();
	test_resolv_conf();
	TEST_ROW("released while asking");
	struct dns_query q = { 0 };

	dns_query_start(&dns, &q, &asker, STR("silent"), DNS_A);
	loop_turn(&loop, 0);
	dns_query_release(&q);
	dns_release(&dns);
	loop_turn(&loop, 0);
	server_stop();
	net_release(&net);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
