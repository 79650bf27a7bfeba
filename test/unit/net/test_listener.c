/* Real sockets on loopback: listening, limits, refusals, dialling, lingering, running dry. */

/* system */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "sys/sys.h"

/* rooms */
#include "net/net.h"
#include "net/private.h"

static struct loop loop;
static struct net net;
static struct net_settings settings;

/* A service that greets and echoes lines. */
struct echo {
	struct service service;
	int accepted, open;
};

struct session {
	struct task task;
	struct conn *conn;
	struct echo *echo;
};

static enum step
session_step(struct task *t)
{
	struct session *s = container_of(t, struct session, task);
	struct str line;

	for (;;) {
		switch (conn_line(s->conn, 1000, &line)) {
		case LINE_NONE: return conn_closed(s->conn) ? STEP_CLOSE : STEP_WAIT;
		case LINE_TOO_LONG:
		case LINE_BARE: break;
		case LINE_READY:
			buf_add(conn_out(s->conn), line);
			buf_add_c(conn_out(s->conn), "\r\n");
			if (str_eq(line, STR("quit"))) {
				conn_finish(s->conn);
				return STEP_CLOSE;
			}
		}
	}
}

static void
session_reap(struct task *t)
{
	struct session *s = container_of(t, struct session, task);

	conn_free(&s->conn);
	s->echo->open--;
	mem_free(s);
}

static void
echo_accept(struct service *service, struct listener *l, struct conn *c)
{
	struct echo *e = container_of(service, struct echo, service);
	struct session *s = mem_new(1, sizeof *s);

	CHECK(conn_listener(c) == l);
	loop_task(&loop, &s->task, session_step, session_reap);
	s->conn = c;
	s->echo = e;
	e->accepted++;
	e->open++;
	buf_add_c(conn_out(c), "hello\r\n");
	conn_attach(c, &s->task);
}

static struct echo echo = {
	.service = { .name = "echo", .accept = echo_accept, .refusal = "421 too many\r\n" }
};

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

/* What came within some turns. */
static struct str
hear(int fd, char *p, size_t n, int count)
{
	ssize_t got;

	turns(count);
	got = recv(fd, p, n, 0);
	return str_of(p, got > 0 ? (size_t)got : 0);
}

static const struct {
	const char *name, *address;
	enum fail want;
	const char *why;
} bind_rows[] = {
	{ "v4", "127.0.0.1:0", FAIL_NONE, "" },
	{ "v6", "[::1]:0", FAIL_NONE, "" },
	{ "all", "*:0", FAIL_NONE, "" },
	{ "no port", "127.0.0.1", FAIL_SYNTAX, "127.0.0.1: not an address like" },
	{ "name", "localhost:25", FAIL_SYNTAX, "localhost:25: not an address like" },
	{ "star without port", "*:x", FAIL_SYNTAX, "*:x: no port number" },
	{ "not ours", "192.0.2.1:2525", FAIL_PERM, "192.0.2.1:2525: this machine does not have" },
	{ "no systemd", "systemd:smtp", FAIL_PERM, "systemd:smtp: systemd passed no sockets" },
	{ "empty path", "unix:", FAIL_SYNTAX, "unix:: the path is empty" },
	{ "no folder", "unix:/nonexistent/x", FAIL_PERM, "unix:/nonexistent/x: No such file" },
};

