/* Frames of a client, in pieces of arbitrary sizes: bounded, and messages are what they say. */
#include "http/websocket_reader.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define MESSAGE_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For some time only control frames are taken, and the message stays as it is. */
static enum websocket_event
keep(struct websocket_reader *r, struct str *cur, size_t piece)
{
	enum websocket_event event = WEBSOCKET_MORE;
	size_t n = buf_str(&r->message).n;

	for (size_t i = 0; i < piece % 8 && cur->n > 0; i++) {
		struct str some = str_head(*cur, piece), left = some;

		event = websocket_read(r, &left);
		invariant(event != WEBSOCKET_MESSAGE && r->is_whole);
		invariant(buf_str(&r->message).n == n);
		*cur = str_from(*cur, some.n - left.n);
		if (left.n == some.n || event == WEBSOCKET_BAD || event == WEBSOCKET_CLOSE)
			break;
	}
	return event;
}

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
		event = keep(&r, &cur, piece);
		websocket_reader_clear(&r);
	}
	invariant(event != WEBSOCKET_BAD || websocket_code_is_valid(r.code));
	websocket_reader_release(&r);
	return 0;
}
