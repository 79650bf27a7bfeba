#include "net/memory.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "net/private.h"

#define MEMORY_MAX (64 * 1024 * 1024) /* bytes on their way in a test, either direction */

struct memory {
	struct filter filter;
	struct buf fed, sent;
	size_t most; /* bytes that the peer still takes */
	bool is_ended, is_finished;
};

static struct memory *
memory_of(struct filter *f)
{
	return container_of(f, struct memory, filter);
}

static enum io
memory_read(struct filter *f, void *p, size_t n, size_t *got_out)
{
	struct memory *m = memory_of(f);

	if (m->fed.n == 0)
		return m->is_ended ? IO_END : IO_AGAIN;
	*got_out = size_min(n, m->fed.n);
	memcpy(p, buf_str(&m->fed).p, *got_out);
	buf_consume(&m->fed, *got_out);
	return IO_OK;
}

static enum io
memory_write(struct filter *f, const void *p, size_t n, size_t *put_out)
{
	struct memory *m = memory_of(f);

	*put_out = size_min(n, m->most);
	if (*put_out == 0)
		return IO_AGAIN;
	buf_add(&m->sent, str_of(p, *put_out));
	if (m->most != SIZE_MAX)
		m->most -= *put_out;
	return IO_OK;
}

static enum io
memory_flush(struct filter *f)
{
	(void)f;
	return IO_OK;
}

static enum io
memory_finish(struct filter *f)
{
	memory_of(f)->is_finished = true;
	return IO_OK;
}

static void
memory_free(struct filter *f)
{
	struct memory *m = memory_of(f);

	buf_release(&m->fed);
	buf_release(&m->sent);
	mem_free(m);
}

static const struct filter_ops memory_ops = {
	.name = "memory",
	.read = memory_read,
	.write = memory_write,
	.flush = memory_flush,
	.finish = memory_finish,
	.free = memory_free,
};

struct conn *
conn_memory(struct net *net, struct listener *l, struct str peer)
{
	struct memory *m = mem_new(1, sizeof *m);
	struct net_address a;
	struct conn *c;

	invariant(net_address_parse(peer, &a) == FAIL_NONE);
	c = conn_new(net, l, &a);
	buf_init(&m->fed, MEMORY_MAX);
	buf_init(&m->sent, MEMORY_MAX);
	m->most = SIZE_MAX;
	m->filter = (struct filter){ .ops = &memory_ops, .conn = c };
	c->top = &m->filter;
	c->local = (struct net_address){ .family = NET_ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } };
	net_address_text(&c->local, c->local_text);
	return c;
}

/* What the socket's events would do. */
static void
tell(struct conn *c, unsigned ready)
{
	c->watch.ready |= ready;
	task_wake(&c->io);
}

static struct memory *
memory_below(const struct conn *c)
{
	struct filter *f = conn_lowest(c);

	invariant(f->ops == &memory_ops);
	return memory_of(f);
}

void
conn_memory_feed(struct conn *c, struct str bytes)
{
	buf_add(&memory_below(c)->fed, bytes);
	tell(c, WATCH_READ);
}

void
conn_memory_end(struct conn *c)
{
	memory_below(c)->is_ended = true;
	tell(c, WATCH_READ);
}

struct str
conn_memory_sent(const struct conn *c)
{
	return buf_str(&memory_below(c)->sent);
}

void
conn_memory_forget(struct conn *c)
{
	struct memory *m = memory_below(c);

	buf_consume(&m->sent, m->sent.n);
}

void
conn_memory_accept(struct conn *c, size_t most)
{
	memory_below(c)->most = most;
	tell(c, WATCH_WRITE);
}

bool
conn_memory_finished(const struct conn *c)
{
	return memory_below(c)->is_finished;
}

static bool
carry(struct conn *from, struct conn *to, size_t piece)
{
	struct memory *m = memory_below(from);
	struct str s = str_head(buf_str(&m->sent), piece);

	if (s.n > 0) {
		conn_memory_feed(to, s);
		buf_consume(&m->sent, s.n);
		return true;
	}
	if (m->is_finished && !memory_below(to)->is_ended) {
		conn_memory_end(to);
		return true;
	}
	return false;
}

bool
conn_memory_pump(struct conn *a, struct conn *b, size_t piece)
{
	bool has_moved = carry(a, b, piece);

	return carry(b, a, piece) || has_moved;
}