static void
test_bind(void)
{
	struct buf why;

	buf_init(&why, 1000);
	for (size_t i = 0; i < ARRAY_LEN(bind_rows); i++) {
		struct listener l = { .service = &echo.service };

		TEST_ROW(bind_rows[i].name);
		buf_clear(&why);
		CHECK_NUM(listener_check(str_c(bind_rows[i].address), &why),
		    bind_rows[i].want == FAIL_SYNTAX ? FAIL_SYNTAX : FAIL_NONE);
		CHECK((why.n > 0) == (bind_rows[i].want == FAIL_SYNTAX));
		CHECK(str_starts(str_c(bind_rows[i].why), buf_str(&why)) ||
		    str_starts(buf_str(&why), str_c(bind_rows[i].why)));
		buf_clear(&why);
		CHECK_NUM(listener_start(&net, &l, str_c(bind_rows[i].address), &why),
		    bind_rows[i].want);
		CHECK(str_starts(buf_str(&why), str_c(bind_rows[i].why)));
		if (bind_rows[i].want == FAIL_NONE)
			CHECK(l.address.port != 0);
		listener_stop(&l);
	}
	TEST_ROW("in use");
	struct listener first = { .service = &echo.service }, second = { .service = &echo.service };
	char text[64];

	buf_clear(&why);
	CHECK(listener_start(&net, &first, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	snprintf(text, sizeof text, "127.0.0.1:%u", first.address.port);
	CHECK_NUM(listener_start(&net, &second, str_c(text), &why), FAIL_TEMP);
	CHECK(str_find(buf_str(&why), STR(": in use: another program")) != STR_NONE);
	listener_stop(&second);
	listener_stop(&first);
	buf_release(&why);
}

static void
test_talk(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	char p[1000];
	int fd;

	TEST_ROW("talk");
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	fd = client(&l);
	CHECK_STR(hear(fd, p, sizeof p, 3), STR("hello\r\n"));
	CHECK(send(fd, "a\r\nb\r\n", 6, 0) == 6);
	CHECK_STR(hear(fd, p, sizeof p, 3), STR("a\r\nb\r\n"));
	TEST_ROW("last reply is not lost behind unread input");
	CHECK(send(fd, "quit\r\n", 6, 0) == 6);
	turns(3);
	CHECK(send(fd, "noise", 5, MSG_NOSIGNAL) == 5);
	CHECK_STR(hear(fd, p, sizeof p, 3), STR("quit\r\n"));
	CHECK(recv(fd, p, sizeof p, 0) == 0);
	CHECK_NUM(echo.open, 0);
	CHECK_NUM(net.count, 1);
	close(fd);
	turns(3);
	CHECK_NUM(net.count, 0);
	CHECK(list_empty(&net.conns));
	TEST_ROW("reset");
	fd = client(&l);
	turns(3);
	CHECK_NUM(echo.open, 1);
	close(fd); /* with the greeting unread */
	turns(3);
	CHECK_NUM(echo.open, 0);
	listener_stop(&l);
	buf_release(&why);
}

static void
test_limits(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	int fds[300];
	char p[100];
	int refused = 0, greeted = 0;

	TEST_ROW("limits");
	settings.connections_per_address = 20;
	settings.is_loopback_limited = true;
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client(&l);
		if (i % 50 == 0)
			turns(2);
	}
	turns(20);
	CHECK_NUM(net.count, 20);
	CHECK_NUM(net.sites.count, 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		struct str s = hear(fds[i], p, sizeof p, 0);

		refused += str_eq(s, STR("421 too many\r\n"));
		greeted += str_eq(s, STR("hello\r\n"));
		close(fds[i]);
	}
	CHECK_NUM(greeted, 20);
	CHECK_NUM(refused, 280);
	turns(20);
	CHECK_NUM(net.count, 0);
	CHECK_NUM(net.sites.count, 0);
	settings.is_loopback_limited = false;
	for (size_t i = 0; i < 40; i++)
		fds[i] = client(&l);
	turns(5);
	CHECK_NUM(net.count, 40);
	settings.connections = 40;
	fds[40] = client(&l);
	CHECK_STR(hear(fds[40], p, sizeof p, 3), STR("421 too many\r\n"));
	for (size_t i = 0; i < 41; i++)
		close(fds[i]);
	turns(5);
	CHECK_NUM(net.count, 0);
	settings = net_settings_default;
	listener_stop(&l);
	buf_release(&why);
}

static int accept_calls;

static int
accept_full(int fd, struct sockaddr *peer, socklen_t *n, int flags)
{
	(void)fd;
	(void)peer;
	(void)n;
	(void)flags;
	accept_calls++;
	errno = EMFILE;
	return -1;
}

static void
test_full(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	char p[100];
	int fd;

	TEST_ROW("no descriptors");
	CHECK(listener_start(&net, &l, STR("[::1]:0"), &why) == FAIL_NONE);
	sys.accept4 = accept_full;
	fd = client(&l);
	for (int i = 0; i < 10; i++)
		loop_turn(&loop, 1);
	CHECK(accept_calls > 0 && accept_calls <= 4); /* no spinning */
	sys_restore();
	for (int i = 0; i < 100 && net.count == 0; i++)
		loop_turn(&loop, 10);
	CHECK_STR(hear(fd, p, sizeof p, 3), STR("hello\r\n"));
	close(fd);
	turns(3);
	listener_stop(&l);
	buf_release(&why);
}

static void
test_unix(void)
{
	struct listener l = { .service = &echo.service }, again = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char path[200], p[100];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	TEST_ROW("unix");
	snprintf(path, sizeof path, "unix:%s/lmtp", test_folder());
	CHECK(listener_start(&net, &l, str_c(path), &why) == FAIL_NONE);
	CHECK_NUM(listener_start(&net, &again, str_c(path), &why), FAIL_TEMP);
	turns(2);
	memcpy(to.sun_path, path + 5, strlen(path) - 4);
	CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK_STR(hear(fd, p, sizeof p, 3), STR("hello\r\n"));
	close(fd);
	turns(3);
	CHECK(access(path + 5, F_OK) == 0);
	listener_stop(&l);
	CHECK(access(path + 5, F_OK) != 0);
	TEST_ROW("unix, left over");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&to, sizeof to) == 0);
	close(fd);
	CHECK(listener_start(&net, &l, str_c(path), &why) == FAIL_NONE);
	listener_stop(&l);
	buf_release(&why);
}

