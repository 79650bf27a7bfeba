/* One connection: from the socketpair that libcurl holds to the server and back. */

/* system */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "http/client_private.h"

static const struct log tunnel_log = { .room = "http" };

/* --- ends ----------------------------------------------------------------------------------- */

struct http_tunnel *
tunnel_find(const struct http_client *c, int fd)
{
	for (struct list_node *n = list_first(&c->tunnels); n; n = list_next(&c->tunnels, n)) {
		struct http_tunnel *t = container_of(n, struct http_tunnel, node);

		if (t->curls.fd == fd)
			return t;
	}
	return NULL;
}

void
tunnel_lend(struct http_tunnel *t, struct http_fetch *f)
{
	if (t->fetch == f)
		return;
	if (t->fetch)
		t->fetch->tunnel = NULL;
	t->fetch = f;
	t->idle.has_fired = false;
	if (f == NULL) {
		timer_start(t->client->loop, &t->idle, &t->task,
		    clock_mono_ms() + t->client->settings->idle_ms);
		return;
	}
	timer_stop(t->client->loop, &t->idle);
	if (f->tunnel)
		tunnel_lend(f->tunnel, NULL);
	f->tunnel = t;
}

static void
close_end(struct http_tunnel *t, struct watch *end)
{
	int fd = end->fd;

	if (fd < 0)
		return;
	watch_stop(t->client->loop, end);
	sys.close(fd);
}

void
tunnel_shut(struct http_tunnel *t)
{
	tunnel_lend(t, NULL);
	close_end(t, &t->curls);
	task_wake(&t->task);
}

static void
forget_server(struct http_tunnel *t)
{
	dns_query_release(&t->query[0]);
	dns_query_release(&t->query[1]);
	conn_dial_cancel(&t->dial);
	conn_free(&t->conn);
}

void
tunnel_free(struct http_tunnel *t)
{
	tunnel_lend(t, NULL);
	timer_stop(t->client->loop, &t->idle);
	forget_server(t);
	close_end(t, &t->curls);
	close_end(t, &t->ours);
	list_remove(&t->node);
	t->client->tunnel_count--;
	task_cancel(&t->task);
	mem_free(t);
}

static void
reap(struct task *task)
{
	tunnel_free(container_of(task, struct http_tunnel, task));
}

/* No server any more: libcurl reads what there is, then the end, and closes. */
static enum http_tunnel_state
drain(struct http_tunnel *t)
{
	forget_server(t);
	shutdown(t->ours.fd, SHUT_WR);
	task_wake(&t->client->task);
	return HTTP_TUNNEL_DRAIN;
}

static enum http_tunnel_state
fail_with(struct http_tunnel *t, enum fail fail, const char *reason)
{
	log_debug(&tunnel_log, "http.client.failed", LOG_TEXT("host", str_c(t->host)),
	    LOG_NUM("port", t->port), LOG_TEXT("reason", str_c(reason)));
	if (t->fetch)
		fetch_doom(t->fetch, fail);
	return drain(t);
}

/* --- states --------------------------------------------------------------------------------- */

static enum http_tunnel_state
dial(struct http_tunnel *t)
{
	bool is_last = t->at + 1 == t->address_count;

	conn_dial_start(&t->dial, t->client->net, &t->task, &t->addresses[t->at],
	    is_last ? HTTP_CONNECT_LAST_MS : HTTP_CONNECT_MS);
	return HTTP_TUNNEL_DIAL;
}

/* The two lists taken in turn, IPv6 first. */
static void
collect(struct http_tunnel *t, bool *was_private_out)
{
	for (size_t i = 0; t->address_count < HTTP_ADDRESSES_MAX; i++) {
		bool has_any = false;

		for (size_t q = 0; q < 2 && t->address_count < HTTP_ADDRESSES_MAX; q++) {
			struct net_address a;

			if (i >= t->query[q].record_count)
				continue;
			has_any = true;
			a = t->query[q].records[i].address;
			a.port = t->port;
			if (t->allow_private || net_address_is_public(&a))
				t->addresses[t->address_count++] = a;
			else
				*was_private_out = true;
		}
		if (!has_any)
			break;
	}
}

