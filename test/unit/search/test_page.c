#include "search/page.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "search/grams.h"

static uint32_t state = 7;

static uint32_t
random_below(uint32_t limit)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % limit;
}

/* About one of `rarity` bits of those in `all`. */
static struct bits
random_bits(const struct bits *all, uint32_t rarity)
{
	struct bits b = { { 0 } };

	for (unsigned bit = 0; bit < CHUNK_SIZE; bit++)
		if (random_below(rarity) == 0)
			bits_set(&b, bit);
	bits_and(&b, all);
	return b;
}

#define GRAMS 40

/* Pages of rare, common and universal grams give back what was put in, and nothing for grams between. */
static void
check_round_trip(uint32_t density)
{
	struct bits all, have[GRAMS], found;
	uint32_t grams[GRAMS], gram = 0;
	struct buf page;

	all = (struct bits){ { 0 } };
	for (unsigned bit = 0; bit < CHUNK_SIZE; bit++)
		if (random_below(density) == 0)
			bits_set(&all, bit);
	bits_set(&all, CHUNK_SIZE - 1);
	buf_init(&page, 64 * 1024);
	for (unsigned i = 0; i < GRAMS; i++) {
		static const uint32_t rarities[] = { 2, 6, 10, 50, 400 };
		uint32_t was = gram;

		gram += 2 + random_below(i % 5 ? 3 : 500000);
		grams[i] = gram;
		have[i] = i % 7 == 3 ? all : random_bits(&all, rarities[i % 5]);
		page_add(&page, was, gram, &have[i], &all);
	}
	for (unsigned i = 0; i < GRAMS; i++) {
		CHECK(page_find(buf_str(&page), grams[i], &all, &found));
		CHECK(bits_equal(&found, &have[i]));
		CHECK(page_find(buf_str(&page), grams[i] + 1, &all, &found));
		CHECK(bits_empty(&found));
	}
	/* Cut anywhere: an answer or "damaged", but no reading behind the end. */
	for (size_t n = 0; n < page.n; n++) {
		char *exact = mem_new(n + 1, 1);

		for (size_t k = 0; k < n; k++)
			exact[k] = buf_str(&page).p[k];
		exact = mem_resize(exact, n ? n : 1, 1);
		(void)page_find(str_of(exact, n), grams[GRAMS - 1], &all, &found);
		mem_free(exact);
	}
	buf_release(&page);
}

static void
check_damage(void)
{
	struct bits all = { { 1 } }, found;

	CHECK(!page_find(STR("\x05\xff\x01"), 5, &all, &found));
	CHECK(!page_find(STR("\x05\x03"), 5, &all, &found));         /* no such kind */
	CHECK(!page_find(STR("\x05\x08\xff\xff"), 5, &all, &found)); /* no such bit */
	CHECK(!page_find(STR("\x05\x05\x01"), 5, &all, &found));     /* too few bits */
	CHECK(!page_find(STR("\xff\xff\xff\xff\x0f\x02"), 5, &all, &found));
}

static void
check_bits(void)
{
	struct bits b = { { 0 } }, other;
	struct buf out;

	CHECK_NUM(bits_next(&b, 0), CHUNK_SIZE);
	bits_set(&b, 0);
	bits_set(&b, 63);
	bits_set(&b, 64);
	bits_set(&b, CHUNK_SIZE - 1);
	CHECK_NUM(bits_next(&b, 0), 0);
	CHECK_NUM(bits_next(&b, 1), 63);
	CHECK_NUM(bits_next(&b, 64), 64);
	CHECK_NUM(bits_next(&b, 65), CHUNK_SIZE - 1);
	CHECK_NUM(bits_next(&b, CHUNK_SIZE), CHUNK_SIZE);
	buf_init(&out, CHUNK_SIZE);
	bits_write(&out, &b);
	CHECK(bits_read(buf_str(&out), &other));
	CHECK(bits_equal(&b, &other));
	CHECK(!bits_read(str_from(buf_str(&out), 1), &other));
	buf_release(&out);
}

int
main(void)
{
	check_bits();
	check_round_trip(1);
	check_round_trip(3);
	check_round_trip(100);
	check_damage();
	return test_end();
}