static enum step
idle_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
test_dial(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	struct conn_dial d;
	struct net_address to, from;
	struct task owner;
	struct conn *c;
	struct str line;

	TEST_ROW("dial");
	loop_task(&loop, &owner, idle_step, NULL);
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	conn_dial_start(&d, &net, &owner, &l.address, 1000);
	turns(4);
	CHECK(!op_pending(&d.op) && d.op.fail == FAIL_NONE);
	c = d.conn;
	d.conn = NULL;
	conn_attach(c, &owner);
	CHECK_STR(conn_local(c), STR("127.0.0.1"));
	CHECK(conn_local_port(c) != 0 && conn_peer_port(c) == l.address.port);
	buf_add_c(conn_out(c), "ping\r\n");
	turns(4);
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	CHECK_STR(line, STR("hello"));
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	CHECK_STR(line, STR("ping"));
	conn_free(&c);
	to = l.address;
	listener_stop(&l);
	turns(3);
	TEST_ROW("dial, refused");
	conn_dial_start(&d, &net, &owner, &to, 1000);
	turns(4);
	CHECK(!op_pending(&d.op) && d.op.fail == FAIL_TEMP && d.conn == NULL);
	conn_dial_cancel(&d);
	TEST_ROW("dial, from an address of ours");
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	CHECK(net_address_parse(STR("127.0.0.9"), &from) == FAIL_NONE);
	conn_dial_from_start(&d, &net, &owner, &l.address, &from, 1000);
	turns(4);
	if (CHECK(!op_pending(&d.op) && d.op.fail == FAIL_NONE))
		CHECK_STR(conn_local(d.conn), STR("127.0.0.9"));
	conn_dial_cancel(&d);
	turns(3);
	TEST_ROW("dial, from an address that is not ours");
	CHECK(net_address_parse(STR("192.0.2.1"), &from) == FAIL_NONE);
	conn_dial_from_start(&d, &net, &owner, &l.address, &from, 1000);
	CHECK(!op_pending(&d.op) && d.op.fail == FAIL_PERM && d.conn == NULL);
	listener_stop(&l);
	turns(3);
	TEST_ROW("dial, cancelled");
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	conn_dial_start(&d, &net, &owner, &l.address, 1000);
	conn_dial_cancel(&d);
	CHECK(!op_pending(&d.op) && d.conn == NULL);
	turns(3);
	listener_stop(&l);
	CHECK(list_empty(&net.conns));
	task_cancel(&owner);
	buf_release(&why);
}

