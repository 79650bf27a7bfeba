/* What is counted and what is not, by bounds, places and damage. */
#include "reports/tally.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct store *store;
static struct tally_limits limits = { 3, 4, 100000 };

struct call {
	struct tally_subject subject;
	struct str row;
	enum tally_outcome outcome;
	struct buf *at, *copy;
	uint64_t count;
};

static enum fail
add_in(struct txn *t, void *arg)
{
	struct call *c = arg;

	return tally_add(t, &limits, &c->subject, c->row, &c->outcome);
}

static enum tally_outcome
add(int64_t begin_s, const char *domain, const char *about, const char *row)
{
	struct call c = { .subject = { .kind = TALLY_DMARC,
			      .begin_s = begin_s,
			      .end_s = begin_s + 100,
			      .domain = str_c(domain),
			      .about = str_c(about) },
		.row = str_c(row) };

	CHECK_NUM(store_run(store, add_in, &c), FAIL_NONE);
	return c.outcome;
}

static enum fail
next_in(struct txn *t, void *arg)
{
	struct call *c = arg;

	return tally_next(t, TALLY_DMARC, c->at, &c->subject, c->copy);
}

static enum fail
next_row_in(struct txn *t, void *arg)
{
	struct call *c = arg;

	return tally_next_row(t, c->row, c->at, &c->count, c->copy);
}

static enum fail
delete_in(struct txn *t, void *arg)
{
	struct call *c = arg;

	return tally_delete(t, c->row);
}

/* All of it in one line: "100 a.test v1 2/0: x*2 y*1" .. */
static void
expect(struct str want)
{
	struct buf text, at, copy, row_at, row;

	buf_init(&text, 4000);
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	buf_init(&row_at, STORE_KEY_MAX);
	buf_init(&row, TALLY_ROW_MAX);
	struct call c = { .at = &at, .copy = &copy };
	while (store_read(store, next_in, &c) == FAIL_NONE) {
		struct call r = { .at = &row_at, .copy = &row, .row = buf_str(&at) };
		uint64_t sum = 0, rows = 0;

		buf_add_i64(&text, c.subject.begin_s);
		buf_add_char(&text, ' ');
		buf_add(&text, c.subject.domain);
		buf_add_char(&text, ' ');
		buf_add(&text, c.subject.about);
		buf_add_char(&text, ' ');
		buf_clear(&row_at);
		while (store_read(store, next_row_in, &r) == FAIL_NONE) {
			sum += r.count;
			rows++;
		}
		CHECK_NUM(rows, c.subject.rows);
		buf_add_u64(&text, rows);
		buf_add_char(&text, '*');
		buf_add_u64(&text, sum);
		buf_add_char(&text, '-');
		buf_add_u64(&text, c.subject.dropped);
		buf_add_char(&text, '\n');
	}
	buf_release(&at);
	buf_release(&copy);
	buf_release(&row_at);
	buf_release(&row);
	CHECK_STR(buf_str(&text), want);
	buf_release(&text);
}

/* The Nth subject, from 0. */
static void
delete_nth(unsigned n)
{
	struct buf at, copy;
	struct call c = { .at = &at, .copy = &copy };

	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	for (unsigned i = 0; i <= n; i++)
		CHECK_NUM(store_read(store, next_in, &c), FAIL_NONE);
	c.row = buf_str(&at);
	CHECK_NUM(store_run(store, delete_in, &c), FAIL_NONE);
	CHECK_NUM(store_run(store, delete_in, &c), FAIL_NONE); /* twice is once */
	buf_release(&at);
	buf_release(&copy);
}

static void
test_counts(void)
{
	TEST_ROW("the same is the same");
	CHECK_NUM(add(100, "a.test", "v1", "x"), TALLY_BEGUN);
	CHECK_NUM(add(100, "a.test", "v1", "x"), TALLY_COUNTED);
	CHECK_NUM(add(100, "a.test", "v1", "y"), TALLY_COUNTED);
	CHECK_NUM(add(100, "a.test", "v2", "x"), TALLY_BEGUN);
	CHECK_NUM(add(50, "b.test", "v1", "x"), TALLY_BEGUN);
	expect(STR("50 b.test v1 1*1-0\n100 a.test v1 2*3-0\n100 a.test v2 1*1-0\n"));
	TEST_ROW("a name that begins like another's");
	CHECK_NUM(add(50, "b.test.x", "v1", "x"), TALLY_BEGUN);
	delete_nth(0);
	expect(STR("50 b.test.x v1 1*1-0\n100 a.test v1 2*3-0\n100 a.test v2 1*1-0\n"));
	delete_nth(0);
	delete_nth(1);
	expect(STR("100 a.test v1 2*3-0\n"));
	delete_nth(0);
	expect(STR(""));
}

