#include "message/lines.h"

/* system */
#include <stdint.h>
#include <string.h>

#define SCAN_PIECE (128 * 1024) /* bytes, far more than LINES_LENGTH_MAX */

static bool
has_high(struct str s)
{
	uint64_t all = 0, word;
	size_t i = 0;

	for (; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		all |= word;
	}
	for (; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return (all & 0x8080808080808080u) != 0;
}

unsigned
lines_scan(struct str s)
{
	unsigned bad = 0;

	while (s.n > 0) {
		size_t end = str_find_char(s, '\n');
		struct str line = str_head(s, end);
		bool is_ended = end != STR_NONE;

		s = str_from(s, is_ended ? end + 1 : s.n);
		if (is_ended && !str_ends(line, STR("\r")))
			bad |= BAD_LF;
		else if (is_ended)
			line.n--;
		if (line.n > LINES_LENGTH_MAX)
			bad |= BAD_LONG;
		if (str_find_char(line, '\r') != STR_NONE)
			bad |= BAD_CR;
		if (str_find_char(line, '\0') != STR_NONE)
			bad |= BAD_NUL;
		if ((bad & BAD_HIGH) == 0 && has_high(line))
			bad |= BAD_HIGH;
	}
	return bad;
}

static size_t
count_odd(struct str s)
{
	size_t odd = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		odd += c >= 127 || c == '=' || (c < 32 && c != '\r' && c != '\n' && c != '\t');
	}
	return odd;
}

bool
lines_are_odd(struct str s)
{
	return count_odd(s) > s.n / 2;
}

bool
lines_scan_next(struct lines_scan *s)
{
	struct str piece = str_head(s->rest, SCAN_PIECE);
	size_t lf;

	if (piece.n == 0)
		return false;
	if (piece.n < s->rest.n) {
		lf = str_rfind_char(piece, '\n');
		if (lf != STR_NONE)
			piece = str_head(piece, lf + 1);
		else
			s->bad |= BAD_LONG;
		if (lf == STR_NONE && piece.p[piece.n - 1] == '\r')
			piece.n--; /* its LF may come */
	}
	s->bad |= lines_scan(piece);
	if (s->counts_odd)
		s->odd += count_odd(piece);
	s->rest = str_from(s->rest, piece.n);
	return s->rest.n > 0;
}

void
lines_write(struct buf *out, struct str s, bool *had_cr)
{
	while (s.n > 0) {
		size_t lf = str_find_char(s, '\n');
		struct str line = str_head(s, lf);
		bool has_cr = line.n > 0 ? line.p[line.n - 1] == '\r' : *had_cr;

		buf_add(out, line);
		*had_cr = has_cr;
		if (lf == STR_NONE)
			return;
		if (!has_cr)
			buf_add_char(out, '\r');
		buf_add_char(out, '\n');
		*had_cr = false;
		s = str_from(s, lf + 1);
	}
}
