/* Frames of a client, in pieces of arbitrary sizes: bounded, and messages are what they say. */
#include "http/websocket_reader.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define MESSAGE_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cur = str_of(data, size);
	struct websocket_reader r;
	size_t piece = size > 0 ? data[0] + 1u : 1;
	enum websocket_event event = WEBSOCKET_MORE;

	websocket_reader_init(&r, MESSAGE_MAX, true);
	while (cur.n > 0 && event != WEBSOCKET_BAD && event != WEBSOCKET_CLOSE) {
		struct str some = str_head(cur, piece), left = some;

		event = websocket_read(&r, &left);
		invariant(left.n < some.n);
		cur = str_from(cur, some.n - left.n);
		invariant(buf_str(&r.message).n <= MESSAGE_MAX);
		if (event != WEBSOCKET_MESSAGE)
			continue;
		invariant(r.is_binary || utf8_is_valid(buf_str(&r.message)));
		websocket_reader_clear(&r);
	}
	invariant(event != WEBSOCKET_BAD || websocket_code_is_valid(r.code));
	websocket_reader_release(&r);
	return 0;
}
