/* Listeners behind a proxy, on loopback: who the client is, and who is closed without a session. */

/* system */
#include <errno.h>
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
#include "sys/sys.h"

/* rooms */
#include "net/net.h"

static struct loop loop;
static struct net net;
static struct net_settings settings;
static char logged[4000]; /* the lines since it was emptied */

/* The last session: it keeps what comes, and is over when its peer closes. */
static struct {
	struct service service;
	struct task task;
	struct conn *conn;
	struct buf got;
	int accepted;
} sink;

static enum step
sink_step(struct task *t)
{
	struct str s;

	(void)t;
	while (!str_empty(s = conn_take(sink.conn, 1000)))
		buf_add(&sink.got, s);
	return conn_closed(sink.conn) ? STEP_CLOSE : STEP_WAIT;
}

static void
sink_reap(struct task *t)
{
	(void)t;
	conn_free(&sink.conn);
}

static void
sink_accept(struct service *service, struct listener *l, struct conn *c)
{
	(void)service;
	CHECK(conn_listener(c) == l && sink.conn == NULL);
	loop_task(&loop, &sink.task, sink_step, sink_reap);
	sink.conn = c;
	sink.accepted++;
	buf_clear(&sink.got);
	buf_add_c(conn_out(c), "hello\r\n");
	conn_attach(c, &sink.task);
}

static void
keep_log(struct str line, void *arg)
{
	size_t n = strlen(logged);

	(void)arg;
	snprintf(logged + n, sizeof logged - n, "%.*s\n", STR_ARG(line));
}

static void
turns(int n)
{
	for (int i = 0; i < n; i++)
		loop_turn(&loop, 5);
}

