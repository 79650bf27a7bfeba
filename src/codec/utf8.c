#include "codec/utf8.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* Bytes of s that are plain ASCII from the start; eight at a time. */
static size_t
ascii_run(struct str s)
{
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		uint64_t word;

		memcpy(&word, s.p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < s.n && !(s.p[i] & 0x80))
		i++;
	return i;
}

/*
 * RFC 3629 section 4. The bytes of the sequence at the start of s (not empty): its length when well
 * formed, and the code point; else 0, and in *bad_out the length of the longest well-formed start.
 */
static size_t
decode(struct str s, uint32_t *out, size_t *bad_out)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;
	uint32_t value;

	*bad_out = 1;
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	value = p[0] & (0x7fu >> n);
	if (p[0] == 0xe0)
		low = 0xa0; /* no overlong forms */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (p[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	for (size_t i = 1; i < n; i++) {
		if (i >= s.n || p[i] < low || p[i] > high)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
		*bad_out = i + 1;
	}
	*out = value;
	return n;
}

bool
utf8_is_ascii(struct str s)
{
	return ascii_run(s) == s.n;
}

bool
utf8_is_valid(struct str s)
{
	for (;;) {
		uint32_t code_point;
		size_t n;

		s = str_from(s, ascii_run(s));
		if (s.n == 0)
			return true;
		n = decode(s, &code_point, &n);
		if (n == 0)
			return false;
		s = str_from(s, n);
	}
}

bool
utf8_next(struct str *cur, uint32_t *out)
{
	size_t n, bad;

	if (cur->n == 0)
		return false;
	n = decode(*cur, out, &bad);
	*cur = str_from(*cur, n);
	return n > 0;
}

uint32_t
utf8_take(struct str *cur)
{
	uint32_t code_point;
	size_t n, bad;

	invariant(cur->n > 0);
	n = decode(*cur, &code_point, &bad);
	*cur = str_from(*cur, n ? n : bad);
	return n ? code_point : UTF8_REPLACEMENT;
}

void
utf8_write(struct buf *out, uint32_t code_point)
{
	char p[4];
	size_t n;

	if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
		code_point = UTF8_REPLACEMENT;
	if (code_point < 0x80) {
		p[0] = (char)code_point;
		n = 1;
	} else if (code_point < 0x800) {
		p[0] = (char)(0xc0 | code_point >> 6);
		n = 2;
	} else if (code_point < 0x10000) {
		p[0] = (char)(0xe0 | code_point >> 12);
		n = 3;
	} else {
		p[0] = (char)(0xf0 | code_point >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		p[i] = (char)(0x80 | (code_point >> (6 * (n - 1 - i)) & 0x3f));
	buf_add(out, str_of(p, n));
}

bool
utf8_is_control(uint32_t c)
{
	return c < 32 || (c >= 127 && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void
utf8_write_plain(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t c = utf8_take(&s);

		utf8_write(out, utf8_is_control(c) ? '?' : c);
	}
}

void
utf8_write_valid(struct buf *out, struct str s)
{
	while (s.n > 0) {
		struct str rest = s;
		uint32_t code_point;

		for (;;) {
			rest = str_from(rest, ascii_run(rest));
			if (!utf8_next(&rest, &code_point))
				break;
		}
		buf_add(out, str_head(s, s.n - rest.n));
		s = rest;
		if (s.n > 0)
			utf8_write(out, utf8_take(&s));
	}
}

size_t
utf8_length(struct str s)
{
	size_t count = 0;

	while (s.n > 0) {
		utf8_take(&s);
		count++;
	}
	return count;
}

struct str
utf8_head(struct str s, size_t count)
{
	struct str rest = s;

	while (count-- > 0 && rest.n > 0)
		utf8_take(&rest);
	return str_head(s, s.n - rest.n);
}

struct str
utf8_cut(struct str s, size_t n)
{
	if (n >= s.n)
		return s;
	for (size_t back = 0; back < 4 && back < n; back++) {
		if ((s.p[n - back] & 0xc0) != 0x80)
			return str_head(s, n - back);
	}
	return str_head(s, n);
}
