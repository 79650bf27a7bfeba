/* Sequence sets on arbitrary bytes: what resolves is sorted, disjoint and answers consistently. */
#include "imap/set.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_set set;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	struct imap_cursor c = { str_of(data, size), &arena, false };
	if (imap_set_parse(&c, &set)) {
		imap_set_resolve(&set, 1000);
		for (size_t i = 0; i < set.count; i++) {
			const struct imap_range *r = &set.ranges[i];

			invariant(r->first > 0 && r->first <= r->last);
			invariant(i == 0 || set.ranges[i - 1].last < r->first - 1);
			invariant(imap_set_has(&set, r->first) && imap_set_has(&set, r->last));
			invariant(!imap_set_has(&set, r->first - 1));
		}
	}
	arena_release(&arena);
	return 0;
}