static int
client(const struct listener *l)
{
	struct sockaddr_storage to;
	socklen_t n = net_address_to_system(&l->address, &to);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	invariant(connect(fd, (struct sockaddr *)&to, n) == 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
say(int fd, const char *text)
{
	CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	turns(3);
}

/* What is there now; "(end)" when the server closed. */
static struct str
hear(int fd)
{
	static char p[1000];
	ssize_t got = recv(fd, p, sizeof p, 0);

	if (got == 0 || (got < 0 && errno != EAGAIN))
		return STR("(end)");
	return str_of(p, got > 0 ? (size_t)got : 0);
}

static void
hang_up(int fd)
{
	close(fd);
	turns(4);
	CHECK(sink.conn == NULL);
	CHECK_NUM(net.count, 0);
	CHECK_NUM(net.sites.count, 0);
	CHECK(list_empty(&net.proxied) && list_empty(&net.conns));
}

static void
start(struct listener *l, const char *proxies)
{
	struct buf why = { .max = 1000 };

	*l = (struct listener){ .service = &sink.service,
		.name = STR("test"),
		.proxies = str_c(proxies) };
	CHECK(listener_start(&net, l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	buf_release(&why);
	net.refused = net.unproxied = (struct net_tally){ 0 };
	logged[0] = '\0';
}

static const struct {
	const char *name, *header;
	const char *peer, *local; /* "" for our own end */
	uint16_t peer_port;       /* 0: the socket's */
	bool is_loopback;
} rows[] = {
	{ "relayed", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n", "192.0.2.7", "198.51.100.1",
	    56324, false },
	{ "relayed, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 56324 25\r\n", "2001:db8::7",
	    "2001:db8::1", 56324, false },
	{ "relayed for a program of this host", "PROXY TCP4 127.0.0.9 127.0.0.1 5 6\r\n",
	    "127.0.0.9", "127.0.0.1", 5, true },
	{ "not relayed", "PROXY UNKNOWN\r\n", "127.0.0.1", "127.0.0.1", 0, true },
};

/* A header, whole and in two pieces, and bytes of the client behind it. */
static void
test_rows(void)
{
	struct listener l;

	start(&l, "10.0.0.0/8 127.0.0.0/8");
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		int fd = client(&l);
		size_t row = i / 2, half = i % 2 ? strlen(rows[row].header) / 2 : 0;
		char text[200];

		TEST_ROW(rows[row].name);
		turns(3);
		CHECK_STR(hear(fd), STR("")); /* nothing is said before the header has come */
		CHECK_NUM(net.count, 1);
		CHECK(send(fd, rows[row].header, half, 0) == (ssize_t)half);
		turns(3);
		CHECK(sink.conn == NULL);
		snprintf(text, sizeof text, "%sMore\r\n", rows[row].header + half);
		say(fd, text);
		CHECK_STR(hear(fd), STR("hello\r\n"));
		if (CHECK(sink.conn != NULL)) {
			CHECK_STR(buf_str(&sink.got), STR("More\r\n"));
			CHECK_STR(conn_peer(sink.conn), str_c(rows[row].peer));
			CHECK_STR(conn_local(sink.conn), str_c(rows[row].local));
			if (rows[row].peer_port)
				CHECK_NUM(conn_peer_port(sink.conn), rows[row].peer_port);
			CHECK(conn_is_loopback(sink.conn) == rows[row].is_loopback);
			CHECK_NUM(net.sites.count, 1);
			CHECK(!conn_expired(sink.conn));
			say(fd, "and more\r\n");
			CHECK_STR(buf_str(&sink.got), STR("More\r\nand more\r\n"));
		}
		hang_up(fd);
	}
	CHECK_STR(str_c(logged), STR(""));
	listener_stop(&l);
}

/* The proxy of the next connections is not of this host. */
static int
accept_from_afar(int fd, struct sockaddr *peer, socklen_t *n, int flags)
{
	struct net_address far = { .family = NET_ADDRESS_IPV4, .bytes = { 192, 0, 2, 1 } };
	struct sockaddr_storage storage;
	int got = accept4(fd, NULL, NULL, flags);

	*n = net_address_to_system(&far, &storage);
	memcpy(peer, &storage, *n);
	return got;
}

static void
test_afar(void)
{
	static const char unix_header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8";
	char p[16 + 216] = { 0 };
	struct listener l;
	int fd;

	start(&l, "192.0.2.1");
	sys.accept4 = accept_from_afar;
	TEST_ROW("loopback of another host is that host");
	fd = client(&l);
	say(fd, "PROXY TCP4 127.0.0.1 127.0.0.1 5 6\r\n");
	if (CHECK(sink.conn != NULL)) {
		CHECK_STR(conn_peer(sink.conn), STR("192.0.2.1"));
		CHECK(!conn_is_loopback(sink.conn));
	}
	hang_up(fd);
	TEST_ROW("and so is a unix socket there");
	fd = client(&l);
	memcpy(p, unix_header, 16);
	CHECK(send(fd, p, sizeof p, 0) == sizeof p);
	turns(3);
	if (CHECK(sink.conn != NULL))
		CHECK_STR(conn_peer(sink.conn), STR("192.0.2.1"));
	hang_up(fd);
	sys_restore();
	TEST_ROW("from another network the header is garbage");
	fd = client(&l);
	turns(3);
	CHECK_STR(hear(fd), STR("hello\r\n"));
	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\n");
	if (CHECK(sink.conn != NULL)) {
		CHECK_STR(conn_peer(sink.conn), STR("127.0.0.1"));
		CHECK_STR(buf_str(&sink.got), STR("PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\n"));
	}
	hang_up(fd);
	listener_stop(&l);
}

static enum step
idle_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
test_unix(void)
{
	struct listener l = { .service = &sink.service, .proxies = STR("loopback") };
	struct buf why = { .max = 1000 };
	struct conn_dial d;
	struct task owner;
	char path[200];

	TEST_ROW("a proxy on a unix socket");
	snprintf(path, sizeof path, "unix:%s/proxied", test_folder());
	CHECK(listener_start(&net, &l, str_c(path), &why) == FAIL_NONE);
	loop_task(&loop, &owner, idle_step, NULL);
	conn_dial_unix_start(&d, &net, &owner, str_from(str_c(path), 5), 1000);
	turns(1);
	task_cancel(&owner);
	if (CHECK(!op_pending(&d.op) && d.op.fail == FAIL_NONE)) {
		buf_add_c(conn_out(d.conn), "PROXY TCP4 127.0.0.9 127.0.0.1 5 6\r\n");
		turns(4);
		if (CHECK(sink.conn != NULL))
			CHECK_STR(conn_peer(sink.conn), STR("127.0.0.9"));
	}
	conn_dial_cancel(&d);
	turns(4);
	CHECK(sink.conn == NULL);
	listener_stop(&l);
	buf_release(&why);
}

/* --- refused -------------------------------------------------------------------------------- */

static void
test_refused(void)
{
	struct listener l;
	int fd, again;

	TEST_ROW("not a header");
	sink.accepted = 0;
	start(&l, "127.0.0.1");
	fd = client(&l);
	say(fd, "EHLO me.example\r\n");
	CHECK_STR(hear(fd), STR("(end)"));
	CHECK(str_find(str_c(logged), STR("net.proxy.refused")) != STR_NONE);
	CHECK(str_find(str_c(logged),
		  STR("proxy=\"127.0.0.1\" listener=\"test\" "
		      "reason=\"not a PROXY header\" refused=1")) != STR_NONE);
	logged[0] = '\0';
	hang_up(fd);
	TEST_ROW("told once in a while");
	fd = client(&l);
	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 5\r\n");
	CHECK_STR(hear(fd), STR("(end)"));
	CHECK_STR(str_c(logged), STR(""));
	CHECK_NUM(net.unproxied.count, 1);
	hang_up(fd);
	TEST_ROW("closed inside the header");
	fd = client(&l);
	say(fd, "PROXY TCP4");
	CHECK(shutdown(fd, SHUT_WR) == 0);
	turns(3);
	CHECK_STR(hear(fd), STR("(end)"));
	CHECK_NUM(net.unproxied.count, 2);
	hang_up(fd);
	TEST_ROW("nothing, as health checks do");
	fd = client(&l);
	again = client(&l);
	turns(3);
	close(again);
	hang_up(fd);
	CHECK_NUM(net.unproxied.count, 2);
	CHECK_STR(str_c(logged), STR(""));
	CHECK_NUM(sink.accepted, 0);
	listener_stop(&l);
}

static void
test_late(void)
{
	struct listener l;
	int64_t now = clock_mono_ms(), wall = clock_wall_ms();
	int fd;

	TEST_ROW("late");
	start(&l, "loopback");
	clock_fake(now, wall);
	fd = client(&l);
	turns(3);
	clock_fake(now + 9000, wall);
	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 5 6");
	CHECK_STR(hear(fd), STR("")); /* single bytes do not move the deadline */
	clock_fake(now + 10001, wall);
	turns(3);
	CHECK_STR(hear(fd), STR("(end)"));
	CHECK(str_find(str_c(logged), STR("reason=\"no header in time\"")) != STR_NONE);
	hang_up(fd);
	TEST_ROW("in time");
	fd = client(&l);
	turns(3);
	clock_fake(now + 10001 + 9000, wall);
	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\n");
	clock_fake(now + 60000, wall);
	turns(3);
	CHECK(sink.conn != NULL && !conn_expired(sink.conn));
	hang_up(fd);
	listener_stop(&l);
}

static void
test_limits(void)
{
	struct listener l;
	int fds[4];

	start(&l, "loopback");
	settings.is_loopback_limited = true;
	settings.connections = 3;
	settings.connections_per_address = 1;
	TEST_ROW("those that wait count, but not for the proxy's address");
	for (int i = 0; i < 4; i++)
		fds[i] = client(&l);
	turns(3);
	CHECK_NUM(net.count, 3);
	CHECK_NUM(net.sites.count, 0);
	CHECK_STR(hear(fds[2]), STR(""));
	CHECK_STR(hear(fds[3]), STR("421 too many\r\n"));
	TEST_ROW("the client's address counts");
	say(fds[0], "PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\n");
	CHECK_STR(hear(fds[0]), STR("hello\r\n"));
	CHECK_NUM(net.sites.count, 1);
	say(fds[1], "PROXY TCP4 192.0.2.7 192.0.2.1 7 6\r\n");
	CHECK_STR(hear(fds[1]), STR("421 too many\r\n"));
	CHECK_STR(hear(fds[1]), STR("(end)"));
	CHECK_NUM(net.count, 2);
	TEST_ROW("a listener that stops closes those that wait");
	listener_stop(&l);
	CHECK_STR(hear(fds[2]), STR("(end)"));
	CHECK_NUM(net.count, 1);
	settings = net_settings_default;
	for (int i = 1; i < 4; i++)
		close(fds[i]);
	hang_up(fds[0]);
}

int
main(void)
{
	settings = net_settings_default;
	sink.service = (struct service){ .name = "sink",
		.accept = sink_accept,
		.refusal = "421 too many\r\n" };
	buf_init(&sink.got, 10000);
	log_capture(keep_log, NULL);
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &settings);
	test_rows();
	test_afar();
	test_unix();
	test_refused();
	test_late();
	test_limits();
	net_release(&net);
	loop_release(&loop);
	buf_release(&sink.got);
	return test_end();
}
