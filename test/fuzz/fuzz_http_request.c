/* The head of a request, chunk sizes and escapes on arbitrary bytes. */
#include "http/request.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cur = str_of(data, size), line, out;
	enum http_head said = HTTP_HEAD_MORE;
	struct http_request r;
	uint64_t n;

	http_request_init(&r);
	while (said == HTTP_HEAD_MORE && str_take_until(&cur, '\n', &line))
		said = http_request_line(&r, line);
	invariant((said == HTTP_HEAD_BAD) == (r.status >= 400));
	if (said == HTTP_HEAD_DONE) {
		invariant(!(r.has_length && r.is_chunked));
		if (http_unescape(r.path, &r.arena, &out))
			invariant(out.n <= r.path.n);
		if (http_query_find(r.query, STR("accept"), &r.arena, &out))
			invariant(out.n <= r.query.n);
		if (http_chunk_size(cur, &n))
			invariant(n <= (uint64_t)1 << 48);
	}
	http_request_release(&r);
	return 0;
}
