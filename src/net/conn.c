#include "net/conn.h"

/* system */
#include <string.h>
#include <sys/socket.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "net/private.h"

static const struct log net_log = { .room = "net" };

#define OUT_KEEP_BYTES \
	(2 * CONN_OUT_HIGH) /* memory of output that is kept: one slice of an answer */

/* Ten thousand idle connections must fit into a small machine (design.md section 11). */
_Static_assert(sizeof(struct conn) <= 768, "an idle plaintext connection stays under 1 KB");

/* --- life ----------------------------------------------------------------------------------- */

/* io's STEP_CLOSE: the end of lingering. */
static void
io_reap(struct task *t)
{
	conn_destroy(container_of(t, struct conn, io));
}

struct conn *
conn_new(struct net *net, struct listener *l, const struct net_address *peer)
{
	struct conn *c = mem_new(1, sizeof *c);

	c->net = net;
	c->listener = l;
	c->id = ++net->last_id;
	c->peer = *peer;
	net_address_text(peer, c->peer_text);
	c->watch.fd = -1;
	loop_task(net->loop, &c->io, conn_io_step, io_reap);
	buf_init(&c->in, CONN_IN_MAX + CONN_READ_BYTES);
	buf_init(&c->out, CONN_OUT_MAX);
	list_append(&net->conns, &c->node);
	return c;
}

static void
leave_site(struct conn *c)
{
	if (c->is_inbound)
		c->net->count--;
	if (c->site && --c->site->count == 0) {
		map_remove(&c->net->sites, &c->site->node);
		mem_free(c->site);
	}
}

static void
free_before(struct conn *c)
{
	if (c->before == NULL)
		return;
	buf_release(c->before);
	mem_free(c->before);
	c->before = NULL;
	if (c->leaving)
		c->leaving->ops->free(c->leaving);
	c->leaving = NULL;
}

void
conn_destroy(struct conn *c)
{
	struct filter *below;

	free_before(c); /* a filter that leaves stands on the others */
	for (struct filter *f = c->top; f; f = below) {
		below = f->below;
		f->ops->free(f);
	}
	buf_release(&c->in);
	buf_release(&c->out);
	timer_stop(c->net->loop, &c->timer);
	task_cancel(&c->io);
	list_remove(&c->node);
	list_remove(&c->pending);
	leave_site(c);
	mem_free(c);
}

void
conn_attach(struct conn *c, struct task *owner)
{
	c->owner = owner;
	task_wake(owner);
}

static bool
is_drained(const struct conn *c)
{
	return c->is_broken ||
	    (!list_linked(&c->pending) && !c->is_blocked && c->out.n == 0 && c->before == NULL &&
		(!c->is_finishing || c->is_finished));
}

void
conn_free(struct conn **conn)
{
	struct conn *c = *conn;

	*conn = NULL;
	if (c == NULL)
		return;
	c->owner = NULL;
	timer_stop(c->net->loop, &c->timer);
	if (!c->is_finishing || c->is_broken || (c->is_ended && is_drained(c))) {
		conn_destroy(c);
		return;
	}
	c->is_lingering = true;
	buf_release(&c->in);
	timer_start(c->net->loop, &c->timer, &c->io, clock_mono_ms() + NET_LINGER_MS);
	task_wake(&c->io);
}

void
conn_wake(struct conn *c)
{
	if (c->owner)
		task_wake(c->owner);
	else if (c->is_lingering)
		task_wake(&c->io);
}

void
conn_break(struct conn *c)
{
	c->is_broken = c->is_ended = true;
	c->is_blocked = false;
	free_before(c);
	buf_release(&c->out);
	list_remove(&c->pending);
	conn_wake(c);
}

/* --- the io task ---------------------------------------------------------------------------- */

/* The owner is gone: let the rest leave, then discard input until the peer closes or time is up. */
static enum step
linger_step(struct conn *c)
{
	struct filter *lowest = conn_lowest(c);
	size_t got;

	if (c->is_broken || c->timer.has_fired)
		return STEP_CLOSE;
	if (!is_drained(c)) {
		conn_want_flush(c);
		return STEP_WAIT;
	}
	for (unsigned i = 0; i < TASK_TURNS_MAX; i++) {
		switch (lowest->ops->read(lowest, c->net->scratch, CONN_READ_BYTES, &got)) {
		case IO_OK: break;
		case IO_AGAIN: return STEP_WAIT;
		case IO_END:
		case IO_BROKEN: return STEP_CLOSE;
		}
	}
	return STEP_YIELD;
}

