/* JSON on arbitrary bytes: no crash; what was read is written and read back the same, and what is picked from it is JSON. */
#include "codec/json.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json_picker.h"
#include "codec/json_reader.h"

/* A reader that pauses behind every byte ends as one that never does. */
static void
read_both(struct str text)
{
	struct json_reader whole, pausing;
	struct json_token a, b;
	enum fail fail, paused_fail;

	json_reader_init(&whole, text);
	json_reader_init(&pausing, text);
	do {
		fail = json_next(&whole, &a);
		do {
			pausing.pause = pausing.at + 1;
			paused_fail = json_next(&pausing, &b);
		} while (paused_fail == FAIL_NONE && b.type == JSON_TOKEN_PAUSE);
		invariant(fail == paused_fail && (fail || a.type == b.type));
	} while (fail == FAIL_NONE && a.type != JSON_TOKEN_END);
}

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
	read_both(str_of(data, size));
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
