/*
 * Records of arbitrary bytes: the first bytes say which fields are read, the rest is the record. No
 * crash, slices stay inside, and after a mistake nothing is given any more.
 */
#include "store/record.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t steps = size > 0 ? size_min(data[0] % 32u, size) : 0;
	struct str value = str_from(str_of(data, size), steps);
	struct record r;

	record_read(&r, value);
	for (size_t i = 0; i < steps; i++) {
		bool was_bad = r.is_bad;
		struct str s = { 0 };
		uint64_t n = 0;

		switch (data[i] % 5) {
		case 0: n = record_u64(&r); break;
		case 1: n = record_u32(&r); break;
		case 2: n = (uint64_t)record_i64(&r); break;
		case 3: n = record_bool(&r); break;
		default: s = record_bytes(&r); break;
		}
		invariant(!was_bad || (r.is_bad && n == 0 && s.n == 0));
		invariant(s.n == 0 || (s.p >= value.p && s.p + s.n <= value.p + value.n));
		invariant(!record_more(&r) || r.rest.n <= value.n);
	}
	return 0;
}