enum step
conn_io_step(struct task *t)
{
	struct conn *c = container_of(t, struct conn, io);
	unsigned ready = c->watch.ready;

	if (c->dial) {
		dial_step(c->dial);
		return STEP_WAIT;
	}
	if (c->is_lingering)
		return linger_step(c);
	if ((c->is_blocked && (ready & (WATCH_WRITE | WATCH_HANGUP))) ||
	    (c->is_finishing && !c->is_finished))
		conn_want_flush(c);
	if (c->is_held && (ready & WATCH_ERROR))
		conn_break(c); /* reset: nobody reads who would find out, and no answer arrives */
	if ((ready & (WATCH_READ | WATCH_HANGUP)) && c->owner)
		task_wake(c->owner);
	return STEP_WAIT;
}

/* --- output --------------------------------------------------------------------------------- */

void
conn_want_flush(struct conn *c)
{
	if (!c->is_broken && !list_linked(&c->pending))
		list_append(&c->net->unflushed, &c->pending);
}

struct buf *
conn_out(struct conn *c)
{
	c->is_touched = true;
	conn_want_flush(c);
	return &c->out;
}

/* Give the bytes of b to a filter; IO_OK when all were taken. */
static enum io
drain(struct buf *b, struct filter *f)
{
	while (b->n > 0) {
		size_t put = 0;
		enum io io = f->ops->write(f, b->p + b->start, b->n, &put);

		if (io != IO_OK)
			return io;
		buf_drop(b, put);
	}
	return IO_OK;
}

/* What was appended before a filter came, or went. */
static enum io
flush_before(struct conn *c)
{
	struct filter *f = c->leaving ? c->leaving : c->top->below;
	enum io io = drain(c->before, f);

	if (io == IO_OK)
		io = f->ops->flush(f);
	if (io != IO_OK)
		return io;
	free_before(c);
	conn_wake(c); /* reading waited for it */
	return IO_OK;
}

static enum io
flush_all(struct conn *c)
{
	enum io io = c->before ? flush_before(c) : IO_OK, flushed;

	if (io != IO_OK)
		return io;
	/* Who leaves during a handshake has nobody to talk to: the last words are dropped. */
	if (c->is_finishing && c->top->ops->is_opening && c->top->ops->is_opening(c->top))
		buf_release(&c->out);
	io = drain(&c->out, c->top);
	flushed = c->top->ops->flush(c->top);
	if (io == IO_OK)
		io = flushed;
	if (io == IO_OK && c->is_finishing && !c->is_finished) {
		io = c->top->ops->finish(c->top);
		c->is_finished = io == IO_OK;
	}
	return io;
}

void
conn_flush(struct conn *c)
{
	enum io io;

	if (!buf_ok(&c->out)) { /* a reply was cut off: nothing sensible can follow */
		log_warn(&net_log, "net.out.overflow", LOG_TEXT("peer", conn_peer(c)));
		conn_break(c);
		return;
	}
	io = flush_all(c);
	if (io == IO_BROKEN || io == IO_END) {
		conn_break(c);
		return;
	}
	c->is_blocked = io == IO_AGAIN;
	if ((c->wants_low && c->out.n <= CONN_OUT_HIGH / 2) ||
	    (c->wants_drained && is_drained(c)) || (c->is_lingering && is_drained(c))) {
		c->wants_low = c->wants_drained = false;
		conn_wake(c);
	}
	/* Who goes on with a long answer writes as much again; who sleeps holds nothing. */
	if (c->out.n == 0 && !(c->owner && task_is_awake(c->owner) && c->out.cap <= OUT_KEEP_BYTES))
		buf_release(&c->out);
}

bool
conn_is_high(struct conn *c)
{
	if (c->is_broken || c->out.n <= CONN_OUT_HIGH)
		return false;
	c->wants_low = true;
	return true;
}