static enum http_tunnel_state
resolved(struct http_tunnel *t)
{
	bool was_private = false;
	enum fail six = t->query[0].op.fail, four = t->query[1].op.fail;

	collect(t, &was_private);
	if (t->address_count > 0)
		return dial(t);
	if (was_private)
		return fail_with(t, FAIL_DENIED, "address is not public");
	if (six == FAIL_TEMP || four == FAIL_TEMP)
		return fail_with(t, FAIL_TEMP, "no answer about its name");
	return fail_with(t, four, "no such name");
}

static enum http_tunnel_state
secure(struct http_tunnel *t)
{
	static const char *const alpn[] = { "http/1.1", NULL };
	const struct tls_client_options options = { .name = str_c(t->host),
		.trust = t->client->trust,
		.verify = TLS_VERIFY_REQUIRED,
		.alpn = alpn };

	if (tls_client(t->conn, &options) != FAIL_NONE)
		return fail_with(t, FAIL_PERM, "TLS cannot start");
	return HTTP_TUNNEL_HANDSHAKE;
}

static enum http_tunnel_state
dialled(struct http_tunnel *t)
{
	if (t->dial.op.fail != FAIL_NONE) {
		t->at++;
		return t->at < t->address_count ? dial(t)
						: fail_with(t, FAIL_TEMP, "no connection");
	}
	t->conn = t->dial.conn;
	t->dial.conn = NULL;
	conn_attach(t->conn, &t->task);
	return t->is_tls ? secure(t) : HTTP_TUNNEL_PUMP;
}

static enum http_tunnel_state
shake_hands(struct http_tunnel *t)
{
	struct tls_facts facts = { 0 };

	conn_peek(t->conn);
	if (tls_is_done(t->conn))
		return HTTP_TUNNEL_PUMP;
	if (!conn_closed(t->conn) && !conn_broken(t->conn))
		return HTTP_TUNNEL_HANDSHAKE;
	if (tls_facts(t->conn, &facts) && facts.error_name &&
	    str_starts(str_c(facts.error_name), STR("BR_ERR_X509")))
		return fail_with(t, FAIL_DENIED, facts.error_name);
	return fail_with(t, FAIL_TEMP, facts.error ? facts.error_name : "handshake ended early");
}

/* --- moving bytes --------------------------------------------------------------------------- */

/* From libcurl: to the server, or nowhere. False when libcurl closed. */
static bool
pump_up(struct http_tunnel *t)
{
	char nowhere[1024];

	while ((t->ours.ready & WATCH_READ) && !(t->conn && conn_is_high(t->conn))) {
		char *p = t->conn ? buf_room(conn_out(t->conn), CONN_READ_BYTES) : nowhere;
		ssize_t got;

		if (p == NULL) /* a connection that broke takes no more */
			p = nowhere;
		got = sys.recv(t->ours.fd, p, p == nowhere ? sizeof nowhere : CONN_READ_BYTES, 0);
		if (got < 0 && errno == EAGAIN)
			watch_spent(&t->ours, WATCH_READ);
		else if (got <= 0)
			return false;
		else if (p != nowhere)
			buf_grow(conn_out(t->conn), (size_t)got);
	}
	return true;
}

/* From the server to libcurl. False when libcurl closed. */
static bool
pump_down(struct http_tunnel *t)
{
	struct str s;

	while ((t->ours.ready & WATCH_WRITE) && !str_empty(s = conn_peek(t->conn))) {
		ssize_t put = sys.send(t->ours.fd, s.p, s.n, 0);

		if (put < 0 && errno == EAGAIN)
			watch_spent(&t->ours, WATCH_WRITE);
		else if (put < 0)
			return false;
		else
			conn_skip(t->conn, (size_t)put);
	}
	return true;
}

