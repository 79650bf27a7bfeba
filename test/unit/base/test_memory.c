/* buf, arena, map, list, num, mem: what owns and counts. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/test.h"

/* system */
#include <stdio.h>
#include <string.h>

static void
test_buf(void)
{
	struct buf b;
	char *room;

	TEST_ROW("append and consume");
	buf_init(&b, 1000);
	CHECK(b.p == NULL);
	buf_add(&b, STR("hello "));
	buf_add_u64(&b, 42);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	CHECK_STR(buf_str(&b), STR("hello 42 -9223372036854775808"));
	buf_consume(&b, 6);
	buf_truncate(&b, 2);
	CHECK_STR(buf_str(&b), STR("42"));
	CHECK(strcmp(buf_c(&b), "42") == 0);
	CHECK_NUM(b.n, 2);
	buf_clear(&b);
	for (size_t n = 1; n < 512; n *= 2) { /* it moves while it grows */
		buf_add_char(&b, (char)('a' + n % 7));
		buf_add_again(&b, 0, n);
	}
	CHECK(buf_ok(&b) && b.n == 520);
	CHECK_STR(str_slice(buf_str(&b), 0, 8), STR("bbcbbebb"));
	buf_drop(&b, 519);
	CHECK_NUM(b.n, 1);
	buf_drop(&b, 1);
	CHECK(b.n == 0 && b.start == 0 && b.cap >= 520); /* the memory is kept */
	for (size_t n = 0; n < 40; n++) {                /* short and long */
		static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCD";

		buf_clear(&b);
		buf_add(&b, str_of(text, n));
		CHECK_STR(buf_str(&b), str_of(text, n));
	}
	buf_clear(&b);
	buf_add_u64_padded(&b, 7, 3);
	buf_add_hex(&b, STR("\x01\xab"));
	CHECK_STR(buf_str(&b), STR("00701ab"));
	buf_add_escape(&b, '%', (char)0xfe);
	CHECK_STR(buf_str(&b), STR("00701ab%FE"));

	TEST_ROW("the cap is sticky");
	buf_clear(&b);
	for (int i = 0; i < 100; i++)
		buf_add(&b, STR("0123456789"));
	CHECK(buf_ok(&b));
	buf_add(&b, STR("x"));
	CHECK(!buf_ok(&b));
	CHECK_NUM(b.n, 1000);
	buf_consume(&b, 500);
	buf_add(&b, STR("x"));
	CHECK_NUM(b.n, 500);
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	CHECK(buf_ok(&b));

	TEST_ROW("room");
	CHECK(buf_room(&b, 1001) == NULL && buf_ok(&b));
	room = buf_room(&b, 1000);
	CHECK(room != NULL);
	memset(room, 'y', 1000);
	buf_grow(&b, 1000);
	buf_consume(&b, 1000);
	CHECK(b.p == NULL); /* an emptied large buffer gives its memory back */
	buf_release(&b);
}

static void
test_arena(void)
{
	const struct arena_block *block;
	struct arena a;
	size_t used;
	struct str s;

	TEST_ROW("arena");
	arena_init(&a, 10000);
	CHECK(a.blocks == NULL);
	s = arena_str(&a, STR("text"));
	CHECK_STR(s, STR("text"));
	CHECK_NUM(s.p[4], 0);
	CHECK(arena_str(&a, STR("")).p != NULL);
	for (int i = 0; i < 50; i++) {
		long *p = arena_alloc(&a, 3, sizeof *p);

		CHECK(p != NULL && (size_t)p % sizeof(long) == 0 && p[0] == 0 && p[2] == 0);
		if (p)
			p[0] = p[1] = p[2] = -1;
	}
	CHECK_STR(s, STR("text"));
	CHECK(arena_alloc(&a, 1, 10001) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX, 2) == NULL);
	CHECK(arena_room(&a, SIZE_MAX, 2) == NULL);
	CHECK(arena_room(&a, 1, 10001) == NULL);
	CHECK(arena_room(&a, 2, sizeof used) != NULL);
	used = a.used;
	CHECK(arena_alloc(&a, 1, 10000 - used) != NULL || used % 16 != 0);
	CHECK(arena_alloc(&a, 1, 17) == NULL);
	arena_reset(&a);
	CHECK_NUM(a.used, 0);
	CHECK(arena_alloc(&a, 1, 9000) != NULL);
	arena_release(&a);
	TEST_ROW("arena in a loop");
	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < 100; i++)
		CHECK(arena_alloc(&a, 1, 1000) != NULL);
	arena_reset(&a);
	block = a.blocks;
	CHECK(block != NULL && a.used == 0);
	for (size_t i = 0; i < 30; i++) {
		char *p = arena_alloc(&a, 1, 1000);

		CHECK(p != NULL && p[0] == 0 && p[999] == 0);
		if (p)
			memset(p, -1, 1000);
	}
	CHECK(a.blocks == block); /* it was enough */
	CHECK(arena_alloc(&a, 1, 500000) != NULL);
	arena_reset(&a);
	CHECK(a.blocks == NULL);
}

