/* Output and its gate, deadlines, filters, goodbye: in memory. */

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "net/filter.h"
#include "net/memory.h"
#include "net/private.h"

static struct loop loop;
static struct net net;

/* A session that only counts how often it was stepped. */
struct owner {
	struct task task;
	int steps;
};

static enum step
owner_step(struct task *t)
{
	container_of(t, struct owner, task)->steps++;
	return STEP_WAIT;
}

static struct conn *
fresh(struct owner *o)
{
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));

	*o = (struct owner){ 0 };
	loop_task(&loop, &o->task, owner_step, NULL);
	conn_attach(c, &o->task);
	loop_turn(&loop, 0);
	CHECK_NUM(o->steps, 1);
	o->steps = 0;
	return c;
}

static void
end(struct conn *c, struct owner *o)
{
	conn_free(&c);
	task_cancel(&o->task);
}

static enum fail commit_outcome;

static enum fail
commit(struct turn_hook *hook, enum fail so_far)
{
	(void)hook;
	return so_far == FAIL_NONE ? commit_outcome : so_far;
}

static struct turn_hook commit_hook = { .run = commit };

static void
test_gate(void)
{
	struct owner o, other;
	struct conn *c = fresh(&o), *quiet = fresh(&other);

	TEST_ROW("gate");
	buf_add_c(conn_out(c), "250 ok\r\n");
	CHECK(str_empty(conn_memory_sent(c)));
	CHECK(!conn_drained(c));
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(c), STR("250 ok\r\n"));
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 1); /* conn_drained() said no, so it is told */
	CHECK(conn_drained(c));

	TEST_ROW("failed commit");
	buf_add_c(conn_out(c), "250 stored\r\n");
	commit_outcome = FAIL_TEMP;
	loop_turn(&loop, 0);
	commit_outcome = FAIL_NONE;
	CHECK_STR(conn_memory_sent(c), STR("250 ok\r\n"));
	CHECK(conn_closed(c) && conn_broken(c) && conn_drained(c));
	CHECK(!conn_closed(quiet));
	buf_add_c(conn_out(c), "more");
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(c), STR("250 ok\r\n"));
	CHECK_NUM(o.steps, 2);
	buf_add_c(conn_out(quiet), "still here");
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(quiet), STR("still here"));
	end(c, &o);
	end(quiet, &other);
}

static void
test_slow_peer(void)
{
	struct owner o;
	struct conn *c = fresh(&o);
	static char block[CONN_OUT_HIGH + 100];

	TEST_ROW("slow peer");
	memset(block, 'x', sizeof block);
	conn_memory_accept(c, 10);
	CHECK(!conn_is_high(c));
	buf_add(conn_out(c), str_of(block, sizeof block));
	CHECK(conn_is_high(c));
	loop_turn(&loop, 0);
	CHECK_NUM(conn_memory_sent(c).n, 10);
	CHECK(conn_is_high(c) && !conn_drained(c));
	o.steps = 0;
	conn_memory_accept(c, 1000);
	loop_turn(&loop, 0);
	CHECK_NUM(conn_memory_sent(c).n, 1010);
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 0); /* it went on without the session */
	conn_memory_accept(c, CONN_OUT_HIGH / 2);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 1);
	CHECK(!conn_is_high(c) && !conn_drained(c));
	conn_memory_accept(c, SIZE_MAX);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 2);
	CHECK(conn_drained(c));
	CHECK_NUM(conn_memory_sent(c).n, sizeof block);

	TEST_ROW("overflow");
	for (int i = 0; i < 20; i++)
		buf_add(conn_out(c), str_of(block, sizeof block));
	loop_turn(&loop, 0);
	CHECK(conn_closed(c));
	end(c, &o);
}

