/* Messages that are far away: indexed when they are here, candidates until then, and nobody spins. */
#include "fixture.h"

/* base */
#include "base/op.h"

/* rooms */
#include "loop/loop.h"

static struct fixture f;
static struct loop loop;
static int64_t now_ms;

static void
later(int64_t ms)
{
	now_ms += ms;
	clock_fake(now_ms, 800000000000 + now_ms);
}

static void
turns(void)
{
	for (int i = 0; i < 20; i++)
		loop_turn(&loop, 0);
}

static void
begin(const char *row)
{
	TEST_ROW(row);
	now_ms = 1000;
	later(0);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	fixture_init(&f, row);
	f.is_far = true;
	search_open(&f.search, &loop, str_c(f.path), &fixture_source, &f);
	fixture_add(&f, 1, STR("Subject: apple\r\n\r\npear\r\n"));
	fixture_add(&f, 1, STR("Subject: plum\r\n\r\ngrape\r\n"));
	later(60000);
	turns();
	CHECK(f.wait && op_pending(&f.wait->op));
}

static void
end(void)
{
	fixture_release(&f);
	loop_release(&loop);
}

static void
expect(const char *text, const char *want)
{
	struct search_term term = fixture_text(SEARCH_IN_ALL, str_c(text));
	struct buf got;

	buf_init(&got, 1000);
	CHECK_STR(fixture_candidates(&f, &got, 1, &term), str_c(want));
	buf_release(&got);
}

static void
test_waiting(void)
{
	begin("waiting");
	CHECK(search_is_waiting(f.search));
	CHECK(!search_work(f.search, clock_precise_us() + 1000)); /* nothing can be done */
	CHECK_NUM(loop.steps, 0);                                 /* and nobody tries */
	expect("apple", "1 2");
	op_finish(&f.wait->op, FAIL_NONE);
	turns();
	expect("apple", "1 2"); /* the second one is on its way */
	CHECK(op_pending(&f.wait->op));
	op_finish(&f.wait->op, FAIL_NONE);
	turns();
	CHECK_NUM(search_status(f.search).indexed, 2);
	expect("apple", "1");
	expect("grape", "2");
	end();
}

static void
test_unreached(void)
{
	begin("unreached");
	op_finish(&f.wait->op, FAIL_TEMP);
	f.wait = NULL;
	turns();
	CHECK_NUM(search_status(f.search).indexed, 0);
	CHECK(search_status(f.search).is_usable);
	CHECK_NUM(loop.steps, 0);
	CHECK(f.wait == NULL);
	expect("apple", "1 2");
	CHECK(f.wait == NULL); /* who asks does not begin anew either */
	later(60000);
	turns();
	CHECK(f.wait != NULL);
	op_finish(&f.wait->op, FAIL_NONE);
	turns();
	op_finish(&f.wait->op, FAIL_NONE);
	turns();
	CHECK_NUM(search_status(f.search).indexed, 2);
	expect("apple", "1");
	end();
}

static void
test_gone(void)
{
	begin("its account goes while it is on its way");
	f.last[0] = 0;
	search_forget(f.search, 1);
	CHECK(!search_is_waiting(f.search));
	turns();
	end();
	begin("the server stops while it is on its way");
	end();
}

int
main(void)
{
	test_waiting();
	test_unreached();
	test_gone();
	return test_end();
}
