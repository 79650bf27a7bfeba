/* Outbound connections. */

/* system */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/private.h"

static void
finish(struct conn_dial *d, enum fail fail)
{
	struct conn *c = d->conn;

	if (c) {
		c->dial = NULL;
		timer_stop(d->net->loop, &c->timer);
		c->timer.has_fired = false;
		if (fail != FAIL_NONE)
			conn_free(&d->conn);
	}
	op_finish(&d->op, fail);
}

void
dial_step(struct conn_dial *d)
{
	struct conn *c = d->conn;
	int error = 0;
	socklen_t n = sizeof error;

	if (c->timer.has_fired) {
		finish(d, FAIL_TEMP);
		return;
	}
	if ((c->watch.ready & (WATCH_WRITE | WATCH_HANGUP)) == 0)
		return;
	if (getsockopt(c->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0)
		finish(d, FAIL_TEMP);
	else
		finish(d, FAIL_NONE);
}

/* From where to where; sockets of the system, whatever their family. */
struct way {
	struct sockaddr_storage to, from;
	socklen_t to_size, from_size; /* from_size 0: from anywhere */
};

/* A socket that connects or is connected; -1 and in *fail_out why there is no way. */
static int
connect_to(const struct way *way, enum fail *fail_out)
{
	int yes = 1;
	int fd = socket(way->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*fail_out = FAIL_TEMP;
	if (fd < 0)
		return -1;
	if (way->to.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (way->from_size > 0 &&
	    bind(fd, (const struct sockaddr *)&way->from, way->from_size) != 0) {
		*fail_out = FAIL_PERM;
		sys.close(fd);
		return -1;
	}
	if (sys.connect(fd, (const struct sockaddr *)&way->to, way->to_size) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	sys.close(fd);
	return -1;
}

static void
start(struct conn_dial *d, const struct way *way, const struct net_address *peer,
    int64_t timeout_ms)
{
	enum fail fail;
	int fd = connect_to(way, &fail);
	struct net *net = d->net;
	struct conn *c;

	if (fd < 0) {
		op_finish(&d->op, fail);
		return;
	}
	d->conn = c = conn_new(net, NULL, peer);
	if (conn_use_socket(c, fd) != FAIL_NONE) {
		sys.close(fd);
		finish(d, FAIL_TEMP);
		return;
	}
	c->watch.ready = 0;
	c->dial = d;
	timer_start(net->loop, &c->timer, &c->io, clock_mono_ms() + timeout_ms);
}

void
conn_dial_from_start(struct conn_dial *d, struct net *net, struct task *owner,
    const struct net_address *to, const struct net_address *from, int64_t timeout_ms)
{
	struct way way = { 0 };

	*d = (struct conn_dial){ .net = net };
	op_begin(&d->op, owner);
	way.to_size = net_address_to_system(to, &way.to);
	if (from->family != NET_ADDRESS_NONE)
		way.from_size = net_address_to_system(from, &way.from);
	start(d, &way, to, timeout_ms);
}

void
conn_dial_start(struct conn_dial *d, struct net *net, struct task *owner,
    const struct net_address *to, int64_t timeout_ms)
{
	const struct net_address anywhere = { 0 };

	conn_dial_from_start(d, net, owner, to, &anywhere, timeout_ms);
}

void
conn_dial_unix_start(struct conn_dial *d, struct net *net, struct task *owner, struct str path,
    int64_t timeout_ms)
{
	static const struct net_address peer = { .family = NET_ADDRESS_UNIX };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct way way = { .to_size = sizeof to };

	*d = (struct conn_dial){ .net = net };
	op_begin(&d->op, owner);
	if (path.n == 0 || path.n >= sizeof to.sun_path) {
		op_finish(&d->op, FAIL_PERM);
		return;
	}
	memcpy(to.sun_path, path.p, path.n);
	memcpy(&way.to, &to, sizeof to);
	start(d, &way, &peer, timeout_ms);
}

void
conn_dial_cancel(struct conn_dial *d)
{
	if (d->conn) {
		d->conn->dial = NULL;
		conn_free(&d->conn);
	}
	op_drop(&d->op);
}
