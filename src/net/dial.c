/* Outbound connections. */

/* system */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

/* A socket that connects or is connected; -1 when there is no way. */
static int
connect_to(const struct net_address *to)
{
	struct sockaddr_storage storage;
	socklen_t n = net_address_to_system(to, &storage);
	int yes = 1;
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (sys.connect(fd, (struct sockaddr *)&storage, n) == 0 || errno == EINPROGRESS)
		return fd;
	sys.close(fd);
	return -1;
}

void
conn_dial_start(struct conn_dial *d, struct net *net, struct task *owner,
    const struct net_address *to, int64_t timeout_ms)
{
	int fd = connect_to(to);
	struct conn *c;

	*d = (struct conn_dial){ .net = net };
	op_begin(&d->op, owner);
	if (fd < 0) {
		op_finish(&d->op, FAIL_TEMP);
		return;
	}
	d->conn = c = conn_new(net, NULL, to);
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
conn_dial_cancel(struct conn_dial *d)
{
	if (d->conn) {
		d->conn->dial = NULL;
		conn_free(&d->conn);
	}
	op_drop(&d->op);
}
