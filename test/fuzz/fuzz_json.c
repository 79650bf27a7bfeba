/* JSON on arbitrary bytes: no crash; what was read is written and read back the same. */
#include "codec/json.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct buf out;
	struct json_writer w = { .out = &out };
	const struct json *v, *again, *at;

	arena_init(&a, 1 << 24);
	buf_init(&out, 1 << 24);
	if (json_parse(str_of(data, size), &a, &v) == FAIL_NONE) {
		json_write_value(&w, v);
		invariant(json_parse(buf_str(&out), &a, &again) == FAIL_NONE);
		invariant(json_equal(v, again));
		if (json_pointer(v, STR("/*/a/0"), &a, &at) == FAIL_NONE)
			json_write_value(&w, at);
	}
	buf_release(&out);
	arena_release(&a);
	return 0;
}