static void
test_bounds(void)
{
	char row[20];

	TEST_ROW("rows of a subject");
	for (unsigned i = 0; i < 8; i++) {
		snprintf(row, sizeof row, "%u", i);
		CHECK_NUM(add(100, "a.test", "v1", row),
		    i == 0      ? TALLY_BEGUN
			: i < 4 ? TALLY_COUNTED
			: i > 4 ? TALLY_DROPPED
				: TALLY_DROPPED_FIRST);
	}
	CHECK_NUM(add(100, "a.test", "v1", "2"),
	    TALLY_COUNTED); /* one that is there needs no room */
	TEST_ROW("subjects of a period");
	add(100, "b.test", "v1", "x");
	add(100, "c.test", "v1", "x");
	CHECK_NUM(add(100, "d.test", "v1", "x"), TALLY_DROPPED_FIRST);
	CHECK_NUM(add(100, "e.test", "v1", "x"), TALLY_DROPPED);
	CHECK_NUM(add(200, "d.test", "v1", "x"), TALLY_BEGUN);
	delete_nth(2);
	CHECK_NUM(add(100, "d.test", "v1", "x"), TALLY_BEGUN);
	expect(STR("100 a.test v1 4*5-4\n100 b.test v1 1*1-0\n100 d.test v1 1*1-0\n"
		   "200 d.test v1 1*1-0\n"));
	TEST_ROW("bytes of a period");
	for (unsigned i = 0; i < 4; i++)
		delete_nth(0);
	limits.bytes = 300;
	CHECK_NUM(add(100, "a.test", "v1", "one"), TALLY_BEGUN);
	CHECK_NUM(add(100, "a.test", "v1", "two"), TALLY_COUNTED);
	CHECK_NUM(add(100, "a.test", "v1", "three"), TALLY_COUNTED);
	CHECK_NUM(add(100, "a.test", "v1", "four"), TALLY_DROPPED_FIRST);
	CHECK_NUM(add(100, "b.test", "v1", "one"), TALLY_DROPPED_FIRST);
	limits.bytes = 100000;
	delete_nth(0);
	expect(STR(""));
}

static void
test_too_long(void)
{
	struct buf text;
	struct call c = { .subject = { .kind = TALLY_DMARC, .domain = STR("a.test") } };

	TEST_ROW("too long");
	buf_init(&text, 2 * TALLY_ROW_MAX);
	while (text.n <= TALLY_ROW_MAX)
		buf_add_char(&text, 'x');
	c.row = buf_str(&text);
	CHECK_NUM(store_run(store, add_in, &c), FAIL_LIMIT);
	c.row = STR("x");
	c.subject.about = buf_str(&text);
	CHECK_NUM(store_run(store, add_in, &c), FAIL_LIMIT);
	buf_release(&text);
	expect(STR(""));
}

static enum fail
damage(struct txn *t, void *arg)
{
	struct call *c = arg;
	struct cursor cursor;
	struct str key, value;
	struct key from, k;
	enum fail fail = FAIL_NONE;

	(void)c;
	key_init(&from, TALLY_SPACE);
	txn_scan(t, &cursor, key_str(&from), STR("s"), false);
	while (fail == FAIL_NONE && cursor_next(&cursor, &key, &value)) {
		key_init(&k, key.p[0]);
		key_rest(&k, str_from(key, 1));
		fail = txn_put(t, key_str(&k), STR("\x01\xff"));
	}
	return fail != FAIL_NONE ? fail : cursor_end(&cursor);
}

static void
test_damage(void)
{
	struct call c = { .row = STR("") };

	TEST_ROW("damage");
	add(100, "a.test", "v1", "x");
	CHECK_NUM(store_run(store, damage, &c), FAIL_NONE);
	{
		struct buf at, copy;
		struct call r = { .at = &at, .copy = &copy };

		buf_init(&at, STORE_KEY_MAX);
		buf_init(&copy, TALLY_COPY_MAX);
		CHECK_NUM(store_read(store, next_in, &r), FAIL_NONE);
		CHECK_NUM(r.subject.end_s, 100);
		CHECK_NUM(r.subject.rows, 0);
		CHECK_STR(r.subject.domain, STR("a.test"));
		buf_release(&at);
		buf_release(&copy);
	}
	CHECK_NUM(add(100, "a.test", "v1", "x"), TALLY_BEGUN); /* written anew */
	expect(STR("100 a.test v1 1*1-0\n"));
	delete_nth(0);
	expect(STR(""));
}

int
main(void)
{
	CHECK(store_open(&store, NULL, STR(":memory:"), NULL) == FAIL_NONE);
	test_counts();
	test_bounds();
	test_too_long();
	test_damage();
	store_close(&store);
	return test_end();
}
