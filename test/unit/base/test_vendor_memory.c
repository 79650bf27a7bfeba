/* What the programs have in the C library's place (vendor/config/memory.h), beside the library's. */
/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

#include "../vendor/config/memory.h"

#ifdef MEMORY_IS_OURS

#define SIZE_TRIED 300 /* several steps, and all that may be left of one */
#define SHIFT      80  /* more than a step */

/* A page of SQLite's, and what does not end where a step does. */
static const size_t large[] = { 4095, 4096, 4097, 65536 + 13 };

static void
fill(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(i * 31 + i / 251);
}

/* Of heap blocks that end where the bytes do: one byte too many is seen. */
static void
move_apart(size_t n)
{
	unsigned char *from = mem_new(n, 1), *to = mem_new(n, 1);

	fill(from, n);
	memory_move((char *)to, (const char *)from, n);
	CHECK(memcmp(to, from, n) == 0);
	mem_free(from);
	mem_free(to);
}

/* From `from` to `to` in one block that is no longer than needed. */
static void
move_within(size_t n, size_t from, size_t to)
{
	size_t bytes = n + (from > to ? from : to);
	unsigned char *own = mem_new(bytes, 1), *want = mem_new(bytes, 1);

	fill(own, bytes);
	fill(want, bytes);
	memory_move((char *)own + to, (const char *)own + from, n);
	memmove(want + to, want + from, n);
	CHECK(memcmp(own, want, bytes) == 0);
	mem_free(own);
	mem_free(want);
}

static void
test_move(void)
{
	for (size_t n = 0; n <= SIZE_TRIED; n++) {
		move_apart(n);
		for (size_t shift = 0; shift <= SHIFT; shift++) {
			move_within(n, 0, shift);
			move_within(n, shift, 0);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		move_apart(large[i]);
		move_within(large[i], 0, 2);
		move_within(large[i], 2, 0);
		move_within(large[i], 0, 100);
		move_within(large[i], 100, 0);
	}
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Two of n bytes that differ at `at` and, where it must not matter, behind it. */
static void
compare(size_t n, size_t at, unsigned char x, unsigned char y)
{
	unsigned char *a = mem_new(n, 1), *b = mem_new(n, 1);

	fill(a, n);
	fill(b, n);
	a[at] = x;
	b[at] = y;
	if (at + 1 < n)
		a[at + 1] = (unsigned char)~b[at + 1];
	CHECK_NUM(sign(memory_compare(a, b, n)), sign(memcmp(a, b, n)));
	CHECK_NUM(sign(memory_compare(b, a, n)), sign(memcmp(b, a, n)));
	CHECK_NUM(memory_compare(a, a, n), 0);
	mem_free(a);
	mem_free(b);
}

static void
test_compare(void)
{
	CHECK_NUM(memory_compare((const unsigned char *)"a", (const unsigned char *)"b", 0), 0);
	for (size_t n = 1; n <= 70; n++) {
		for (size_t at = 0; at < n; at++) {
			compare(n, at, 0, 255);
			compare(n, at, 127, 128);
			compare(n, at, 1, 2);
			compare(n, at, 5, 5);
		}
	}
}

int
main(void)
{
	test_move();
	test_compare();
	return test_end();
}

#else

int
main(void)
{
	return test_end();
}

#endif
