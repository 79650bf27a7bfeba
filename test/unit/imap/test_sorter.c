#include "imap/sorter.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static uint32_t seed = 1;

static uint32_t
draw(uint32_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static struct str
key_of(const struct imap_sorter *so, size_t place)
{
	return str_slice(buf_str(&so->keys), so->items[place].at, so->items[place].n);
}

/* Ascending, equal keys in the order of adding, each index once. */
static void
check(const struct imap_sorter *so)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < so->count; i++) {
		int order = i > 0 ? str_cmp(key_of(so, i - 1), key_of(so, i)) : -1;

		sum += imap_sorter_get(so, i);
		CHECK(order < 0 ||
		    (order == 0 && imap_sorter_get(so, i - 1) < imap_sorter_get(so, i)));
	}
	CHECK_NUM(sum, so->count * (so->count > 0 ? so->count - 1 : 0) / 2);
}

/* Keys of 0 to 11 bytes of which few differ. */
static void
test_random(size_t count, size_t moves)
{
	struct imap_sorter so;
	size_t steps = 1;

	imap_sorter_init(&so);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t n = draw(12); n > 0; n--)
			buf_add_char(&so.keys, (char)(draw(3) * 0x7f));
		imap_sorter_add(&so);
	}
	while (!imap_sorter_step(&so, moves))
		steps++;
	check(&so);
	CHECK(steps >= (count > 1 ? count / moves : 1));
	CHECK(imap_sorter_step(&so, moves));
	imap_sorter_release(&so);
}

static void
test_limits(void)
{
	struct imap_sorter so;

	TEST_ROW("too many");
	imap_sorter_init(&so);
	for (size_t i = 0; i < IMAP_SORTER_THINGS_MAX; i++)
		imap_sorter_add(&so);
	CHECK(!so.is_over);
	imap_sorter_add(&so);
	CHECK(so.is_over);
	CHECK_NUM(so.count, IMAP_SORTER_THINGS_MAX);
	imap_sorter_release(&so);
	TEST_ROW("too much");
	imap_sorter_init(&so);
	CHECK(buf_room(&so.keys, IMAP_SORTER_KEYS_MAX) != NULL);
	buf_grow(&so.keys, IMAP_SORTER_KEYS_MAX);
	imap_sorter_add(&so);
	CHECK(!so.is_over);
	buf_add_char(&so.keys, 'x');
	imap_sorter_add(&so);
	CHECK(so.is_over);
	imap_sorter_release(&so);
}

int
main(void)
{
	static const size_t counts[] = { 0, 1, 2, 3, 7, 8, 9, 100, 1000, 1025 };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		TEST_ROW("random");
		test_random(counts[i], 1);
		test_random(counts[i], 13);
		test_random(counts[i], 100000);
	}
	test_limits();
	return test_end();
}