static enum http_tunnel_state
pump(struct http_tunnel *t)
{
	struct tls_facts facts = { 0 };

	if (!pump_up(t) || !pump_down(t))
		return drain(t);
	if (t->idle.has_fired) {
		conn_finish(t->conn);
		return drain(t);
	}
	if (!conn_closed(t->conn))
		return HTTP_TUNNEL_PUMP;
	if (t->fetch && t->is_tls)
		t->fetch->is_cut =
		    conn_broken(t->conn) || (tls_facts(t->conn, &facts) && facts.is_truncated);
	return drain(t);
}

static enum http_tunnel_state
next_state(struct http_tunnel *t)
{
	switch (t->state) {
	case HTTP_TUNNEL_RESOLVE:
		if (op_pending(&t->query[0].op) || op_pending(&t->query[1].op))
			return t->state;
		return resolved(t);
	case HTTP_TUNNEL_DIAL: return op_pending(&t->dial.op) ? t->state : dialled(t);
	case HTTP_TUNNEL_HANDSHAKE: return shake_hands(t);
	case HTTP_TUNNEL_PUMP: return pump(t);
	case HTTP_TUNNEL_DRAIN: pump_up(t); return t->state;
	}
	return t->state;
}

static enum step
tunnel_step(struct task *task)
{
	struct http_tunnel *t = container_of(task, struct http_tunnel, task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		enum http_tunnel_state before = t->state;

		if (t->curls.fd < 0)
			return STEP_CLOSE;
		t->state = next_state(t);
		if (t->state == before && !op_pending(&t->dial.op))
			return STEP_WAIT;
		if (t->state == HTTP_TUNNEL_DIAL && op_pending(&t->dial.op))
			return STEP_WAIT;
	}
	return STEP_YIELD;
}

/* --- opening -------------------------------------------------------------------------------- */

static void
begin(struct http_tunnel *t, const struct http_fetch *f)
{
	struct str host = str_c(t->host);

	if (f->address.family == NET_ADDRESS_NONE) {
		dns_query_start(t->client->dns, &t->query[0], &t->task, host, DNS_AAAA);
		dns_query_start(t->client->dns, &t->query[1], &t->task, host, DNS_A);
		task_wake(&t->task);
		return;
	}
	if (t->is_tls) {
		t->state = fail_with(t, FAIL_DENIED, "no certificate can name an address");
		return;
	}
	if (!t->allow_private && !net_address_is_public(&f->address)) {
		t->state = fail_with(t, FAIL_DENIED, "address is not public");
		return;
	}
	t->addresses[t->address_count++] = f->address;
	t->state = dial(t);
	task_wake(&t->task);
}

int
tunnel_open(struct http_fetch *f)
{
	struct http_client *c = f->client;
	struct http_tunnel *t;
	int fds[2];

	if (c->tunnel_count >= HTTP_TUNNELS_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
		fetch_doom(f,
		    fail_because(&tunnel_log, FAIL_TEMP, "http.client.socketpair", errno));
		return -1;
	}
	t = mem_new(1, sizeof *t);
	t->client = c;
	t->is_tls = f->is_tls;
	t->allow_private = f->allow_private;
	t->port = f->port;
	memcpy(t->host, f->host, sizeof t->host);
	loop_task(c->loop, &t->task, tunnel_step, reap);
	list_append(&c->tunnels, &t->node);
	c->tunnel_count++;
	c->counts.connections++;
	t->ours.fd = t->curls.fd = -1;
	if (watch_start(c->loop, &t->ours, fds[0], &t->task) != FAIL_NONE ||
	    watch_start(c->loop, &t->curls, fds[1], &c->task) != FAIL_NONE) {
		if (t->ours.fd < 0)
			sys.close(fds[0]);
		sys.close(fds[1]);
		tunnel_free(t);
		fetch_doom(f, FAIL_TEMP);
		return -1;
	}
	tunnel_lend(t, f);
	begin(t, f);
	return fds[1];
}
