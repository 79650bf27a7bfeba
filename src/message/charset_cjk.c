#include "message/charset_private.h"

/* rooms */
#include "message/charset_tables.h"

static bool
is_between(unsigned c, unsigned low, unsigned high)
{
	return c >= low && c <= high;
}

/* What a table said of a pair: a bad pair whose second byte is ASCII gives that byte back. */
static enum taken
answer(const struct charset_decoder *d, uint32_t c, uint32_t *out)
{
	*out = c;
	if (c != CHARSET_BAD)
		return TAKEN_CHAR;
	return d->held[d->held_count - 1] < 0x80 ? TAKEN_BAD_BEFORE : TAKEN_BAD;
}

/* --- Japanese ------------------------------------------------------------------------------ */

/* JIS X 0208 with NEC's and IBM's rows, as windows-31j has them; row and cell from 0. */
static uint32_t
jis0208(unsigned row, unsigned cell)
{
	if (row >= 114 && row < 120)
		row -= 20;
	else if (row >= 94)
		return CHARSET_BAD;
	return cell < 94 ? charset_jis0208[row * 94 + cell] : CHARSET_BAD;
}

static uint32_t
jis0212(unsigned row, unsigned cell)
{
	if (row < 1 || row > JIS0212_ROWS || cell >= 94)
		return CHARSET_BAD;
	return charset_jis0212[(row - 1) * 94 + cell];
}

enum taken
charset_take_euc_jp(struct charset_decoder *d, uint32_t *out)
{
	const unsigned char *b = d->held;

	if (d->held_count == 1)
		return b[0] == 0x8e || b[0] == 0x8f || is_between(b[0], 0xa1, 0xfe) ? TAKEN_MORE
										    : TAKEN_BAD;
	if (b[0] == 0x8e)
		return answer(d, is_between(b[1], 0xa1, 0xdf) ? b[1] + 0xfec0u : CHARSET_BAD, out);
	if (!is_between(b[d->held_count - 1], 0xa1, 0xfe))
		return answer(d, CHARSET_BAD, out);
	if (b[0] != 0x8f)
		return answer(d, jis0208(b[0] - 0xa1u, b[1] - 0xa1u), out);
	if (d->held_count == 2)
		return TAKEN_MORE;
	return answer(d, jis0212(b[1] - 0xa1u, b[2] - 0xa1u), out);
}

enum taken
charset_take_shift_jis(struct charset_decoder *d, uint32_t *out)
{
	unsigned lead = d->held[0], trail = d->held[1], row, cell;

	if (d->held_count == 1) {
		*out = lead + 0xfec0u; /* half-width katakana */
		if (is_between(lead, 0xa1, 0xdf))
			return TAKEN_CHAR;
		return is_between(lead, 0x81, 0x9f) || is_between(lead, 0xe0, 0xfc) ? TAKEN_MORE
										    : TAKEN_BAD;
	}
	if (!is_between(trail, 0x40, 0xfc) || trail == 0x7f)
		return answer(d, CHARSET_BAD, out);
	cell = trail - (trail < 0x7f ? 0x40u : 0x41u);
	if (is_between(lead, 0xf0, 0xf9)) /* the user-defined area */
		return answer(d, 0xe000u + (lead - 0xf0u) * 188u + cell, out);
	row = (lead - (lead < 0xa0 ? 0x81u : 0xc1u)) * 2 + cell / 94;
	return answer(d, jis0208(row, cell % 94), out);
}

enum iso2022 { MODE_ASCII, MODE_ROMAN, MODE_KATAKANA, MODE_0208, MODE_0212 };

/* An escape sequence of RFC 1468, RFC 2237 or CP50221. */
static enum taken
take_escape(struct charset_decoder *d)
{
	const unsigned char *b = d->held;
	unsigned n = d->held_count;

	if (n == 1 || (n == 2 && (b[1] == '(' || b[1] == '$')))
		return TAKEN_MORE;
	if (n == 3 && b[1] == '(') {
		if (b[2] == 'B' || b[2] == 'J' || b[2] == 'I') {
			d->mode = b[2] == 'B' ? MODE_ASCII
			    : b[2] == 'J'     ? MODE_ROMAN
					      : MODE_KATAKANA;
			return TAKEN_NOTHING;
		}
	} else if (n == 3 && b[1] == '$') {
		if (b[2] == '@' || b[2] == 'B') {
			d->mode = MODE_0208;
			return TAKEN_NOTHING;
		}
		if (b[2] == '(')
			return TAKEN_MORE;
	} else if (n == 4 && b[3] == 'D') {
		d->mode = MODE_0212;
		return TAKEN_NOTHING;
	}
	return TAKEN_BAD_BEFORE;
}