static void
test_finish(void)
{
	struct owner o;
	struct conn *c = fresh(&o);
	struct str line;

	TEST_ROW("finish");
	conn_memory_feed(c, STR("QUIT\r\nMORE\r\n"));
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 1);
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	buf_add_c(conn_out(c), "221 bye\r\n");
	conn_finish(c);
	CHECK(!conn_drained(c));
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(c), STR("221 bye\r\n"));
	CHECK(conn_memory_finished(c));
	loop_turn(&loop, 0);
	CHECK_NUM(o.steps, 2);
	CHECK(conn_drained(c));
	end(c, &o); /* lingers: the peer did not close */
	CHECK(!list_empty(&net.conns));
	loop_turn(&loop, 0);
	CHECK(!list_empty(&net.conns));
	clock_fake(clock_mono_ms() + 60000, clock_wall_ms());
	loop_turn(&loop, 0);
	CHECK(list_empty(&net.conns));

	TEST_ROW("finish, peer closes");
	c = fresh(&o);
	buf_add_c(conn_out(c), "421 bye\r\n");
	conn_finish(c);
	conn_free(&c); /* not drained yet: leaves by itself */
	loop_turn(&loop, 0);
	c = container_of(list_first(&net.conns), struct conn, node);
	CHECK_STR(conn_memory_sent(c), STR("421 bye\r\n"));
	conn_memory_feed(c, STR("noise"));
	conn_memory_end(c);
	loop_turn(&loop, 0);
	CHECK(list_empty(&net.conns));
	task_cancel(&o.task);
}

static void
test_deadline(void)
{
	struct owner o;
	struct conn *c = fresh(&o);

	TEST_ROW("deadline");
	conn_deadline(c, 1000);
	loop_turn(&loop, 0);
	CHECK(!conn_expired(c));
	clock_fake(clock_mono_ms() + 1000, clock_wall_ms());
	loop_turn(&loop, 0);
	CHECK(conn_expired(c));
	CHECK_NUM(o.steps, 1);
	conn_deadline(c, 1000);
	CHECK(!conn_expired(c));
	conn_deadline(c, -1);
	clock_fake(clock_mono_ms() + 5000, clock_wall_ms());
	loop_turn(&loop, 0);
	CHECK(!conn_expired(c));
	end(c, &o);
}

/* A filter that turns every byte's lowest bit over, both ways. */
struct flip {
	struct filter filter;
};

static void
flip(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(p[i] ^ 1);
}

static enum io
flip_read(struct filter *f, void *p, size_t n, size_t *got_out)
{
	enum io io = f->below->ops->read(f->below, p, n, got_out);

	if (io == IO_OK)
		flip(p, *got_out);
	return io;
}

static enum io
flip_write(struct filter *f, const void *p, size_t n, size_t *put_out)
{
	char piece[16];
	size_t take = n < sizeof piece ? n : sizeof piece;

	memcpy(piece, p, take);
	flip(piece, take);
	return f->below->ops->write(f->below, piece, take, put_out);
}

static enum io
flip_flush(struct filter *f)
{
	return f->below->ops->flush(f->below);
}

static enum io
flip_finish(struct filter *f)
{
	return f->below->ops->finish(f->below);
}

static void
flip_free(struct filter *f)
{
	mem_free(container_of(f, struct flip, filter));
}

static const struct filter_ops flip_ops = {
	.name = "flip",
	.read = flip_read,
	.write = flip_write,
	.flush = flip_flush,
	.finish = flip_finish,
	.free = flip_free,
};

static void
test_filter(void)
{
	struct owner o;
	struct conn *c = fresh(&o);
	struct flip *f = mem_new(1, sizeof *f);
	struct str line;

	TEST_ROW("filter");
	f->filter.ops = &flip_ops;
	conn_memory_feed(c, STR("STARTTLS\r\nEVIL\r\n"));
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	CHECK_NUM(conn_push(c, &f->filter), FAIL_PERM); /* injected behind STARTTLS */
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	buf_add_c(conn_out(c), "220 go\r\n");
	CHECK_NUM(conn_push(c, &f->filter), FAIL_NONE);
	CHECK(conn_filter(c, &flip_ops) == &f->filter);
	buf_add_c(conn_out(c), "``a");
	conn_memory_feed(c, STR("@C\f\v"));
	CHECK(conn_line(c, 100, &line) == LINE_NONE); /* the reply in clear leaves first */
	o.steps = 0;
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(c), STR("220 go\r\naa`"));
	loop_turn(&loop, 0);
	CHECK(o.steps > 0);
	CHECK(conn_line(c, 100, &line) == LINE_READY);
	CHECK_STR(line, STR("AB"));
	end(c, &o);
}

int
main(void)
{
	clock_fake(1000000, 1000000);
	invariant(loop_init(&loop) == FAIL_NONE);
	loop_hook(&loop, TURN_COMMIT, &commit_hook);
	net_init(&net, &loop, &net_settings_default);
	test_gate();
	test_slow_peer();
	test_finish();
	test_deadline();
	test_filter();
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
