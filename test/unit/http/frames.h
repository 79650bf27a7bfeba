/*
 * frames.h - what a client sends over a WebSocket, from a line of text.
 */
#ifndef TEST_FRAMES_H
#define TEST_FRAMES_H

/* base */
#include "base/buf.h"
#include "base/mem.h"

/*
 * A script of frames: "81:hello" is a masked frame whose first byte is 81 and whose payload is hello,
 * "81:=0a0b" one with these bytes, "raw:8100" bytes as they are.
 */
static inline void
add_hex(struct buf *out, struct str hex)
{
	struct str pair;
	uint64_t byte;

	while (str_take(&hex, 2, &pair) && str_hex(&pair, 255, &byte))
		buf_add_char(out, (char)(unsigned char)byte);
}

static inline void
add_frame(struct buf *out, unsigned first, struct str payload)
{
	static const unsigned char key[] = { 0x37, 0xfa, 0x21, 0x3d };

	buf_add_char(out, (char)(unsigned char)first);
	if (payload.n < 126) {
		buf_add_char(out, (char)(0x80 | payload.n));
	} else {
		buf_add_char(out, (char)0xfe);
		buf_add_char(out, (char)(payload.n >> 8));
		buf_add_char(out, (char)payload.n);
	}
	buf_add(out, str_of(key, sizeof(key)));
	for (size_t i = 0; i < payload.n; i++)
		buf_add_char(out, (char)((unsigned char)payload.p[i] ^ key[i % 4]));
}

static inline void
play(const char *script, struct buf *out)
{
	struct str words = str_c(script), word, head;
	struct buf payload;
	uint64_t first;

	buf_init(&payload, 4096);
	while (str_next_part(&words, ' ', &word)) {
		buf_clear(&payload);
		if (str_skip(&word, STR("raw:"))) {
			add_hex(out, word);
			continue;
		}
		invariant(str_take_until(&word, ':', &head) && str_hex(&head, 255, &first));
		if (str_skip(&word, STR("=")))
			add_hex(&payload, word);
		else
			buf_add(&payload, word);
		add_frame(out, (unsigned)first, buf_str(&payload));
	}
	buf_release(&payload);
}

#endif
