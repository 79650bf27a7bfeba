/* The PROXY header: more bytes never turn a header into another one, nor something bad into a header. */
#include "net/proxy.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	struct str bytes = str_of(data, size);
	enum proxy got = proxy_parse(bytes, &whole);
	size_t end = got == PROXY_DONE ? whole.n : size;

	invariant(got != PROXY_MORE || size < PROXY_HEADER_MAX);
	invariant(got != PROXY_DONE || (whole.n <= size && whole.n <= PROXY_HEADER_MAX));
	for (size_t n = 0; n < end && n <= PROXY_LINE_MAX; n++) {
		enum proxy before = proxy_parse(str_head(bytes, n), &part);

		invariant(before != PROXY_DONE);
		invariant(before == PROXY_MORE || got == PROXY_BAD);
	}
	if (got == PROXY_DONE) {
		invariant(proxy_parse(str_head(bytes, whole.n), &part) == PROXY_DONE);
		invariant(memcmp(&part.from, &whole.from, sizeof whole.from) == 0);
		invariant(memcmp(&part.to, &whole.to, sizeof whole.to) == 0);
	}
	return 0;
}
