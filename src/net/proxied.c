/*
 * Connections from a proxy, until their PROXY header has come. A small task owns each meanwhile; the
 * service hears of it only behind the header, which is taken from the socket to the byte: what follows
 * may be a TLS handshake.
 */

/* system */
#include <errno.h>
#include <sys/socket.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/private.h"
#include "net/proxy.h"

#define HEADER_MS \
	10000 /* for the whole header; 3 s at least, for a packet that is lost (section 2) */

_Static_assert(PROXY_HEADER_MAX <= CONN_READ_BYTES, "the longest header fits net->scratch");

static const struct log net_log = { .room = "net" };

struct proxied {
	struct task task;
	struct conn *conn;     /* own; NULL once it was admitted or closed */
	struct list_node node; /* in net->proxied */
};

static void
proxied_free(struct proxied *p)
{
	conn_free(&p->conn);
	list_remove(&p->node);
	task_cancel(&p->task);
	mem_free(p);
}

static void
reap(struct task *t)
{
	proxied_free(container_of(t, struct proxied, task));
}

/* The peer is gone. When nothing came before, it was a proxy that only looks whether we are up. */
static enum step
leave(struct proxied *p)
{
	conn_free(&p->conn);
	return STEP_CLOSE;
}

static enum step
refuse(struct proxied *p, const char *reason)
{
	struct conn *c = p->conn;
	uint64_t count = net_tally(&c->net->unproxied);

	if (count > 0)
		log_warn(&net_log, "net.proxy.refused", LOG_TEXT("proxy", conn_peer(c)),
		    LOG_TEXT("listener", c->listener->name), LOG_TEXT("reason", str_c(reason)),
		    LOG_NUM("refused", count));
	return leave(p);
}

/*
 * From here on the connection is the client's. One that is local to the proxy's host has that host's
 * address for us: "127.0.0.1" from elsewhere must not pass for a program of this machine.
 */
static void
take_addresses(struct conn *c, const struct proxy_header *header)
{
	bool is_ours = net_address_is_loopback(&c->peer);

	log_debug(&net_log, "net.proxied", LOG_TEXT("proxy", conn_peer(c)),
	    LOG_NUM("session", c->id), LOG_NUM("relayed", header->is_relayed));
	if (!header->is_relayed || (!is_ours && net_address_is_loopback(&header->from)))
		return;
	conn_speak_for(c, &header->from);
	c->local = header->to;
	net_address_text(&c->local, c->local_text);
}

/* Take the header from the socket, and nothing behind it. */
static enum step
admit(struct proxied *p, const struct proxy_header *header)
{
	struct conn *c = p->conn;

	if (sys.recv(c->watch.fd, c->net->scratch, header->n, 0) != (ssize_t)header->n)
		return leave(p);
	take_addresses(c, header);
	conn_deadline(c, -1);
	c->owner = NULL;
	p->conn = NULL;
	listener_admit(c);
	return STEP_CLOSE;
}

static enum step
proxied_step(struct task *t)
{
	struct proxied *p = container_of(t, struct proxied, task);
	struct conn *c = p->conn;
	struct watch *w = &c->watch;
	struct proxy_header header;
	ssize_t got;

	if (conn_expired(c))
		return refuse(p, "no header in time");
	if ((w->ready & WATCH_READ) == 0)
		return STEP_WAIT;
	do {
		got = sys.recv(w->fd, c->net->scratch, PROXY_HEADER_MAX, MSG_PEEK);
	} while (got < 0 && errno == EINTR);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		return leave(p);
	switch (proxy_parse(str_of(c->net->scratch, got > 0 ? (size_t)got : 0), &header)) {
	case PROXY_MORE: break;
	case PROXY_DONE: return admit(p, &header);
	case PROXY_BAD: return refuse(p, "not a PROXY header");
	}
	if (w->ready & WATCH_END)
		return refuse(p, "closed inside the header");
	watch_spent(w, WATCH_READ); /* each byte that comes now is a new event */
	return STEP_WAIT;
}

void
proxied_start(struct conn *c)
{
	struct proxied *p = mem_new(1, sizeof *p);

	p->conn = c;
	loop_task(c->net->loop, &p->task, proxied_step, reap);
	list_append(&c->net->proxied, &p->node);
	conn_attach(c, &p->task);
	conn_deadline(c, HEADER_MS);
}

void
proxied_stop(struct listener *l)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&l->net->proxied); n; n = next) {
		struct proxied *p = container_of(n, struct proxied, node);

		next = list_next(&l->net->proxied, n);
		if (p->conn && p->conn->listener == l)
			proxied_free(p);
	}
}
