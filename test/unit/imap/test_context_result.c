#include "imap/context.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static uint32_t seed = 7;

static uint32_t
draw(uint32_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void
context_open(struct imap_context *c, bool is_sorted)
{
	*c = (struct imap_context){ .is_sorted = is_sorted };
	buf_init(&c->key_bytes, IMAP_CONTEXT_SORT_KEYS_BYTES);
}

static void
context_close(struct imap_context *c)
{
	mem_free(c->uids);
	mem_free(c->keys);
	buf_release(&c->key_bytes);
}

/* The key of a message: few differ. */
static struct str
key_of(uint32_t uid)
{
	static const char *const keys[] = { "", "a", "ab", "b", "\xff" };

	return str_c(keys[uid * 7 % 5]);
}

static int
compare(const struct imap_context *c, uint32_t a, uint32_t b)
{
	int order = c->is_sorted ? str_cmp(key_of(a), key_of(b)) : 0;

	return order != 0 ? order : a < b ? -1 : a > b;
}

/* Put and take at random: in order at any time, places as told, exactly those that are in. */
static void
test_random(bool is_sorted)
{
	bool is_in[101] = { false };
	struct imap_context c;
	size_t count = 0, place;

	TEST_ROW(is_sorted ? "sorted" : "by uid");
	context_open(&c, is_sorted);
	for (int i = 0; i < 3000; i++) {
		uint32_t uid = draw(100) + 1;

		CHECK(imap_context_has(&c, uid) == is_in[uid]);
		if (is_in[uid]) {
			size_t at = 0;

			while (c.uids[at] != uid)
				at++;
			CHECK_NUM(imap_context_take(&c, uid), at + 1);
			CHECK_NUM(imap_context_take(&c, uid), 0);
			count--;
		} else {
			place = imap_context_put(&c, uid, is_sorted ? key_of(uid) : STR(""));
			CHECK(place >= 1 && place <= c.count && c.uids[place - 1] == uid);
			count++;
		}
		is_in[uid] = !is_in[uid];
		CHECK_NUM(c.count, count);
		for (size_t k = 1; k < c.count; k++)
			CHECK(compare(&c, c.uids[k - 1], c.uids[k]) < 0);
	}
	CHECK(!c.is_over);
	context_close(&c);
}

static void
test_limits(void)
{
	struct imap_context c;

	TEST_ROW("too many");
	context_open(&c, false);
	for (uint32_t i = 1; i <= IMAP_CONTEXT_MESSAGES_MAX; i++)
		imap_context_add(&c, i, STR(""));
	CHECK(!c.is_over);
	imap_context_add(&c, UINT32_MAX - 1, STR(""));
	CHECK(c.is_over);
	CHECK_NUM(c.count, IMAP_CONTEXT_MESSAGES_MAX);
	context_close(&c);
	TEST_ROW("too many sorted");
	context_open(&c, true);
	for (uint32_t i = 1; i <= IMAP_CONTEXT_SORTED_MAX + 1; i++)
		(void)imap_context_put(&c, i, STR("k"));
	CHECK(c.is_over);
	CHECK_NUM(c.count, IMAP_CONTEXT_SORTED_MAX);
	context_close(&c);
	TEST_ROW("too long keys");
	context_open(&c, true);
	CHECK(buf_room(&c.key_bytes, IMAP_CONTEXT_SORT_KEYS_BYTES) != NULL);
	buf_grow(&c.key_bytes, IMAP_CONTEXT_SORT_KEYS_BYTES);
	imap_context_add(&c, 1, STR(""));
	CHECK(!c.is_over);
	imap_context_add(&c, 2, STR("k"));
	CHECK(c.is_over);
	context_close(&c);
}

int
main(void)
{
	test_random(false);
	test_random(true);
	test_limits();
	return test_end();
}
