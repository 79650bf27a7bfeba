#include "codec/utf8.h"

/* base */
#include "base/mem.h"

struct lower_range {
	uint32_t start, end, step;
	int32_t delta;
};

#include "codec/unicode_table.h"

/* Hangul syllables decompose by arithmetic (Unicode 3.12). */
enum {
	HANGUL_START = 0xac00,
	HANGUL_COUNT = 11172,
	JAMO_L = 0x1100,
	JAMO_V = 0x1161,
	JAMO_T = 0x11a7
};

static void
write_hangul(struct buf *out, uint32_t syllable)
{
	uint32_t i = syllable - HANGUL_START;

	utf8_write(out, JAMO_L + i / (21 * 28));
	utf8_write(out, JAMO_V + i % (21 * 28) / 28);
	if (i % 28 != 0)
		utf8_write(out, JAMO_T + i % 28);
}

static void
casemap_one(struct buf *out, uint32_t c)
{
	const unsigned char *form;
	uint16_t at = 0;

	if (c >= HANGUL_START && c < HANGUL_START + HANGUL_COUNT) {
		write_hangul(out, c);
		return;
	}
	if (c / CASEMAP_PAGE < ARRAY_LEN(casemap_index))
		at = casemap_pages[casemap_index[c / CASEMAP_PAGE]][c % CASEMAP_PAGE];
	if (at == 0) {
		utf8_write(out, c);
		return;
	}
	form = &casemap_pool[at];
	buf_add(out, str_of(form + 1, form[0]));
}

/* Upper case of the ASCII at the start of s, at most `n` bytes; returns how many there were. */
static size_t
upper_ascii(struct str s, char *to, size_t n)
{
	size_t i = 0;

	for (; i < s.n && i < n && !(s.p[i] & 0x80); i++)
		to[i] = char_upper(s.p[i]);
	return i;
}

void
utf8_casemap(struct buf *out, struct str s)
{
	while (s.n > 0) {
		char ascii[512];
		size_t n = upper_ascii(s, ascii, sizeof ascii);

		if (n > 0) {
			buf_add(out, str_of(ascii, n));
			s = str_from(s, n);
		} else {
			casemap_one(out, utf8_take(&s));
		}
	}
}

uint32_t
utf8_lower_one(uint32_t c)
{
	size_t low = 0, high = ARRAY_LEN(lower_ranges);

	if (c < 0x80)
		return (uint32_t)(unsigned char)char_lower((char)c);
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct lower_range *r = &lower_ranges[middle];

		if (c > r->end)
			low = middle + 1;
		else if (c < r->start)
			high = middle;
		else
			return (c - r->start) % r->step == 0 ? (uint32_t)((int32_t)c + r->delta)
							     : c;
	}
	return c;
}

void
utf8_lower(struct buf *out, struct str s)
{
	while (s.n > 0)
		utf8_write(out, utf8_lower_one(utf8_take(&s)));
}
