/*
 * fake_seven.h - stands in for message/seven.h: each byte that the target cannot have becomes "=XX".
 *
 * A message that begins with "Impossible" cannot be converted.
 */
#ifndef TEST_FAKE_SEVEN_H
#define TEST_FAKE_SEVEN_H

#include "base/mem.h"
#include "message/seven.h"

#define FAKE_SEVEN_LINE_MAX 998
#define FAKE_SEVEN_PIECE    1000

struct fake_seven {
	struct str rest;
	char before;
	enum seven_target target;
};

static inline bool
fake_seven_is_binary(struct str message, size_t i, char before)
{
	char c = message.p[i];

	if (c == '\r')
		return i + 1 == message.n || message.p[i + 1] != '\n';
	return c == '\0' || (c == '\n' && before != '\r');
}

unsigned
seven_needs(struct str message)
{
	unsigned needs = 0;
	size_t column = 0;

	for (size_t i = 0; i < message.n; i++) {
		column = message.p[i] == '\n' ? 0 : column + 1;
		if (message.p[i] & 0x80)
			needs |= SEVEN_NEEDS_8BIT;
		if (column > FAKE_SEVEN_LINE_MAX ||
		    fake_seven_is_binary(message, i, i > 0 ? message.p[i - 1] : '\n'))
			needs |= SEVEN_NEEDS_BINARY;
	}
	return needs;
}

enum fail
seven_init(struct seven *s, struct str message, enum seven_target target)
{
	struct fake_seven *f;

	if (str_starts(message, STR("Impossible")))
		return FAIL_LIMIT;
	f = mem_new(1, sizeof *f);
	*f = (struct fake_seven){ message, '\n', target };
	s->inner = f;
	return FAIL_NONE;
}

bool
seven_next(struct seven *s, struct buf *out)
{
	struct fake_seven *f = s->inner;
	struct str piece = str_head(f->rest, FAKE_SEVEN_PIECE);

	for (size_t i = 0; i < piece.n; i++) {
		char c = piece.p[i];

		if (fake_seven_is_binary(f->rest, i, f->before) ||
		    (f->target == SEVEN_FOR_7BIT && (c & 0x80))) {
			buf_add_char(out, '=');
			buf_add_hex(out, str_of(&c, 1));
		} else {
			buf_add_char(out, c);
		}
		f->before = c;
	}
	f->rest = str_from(f->rest, piece.n);
	return piece.n > 0;
}

void
seven_release(struct seven *s)
{
	mem_free(s->inner);
	*s = (struct seven){ 0 };
}

#endif