enum taken
charset_take_iso2022_jp(struct charset_decoder *d, uint32_t *out)
{
	unsigned b = d->held[0], second = d->held[1];

	if (b == 0x1b)
		return take_escape(d);
	if (d->held_count == 2) {
		if (!is_between(second, 0x21, 0x7e))
			return TAKEN_BAD_BEFORE;
		*out = d->mode == MODE_0208 ? jis0208(b - 0x21u, second - 0x21u)
					    : jis0212(b - 0x21u, second - 0x21u);
		return *out == CHARSET_BAD ? TAKEN_BAD : TAKEN_CHAR;
	}
	if (b == '\n') /* each line begins in ASCII, whatever the one before forgot */
		d->mode = MODE_ASCII;
	*out = b;
	if (is_between(b, 0xa1, 0xdf)) {
		*out = b + 0xfec0u;
		return TAKEN_CHAR;
	}
	if (b >= 0x80)
		return TAKEN_BAD;
	if ((d->mode == MODE_0208 || d->mode == MODE_0212) && is_between(b, 0x21, 0x7e))
		return TAKEN_MORE;
	if (d->mode == MODE_KATAKANA && is_between(b, 0x21, 0x5f))
		*out = b + 0xff40u;
	else if (d->mode == MODE_ROMAN && b == 0x5c)
		*out = 0xa5;
	else if (d->mode == MODE_ROMAN && b == 0x7e)
		*out = 0x203e;
	return TAKEN_CHAR;
}

/* --- Korean -------------------------------------------------------------------------------- */

/*
 * UHC adds the syllables that KS X 1001 (rows 16 .. 40 there, in Unicode's order) leaves out, also in
 * order: the k-th of them stands k and as many places behind U+AC00 as listed syllables precede it.
 */
static uint32_t
uhc_syllable(unsigned k)
{
	const uint16_t *listed = charset_ksx1001 + 15 * 94;
	unsigned low = 0, high = 25 * 94;

	if (k >= 11172 - 25 * 94)
		return CHARSET_BAD;
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (listed[middle] - 0xac00u - middle <= k)
			low = middle + 1;
		else
			high = middle;
	}
	return 0xac00u + k + low;
}

enum taken
charset_take_euc_kr(struct charset_decoder *d, uint32_t *out)
{
	unsigned lead = d->held[0], trail = d->held[1], k;

	if (d->held_count == 1)
		return is_between(lead, 0x81, 0xfe) ? TAKEN_MORE : TAKEN_BAD;
	if (lead >= 0xa1 && is_between(trail, 0xa1, 0xfe))
		return answer(d, charset_ksx1001[(lead - 0xa1u) * 94 + trail - 0xa1u], out);
	if (is_between(trail, 'A', 'Z'))
		k = trail - 'A';
	else if (is_between(trail, 'a', 'z'))
		k = trail - 'a' + 26;
	else if (is_between(trail, 0x81, 0xfe))
		k = trail - 0x81u + 52;
	else
		return answer(d, CHARSET_BAD, out);
	if (lead > 0xc6)
		return answer(d, CHARSET_BAD, out);
	k += lead < 0xa1 ? (lead - 0x81u) * 178 : 32 * 178 + (lead - 0xa1u) * 84;
	return answer(d, uhc_syllable(k), out);
}

/* --- Chinese ------------------------------------------------------------------------------- */

static uint32_t
gb18030_linear(uint32_t linear)
{
	size_t low = 0, high = charset_gb18030_run_count;

	if (linear >= 189000 && linear - 189000 <= 0xfffff)
		return 0x10000 + linear - 189000;
	if (linear >= 39420)
		return CHARSET_BAD;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (charset_gb18030_runs[middle].linear <= linear)
			low = middle;
		else
			high = middle;
	}
	return charset_gb18030_runs[low].code_point + linear - charset_gb18030_runs[low].linear;
}

enum taken
charset_take_gb18030(struct charset_decoder *d, uint32_t *out)
{
	const unsigned char *b = d->held;
	unsigned cell;

	if (d->held_count == 1) {
		*out = 0x20ac; /* of windows-936 */
		if (b[0] == 0x80)
			return TAKEN_CHAR;
		return b[0] == 0xff ? TAKEN_BAD : TAKEN_MORE;
	}
	if (d->held_count > 2 || is_between(b[1], '0', '9')) {
		if (d->held_count == 2)
			return TAKEN_MORE;
		if (d->held_count == 3)
			return is_between(b[2], 0x81, 0xfe) ? TAKEN_MORE
							    : answer(d, CHARSET_BAD, out);
		if (!is_between(b[3], '0', '9'))
			return answer(d, CHARSET_BAD, out);
		return answer(d,
		    gb18030_linear(((b[0] - 0x81u) * 10 + b[1] - '0') * 1260 + (b[2] - 0x81u) * 10 +
			b[3] - '0'),
		    out);
	}
	if (!is_between(b[1], 0x40, 0xfe) || b[1] == 0x7f)
		return answer(d, CHARSET_BAD, out);
	cell = b[1] - (b[1] < 0x7f ? 0x40u : 0x41u);
	return answer(d, charset_gbk[(b[0] - 0x81u) * 190 + cell], out);
}

enum taken
charset_take_big5(struct charset_decoder *d, uint32_t *out)
{
	unsigned lead = d->held[0], trail = d->held[1], i;
	uint32_t c;

	if (d->held_count == 1)
		return is_between(lead, 0x87, 0xfe) ? TAKEN_MORE : TAKEN_BAD;
	if (is_between(trail, 0x40, 0x7e))
		i = (lead - 0x87u) * 157 + trail - 0x40u;
	else if (is_between(trail, 0xa1, 0xfe))
		i = (lead - 0x87u) * 157 + trail - 0x62u;
	else
		return answer(d, CHARSET_BAD, out);
	c = charset_big5[i];
	if (charset_big5_plane2[i / 8] >> i % 8 & 1)
		c += 0x20000;
	return answer(d, c, out);
}