struct thing {
	struct map_node node;
	char key[12];
	int seen;
};

static void
test_map(void)
{
	static struct thing things[1000];
	struct map m = { 0 };
	size_t walked = 0;

	TEST_ROW("map");
	CHECK(map_find(&m, STR("x")) == NULL && map_first(&m) == NULL);
	for (int i = 0; i < 1000; i++) {
		snprintf(things[i].key, sizeof things[i].key, "%d", i);
		map_insert(&m, &things[i].node, str_c(things[i].key));
	}
	for (int i = 0; i < 1000; i += 2)
		map_remove(&m, &things[i].node);
	for (int i = 0; i < 1000; i++)
		CHECK((map_find(&m, str_c(things[i].key)) == &things[i].node) == (i % 2 == 1));
	for (struct map_node *n = map_first(&m); n; n = map_next(&m, n)) {
		container_of(n, struct thing, node)->seen++;
		walked++;
	}
	CHECK_NUM(walked, 500);
	for (int i = 0; i < 1000; i++)
		CHECK_NUM(things[i].seen, i % 2);
	map_release(&m);
	CHECK(map_hash(STR("a")) != map_hash(STR("b")) && map_hash(STR("a")) == map_hash(STR("a")));
}

static void
test_list(void)
{
	struct list l = { 0 };
	struct list_node a = { 0 }, b = { 0 }, c = { 0 };

	TEST_ROW("list");
	CHECK(list_empty(&l) && list_first(&l) == NULL && list_pop(&l) == NULL);
	list_append(&l, &a);
	list_append(&l, &b);
	list_prepend(&l, &c);
	CHECK(list_first(&l) == &c && list_next(&l, &c) == &a && list_next(&l, &b) == NULL);
	list_remove(&a);
	list_remove(&a);
	CHECK(!list_linked(&a) && list_next(&l, &c) == &b);
	CHECK(list_pop(&l) == &c && list_pop(&l) == &b && list_empty(&l));
}

static void
test_num(void)
{
	size_t n = 7;
	uint64_t u = 7;
	int64_t i = 7;

	TEST_ROW("num");
	CHECK(size_add(1, 2, &n) && n == 3);
	CHECK(!size_add(SIZE_MAX, 1, &n) && n == 3);
	CHECK(size_mul(3, 4, &n) && n == 12);
	CHECK(!size_mul(SIZE_MAX / 2, 3, &n) && n == 12);
	CHECK(!u64_add(UINT64_MAX, 1, &u) && u == 7);
	CHECK(!i64_add(INT64_MAX, 1, &i) && i == 7);
	CHECK_NUM(u32_clamp(UINT64_MAX), UINT32_MAX);
	CHECK_NUM(u32_clamp(5), 5);
}

static void
test_secrets(void)
{
	char secret[4] = "abc";

	TEST_ROW("secrets");
	CHECK(mem_equal_secret("abc", "abc", 3) && !mem_equal_secret("abc", "abd", 3));
	CHECK(mem_equal_secret("x", "y", 0));
	mem_wipe(secret, sizeof secret);
	CHECK(secret[0] == 0 && secret[1] == 0 && secret[2] == 0);
}

int
main(void)
{
	test_buf();
	test_arena();
	test_map();
	test_list();
	test_num();
	test_secrets();
	return test_end();
}