static void
test_dial_unix(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	struct conn_dial d;
	struct task owner;
	struct str line;
	char path[64], address[80], longer[200];

	loop_task(&loop, &owner, idle_step, NULL);
	snprintf(path, sizeof path, "/tmp/staunch-dial-%d.sock", (int)getpid());
	snprintf(address, sizeof address, "unix:%s", path);
	TEST_ROW("dial a unix socket");
	CHECK(listener_start(&net, &l, str_c(address), &why) == FAIL_NONE);
	conn_dial_unix_start(&d, &net, &owner, str_c(path), 1000);
	turns(4);
	if (CHECK(!op_pending(&d.op) && d.op.fail == FAIL_NONE)) {
		conn_attach(d.conn, &owner);
		CHECK(conn_line(d.conn, 100, &line) == LINE_READY);
		CHECK_STR(line, STR("hello"));
		CHECK_STR(conn_peer(d.conn), STR("local"));
	}
	conn_dial_cancel(&d);
	listener_stop(&l);
	turns(3);
	TEST_ROW("dial a unix socket that is gone");
	conn_dial_unix_start(&d, &net, &owner, str_c(path), 1000);
	CHECK(!op_pending(&d.op) && d.op.fail == FAIL_TEMP);
	TEST_ROW("dial a path that is too long");
	memset(longer, 'x', sizeof longer);
	conn_dial_unix_start(&d, &net, &owner, str_of(longer, sizeof longer), 1000);
	CHECK(!op_pending(&d.op) && d.op.fail == FAIL_PERM);
	task_cancel(&owner);
	buf_release(&why);
}

/* Does the kernel acknowledge at once? As if there had been output of ours: no. */
static bool
is_quick_after(struct conn *c, void (*act)(struct conn *c))
{
	int quick = 0;
	socklen_t n = sizeof quick;

	setsockopt(c->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &quick, sizeof quick);
	act(c);
	CHECK(getsockopt(c->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &quick, &n) == 0);
	return quick != 0;
}

static void
hurry_with_output(struct conn *c)
{
	buf_add_c(conn_out(c), "wait\r\n");
	conn_hurry(c);
}

static void
test_hurry(void)
{
	struct listener l = { .service = &echo.service };
	struct buf why = { .max = 1000 };
	struct conn *c;
	char bytes[100];
	int fd;

	TEST_ROW("hurry");
	CHECK(listener_start(&net, &l, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	fd = client(&l);
	CHECK_STR(hear(fd, bytes, sizeof bytes, 5), STR("hello\r\n"));
	c = container_of(list_first(&net.conns), struct conn, node);
	CHECK(!is_quick_after(c, conn_hurry));
	CHECK(write(fd, "part of", 7) == 7);
	turns(3);
	CHECK(is_quick_after(c, conn_hurry));
	CHECK(!is_quick_after(c, conn_hurry)); /* nothing came since */
	CHECK(write(fd, " a line", 7) == 7);
	turns(3);
	CHECK(!is_quick_after(c, hurry_with_output));
	CHECK_STR(hear(fd, bytes, sizeof bytes, 5), STR("wait\r\n"));
	close(fd);
	turns(5);
	listener_stop(&l);
	buf_release(&why);
}

int
main(void)
{
	settings = net_settings_default;
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &settings);
	test_bind();
	test_talk();
	test_limits();
	test_full();
	test_unix();
	test_dial();
	test_dial_unix();
	test_hurry();
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
