/* JSON on arbitrary bytes: no crash; what was read is written and read back the same, and what is picked from it is JSON. */
#include "codec/json.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json_picker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct buf out;
	struct json_writer w = { .out = &out };
	bool is_json;
	const struct json *v, *again;

	arena_init(&a, 1 << 24);
	buf_init(&out, 1 << 24);
	is_json = json_parse(str_of(data, size), &a, &v) == FAIL_NONE;
	if (is_json) {
		json_write_value(&w, v);
		invariant(json_parse(buf_str(&out), &a, &again) == FAIL_NONE);
		invariant(json_equal(v, again));
	}
	buf_clear(&out);
	if (json_pick(str_of(data, size), STR("/*/a/0"), &out) == FAIL_NONE && is_json)
		invariant(json_parse(buf_str(&out), &a, &again) == FAIL_NONE);
	buf_release(&out);
	arena_release(&a);
	return 0;
}
