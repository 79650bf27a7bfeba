#include "net/compress.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/deflate.h"
#include "net/filter.h"
#include "net/private.h"

#define PACKED_MAX (32 * 1024) /* bytes compressed and not yet taken below: two TLS records */
#define READS_MAX  8           /* reads below that give nothing, then others come first */

struct compress {
	struct filter filter;
	struct deflate_stream in, out;
	struct buf raw;    /* own; read below, not yet decompressed */
	struct buf packed; /* own; compressed, not yet written below */
	bool is_unflushed; /* zlib holds output back */
	bool is_ending;    /* what is flushed is the last */
	bool is_full;      /* the last read left output in zlib */
	bool is_over;      /* the peer ended its stream, or below ended */
	struct task rest;
	struct timer timer;
	int64_t moved_ms; /* when bytes last moved */
};

static struct compress *
compress_of(struct filter *f)
{
	return container_of(f, struct compress, filter);
}

/* --- resting --------------------------------------------------------------------------------- */

static void
moved(struct compress *z)
{
	z->moved_ms = clock_mono_ms();
	if (!timer_running(&z->timer))
		timer_start(z->filter.conn->net->loop, &z->timer, &z->rest,
		    z->moved_ms + COMPRESS_REST_MS);
}

/* One wake-up per while of activity, and none later. */
static enum step
rest_step(struct task *t)
{
	struct compress *z = container_of(t, struct compress, rest);
	int64_t due_ms = z->moved_ms + COMPRESS_REST_MS;

	if (!z->timer.has_fired)
		return STEP_WAIT;
	if (clock_mono_ms() < due_ms) {
		timer_start(z->filter.conn->net->loop, &z->timer, t, due_ms);
		return STEP_WAIT;
	}
	if (z->is_ending)
		return STEP_WAIT;
	if (!z->is_unflushed && z->packed.n == 0)
		(void)deflate_park(&z->out);
	if (!z->is_full && z->raw.n == 0)
		(void)deflate_park(&z->in);
	return STEP_WAIT;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Read below when nothing is left of what was read before. */
static enum io
need_raw(struct compress *z)
{
	struct filter *below = z->filter.below;
	size_t got = 0;
	char *room;
	enum io io;

	if (z->raw.n > 0 || z->is_full)
		return IO_OK;
	room = buf_room(&z->raw, CONN_READ_BYTES);
	io = below->ops->read(below, room, CONN_READ_BYTES, &got);
	if (io == IO_OK)
		buf_grow(&z->raw, got);
	else
		buf_release(&z->raw);
	return io;
}

/* Decompress up to n bytes into p. */
static enum io
expand(struct compress *z, void *p, size_t n, size_t *got_out)
{
	struct str in = buf_str(&z->raw);
	size_t had = in.n;
	struct buf made;
	enum fail fail;

	buf_init(&made, n);
	fail = inflate_feed(&z->in, &in, &made);
	buf_consume(&z->raw, had - in.n);
	z->is_full = fail == FAIL_LIMIT;
	z->is_over = z->is_over || z->in.has_ended;
	*got_out = made.n;
	if (made.n > 0)
		memcpy(p, buf_str(&made).p, made.n);
	buf_release(&made);
	if (fail == FAIL_SYNTAX)
		return IO_BROKEN;
	if (*got_out > 0)
		return IO_OK;
	return z->is_over ? IO_END : IO_AGAIN;
}

static enum io
compress_read(struct filter *f, void *p, size_t n, size_t *got_out)
{
	struct compress *z = compress_of(f);

	for (unsigned i = 0; i < READS_MAX; i++) {
		enum io io = z->is_over && !z->is_full ? IO_END : need_raw(z);

		if (io == IO_OK)
			io = expand(z, p, n, got_out);
		else
			return io;
		if (io != IO_AGAIN) {
			moved(z);
			return io;
		}
	}
	conn_wake(f->conn); /* blocks with nothing in them, as fast as we read: others come first */
	return IO_AGAIN;
}

/* --- writing --------------------------------------------------------------------------------- */

/* IO_OK when nothing is left. */
static enum io
push_down(struct compress *z)
{
	struct filter *below = z->filter.below;

	while (z->packed.n > 0) {
		struct str s = buf_str(&z->packed);
		size_t put = 0;
		enum io io = below->ops->write(below, s.p, s.n, &put);

		if (io != IO_OK)
			return io;
		buf_consume(&z->packed, put);
	}
	buf_release(&z->packed);
	return IO_OK;
}

static enum io
compress_write(struct filter *f, const void *p, size_t n, size_t *put_out)
{
	struct compress *z = compress_of(f);
	struct str in = str_of(p, n);
	enum io io;

	do {
		/* FAIL_LIMIT or not: what was not taken comes again */
		enum fail fail = deflate_feed(&z->out, &in, DEFLATE_MORE, &z->packed);

		z->is_unflushed = true;
		moved(z);
		*put_out = n - in.n;
		if (fail == FAIL_NONE)
			return IO_OK;
		io = push_down(z);
		if (io == IO_BROKEN || io == IO_END)
			return io;
	} while (io == IO_OK);
	return *put_out > 0 ? IO_OK : IO_AGAIN;
}

static enum io
compress_flush(struct filter *f)
{
	struct compress *z = compress_of(f);
	enum io io = IO_OK;

	while (z->is_unflushed) {
		struct str nothing = STR("");

		z->is_unflushed =
		    deflate_feed(&z->out, &nothing, z->is_ending ? DEFLATE_END : DEFLATE_SYNC,
			&z->packed) != FAIL_NONE;
		if (!z->is_unflushed)
			break;
		io = push_down(z);
		if (io != IO_OK)
			return io;
	}
	io = push_down(z);
	return io == IO_OK ? f->below->ops->flush(f->below) : io;
}

static enum io
compress_finish(struct filter *f)
{
	return f->below->ops->finish(f->below);
}

static void
compress_free(struct filter *f)
{
	struct compress *z = compress_of(f);

	timer_stop(f->conn->net->loop, &z->timer);
	task_cancel(&z->rest);
	deflate_release(&z->in);
	deflate_release(&z->out);
	buf_release(&z->raw);
	buf_release(&z->packed);
	mem_free(z);
}

static const struct filter_ops compress_ops = {
	.name = "compress",
	.read = compress_read,
	.write = compress_write,
	.flush = compress_flush,
	.finish = compress_finish,
	.free = compress_free,
};

enum fail
conn_compress(struct conn *c)
{
	struct compress *z = mem_new(1, sizeof *z);

	z->filter.ops = &compress_ops;
	buf_init(&z->raw, CONN_READ_BYTES);
	buf_init(&z->packed, PACKED_MAX);
	if (conn_push(c, &z->filter) != FAIL_NONE) {
		mem_free(z);
		return FAIL_PERM;
	}
	deflate_start(&z->out, DEFLATE_RAW, true);
	inflate_start(&z->in, DEFLATE_RAW);
	loop_task(c->net->loop, &z->rest, rest_step, NULL);
	moved(z);
	return FAIL_NONE;
}

enum fail
conn_uncompress(struct conn *c)
{
	struct compress *z = compress_of(c->top);

	invariant(c->top->ops == &compress_ops);
	if (z->is_full || (z->raw.n > 0 && !z->is_over) || conn_pop(c) != FAIL_NONE)
		return FAIL_PERM;
	z->is_ending = z->is_unflushed = true;
	c->skips_end = !z->is_over;
	buf_add(&c->in, buf_str(&z->raw)); /* behind the end of the stream */
	buf_release(&z->raw);
	return FAIL_NONE;
}

bool
conn_is_compressed(const struct conn *c)
{
	return conn_filter(c, &compress_ops) != NULL;
}
