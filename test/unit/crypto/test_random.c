#include "crypto/random.h"

/* base */
#include "base/test.h"

int
main(void)
{
	unsigned seen[7] = { 0 };
	struct buf a, b;

	TEST_ROW("below");
	for (int i = 0; i < 7000; i++) {
		uint64_t n = random_below(7);

		if (CHECK(n < 7))
			seen[n]++;
	}
	for (int i = 0; i < 7; i++)
		CHECK(seen[i] > 700 && seen[i] < 1300);
	CHECK_NUM(random_below(1), 0);
	TEST_ROW("text");
	buf_init(&a, 1000);
	buf_init(&b, 1000);
	random_text(&a, 100);
	random_text(&b, 100);
	CHECK_NUM(a.n, 100);
	CHECK(!str_eq(buf_str(&a), buf_str(&b)));
	for (size_t i = 0; i < a.n; i++)
		CHECK(char_is_alpha(buf_str(&a).p[i]) || char_is_digit(buf_str(&a).p[i]));
	buf_release(&a);
	buf_release(&b);
	return test_end();
}