bool
conn_drained(struct conn *c)
{
	if (is_drained(c))
		return true;
	c->wants_drained = true;
	return false;
}

void
conn_finish(struct conn *c)
{
	if (c->is_finishing)
		return;
	c->is_finishing = true;
	conn_want_flush(c);
}

/* --- filters -------------------------------------------------------------------------------- */

static void
set_out_apart(struct conn *c)
{
	c->before = mem_new(1, sizeof *c->before);
	*c->before = c->out;
	buf_init(&c->out, CONN_OUT_MAX);
}

enum fail
conn_push(struct conn *c, struct filter *f)
{
	conn_settle(c);
	if (c->in.n > 0 || c->before)
		return FAIL_PERM;
	if (c->out.n > 0)
		set_out_apart(c);
	buf_release(&c->in);
	f->conn = c;
	f->below = c->top;
	c->top = f;
	return FAIL_NONE;
}

enum fail
conn_pop(struct conn *c)
{
	conn_settle(c);
	if (c->in.n > 0 || c->before)
		return FAIL_PERM;
	invariant(c->top->below != NULL);
	set_out_apart(c);
	c->leaving = c->top;
	c->top = c->top->below;
	conn_want_flush(c);
	return FAIL_NONE;
}

struct filter *
conn_filter(const struct conn *c, const struct filter_ops *ops)
{
	for (struct filter *f = c->top; f; f = f->below) {
		if (f->ops == ops)
			return f;
	}
	return NULL;
}

struct filter *
conn_lowest(const struct conn *c)
{
	struct filter *f = c->top;

	while (f->below)
		f = f->below;
	return f;
}

bool
conn_is_tls(const struct conn *c)
{
	for (const struct filter *f = c->top; f; f = f->below) {
		if (f->ops->is_tls)
			return true;
	}
	return false;
}

/* --- time and facts ------------------------------------------------------------------------- */

void
conn_deadline(struct conn *c, int64_t in_ms)
{
	if (in_ms < 0) {
		timer_stop(c->net->loop, &c->timer);
		c->timer.has_fired = false;
	} else {
		timer_start(c->net->loop, &c->timer, c->owner, clock_mono_ms() + in_ms);
	}
}

bool
conn_expired(const struct conn *c)
{
	return c->timer.has_fired;
}

void
conn_hold(struct conn *c, bool held)
{
	c->is_held = held;
}

bool
conn_closed(const struct conn *c)
{
	return c->is_broken || (c->is_ended && c->is_starved);
}

bool
conn_broken(const struct conn *c)
{
	return c->is_broken;
}

struct str
conn_peer(const struct conn *c)
{
	return str_c(c->peer_text);
}

/* Asked of the kernel on first use: most sessions never need it. */
static void
need_local(struct conn *c)
{
	struct sockaddr_storage storage = { 0 };
	socklen_t n = sizeof storage;

	if (c->local.family != NET_ADDRESS_NONE || c->watch.fd < 0)
		return;
	if (getsockname(c->watch.fd, (struct sockaddr *)&storage, &n) == 0)
		net_address_from_system(&storage, &c->local);
	net_address_text(&c->local, c->local_text);
}

struct str
conn_local(struct conn *c)
{
	need_local(c);
	return str_c(c->local_text);
}

uint16_t
conn_peer_port(const struct conn *c)
{
	return c->peer.port;
}

uint16_t
conn_local_port(struct conn *c)
{
	need_local(c);
	return c->local.port;
}

const struct net_address *
conn_peer_address(const struct conn *c)
{
	return &c->peer;
}

void
conn_speak_for(struct conn *c, const struct net_address *peer)
{
	c->peer = *peer;
	net_address_text(peer, c->peer_text);
}

bool
conn_is_loopback(const struct conn *c)
{
	return net_address_is_loopback(&c->peer);
}

const struct listener *
conn_listener(const struct conn *c)
{
	return c->listener;
}

struct net *
conn_net(const struct conn *c)
{
	return c->net;
}

uint64_t
conn_id(const struct conn *c)
{
	return c->id;
}
