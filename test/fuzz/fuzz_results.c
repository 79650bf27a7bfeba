/* Authentication-Results on arbitrary bytes: what was understood is written and read back; what is written is one field. */
#include "mailauth/results.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_back(const struct results *r)
{
	struct results again;
	struct header h;
	struct arena a;
	struct buf out;
	struct str cur;

	arena_init(&a, 4 * RESULTS_ARENA_MAX);
	buf_init(&out, 4 * 1024 * 1024);
	results_write(&out, STR("Authentication-Results: "), r);
	cur = buf_str(&out);
	invariant(buf_ok(&out) && header_next(&cur, &h) && cur.n == 0);
	invariant(str_eq(h.name, STR("Authentication-Results")));
	invariant(results_parse(h.value, &a, &again) == FAIL_NONE && again.count == r->count);
	for (size_t i = 0; i < again.count; i++)
		invariant(again.items[i].verdict == r->items[i].verdict &&
		    str_eq(again.items[i].method, r->items[i].method));
	buf_release(&out);
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct results r;
	struct arena a;

	arena_init(&a, RESULTS_ARENA_MAX);
	if (results_parse(str_of(data, size), &a, &r) == FAIL_NONE) {
		read_back(&r);
		invariant(!str_eq(r.id, STR("mx.example.org")) ||
		    results_is_ours(str_of(data, size), r.id));
		invariant(!results_is_other_version(str_of(data, size)));
	}
	(void)results_is_other_version(str_of(data, size));
	(void)results_is_ours(str_of(data, size), STR("mx.example.org"));
	arena_release(&a);
	return 0;
}
