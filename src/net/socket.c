/* The lowest filter: a non-blocking stream socket. */

/* system */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* base */
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/private.h"

static enum io
socket_read(struct filter *f, void *p, size_t n, size_t *got_out)
{
	struct watch *w = &f->conn->watch;
	ssize_t got;

	if ((w->ready & WATCH_READ) == 0)
		return IO_AGAIN;
	do {
		got = sys.recv(w->fd, p, n, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return IO_BROKEN;
		watch_spent(w, WATCH_READ);
		return IO_AGAIN;
	}
	if (got == 0)
		return IO_END;
	/* A short read emptied the socket: the next bytes, or the end, are a new event. */
	if ((size_t)got < n && (w->ready & WATCH_END) == 0)
		watch_spent(w, WATCH_READ);
	f->conn->has_heard = true;
	*got_out = (size_t)got;
	return IO_OK;
}

static enum io
socket_write(struct filter *f, const void *p, size_t n, size_t *put_out)
{
	struct watch *w = &f->conn->watch;
	ssize_t put;

	if ((w->ready & WATCH_WRITE) == 0)
		return IO_AGAIN;
	do {
		put = sys.send(w->fd, p, n, 0);
	} while (put < 0 && errno == EINTR);
	if (put < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return IO_BROKEN;
		watch_spent(w, WATCH_WRITE);
		return IO_AGAIN;
	}
	f->conn->has_heard = false;
	*put_out = (size_t)put;
	return IO_OK;
}

static enum io
socket_flush(struct filter *f)
{
	(void)f;
	return IO_OK;
}

static enum io
socket_finish(struct filter *f)
{
	return shutdown(f->conn->watch.fd, SHUT_WR) == 0 ? IO_OK : IO_BROKEN;
}

static void
socket_free(struct filter *f)
{
	struct watch *w = &f->conn->watch;
	int fd = w->fd;

	watch_stop(f->conn->net->loop, w);
	if (fd >= 0)
		sys.close(fd);
}

const struct filter_ops socket_ops = {
	.name = "socket",
	.read = socket_read,
	.write = socket_write,
	.flush = socket_flush,
	.finish = socket_finish,
	.free = socket_free,
};

void
conn_hurry(struct conn *c)
{
	int yes = 1;

	if (!c->has_heard || c->out.n > 0)
		return;
	c->has_heard = false;
	setsockopt(c->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

enum fail
conn_use_socket(struct conn *c, int fd)
{
	enum fail fail = watch_start(c->net->loop, &c->watch, fd, &c->io);

	if (fail != FAIL_NONE)
		return fail;
	c->watch.ready = WATCH_WRITE; /* a fresh socket takes a greeting at once */
	c->socket = (struct filter){ .ops = &socket_ops, .conn = c };
	c->top = &c->socket;
	return FAIL_NONE;
}
