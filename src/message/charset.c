#include "message/charset.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"
#include "message/charset_private.h"
#include "message/charset_tables.h"

#define CHARSET_WHOLE_MAX (16 * MESSAGE_HEADER_MAX) /* bytes that one charset_to_utf8() may give */

/* --- single bytes and Unicode -------------------------------------------------------------- */

enum taken
charset_take_single(struct charset_decoder *d, uint32_t *out)
{
	*out = d->charset->upper[d->held[0] & 0x7f];
	return *out == CHARSET_BAD ? TAKEN_BAD : TAKEN_CHAR;
}

/* RFC 3629 section 4. */
enum taken
charset_take_utf8(struct charset_decoder *d, uint32_t *out)
{
	const unsigned char *b = d->held;
	unsigned size = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4, low = 0x80, high = 0xbf;

	if (d->held_count == 1)
		return b[0] < 0xc2 || b[0] > 0xf4 ? TAKEN_BAD : TAKEN_MORE;
	if (d->held_count == 2) {
		low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
		high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
	}
	if (b[d->held_count - 1] < low || b[d->held_count - 1] > high)
		return TAKEN_BAD_BEFORE;
	if (d->held_count < size)
		return TAKEN_MORE;
	*out = b[0] & (0xffu >> (size + 1));
	for (unsigned i = 1; i < size; i++)
		*out = *out << 6 | (b[i] & 0x3fu);
	return TAKEN_CHAR;
}

/* One UTF-16 unit; surrogates wait for their other half in d->high. */
static enum taken
take_unit(struct charset_decoder *d, uint32_t unit, uint32_t *out)
{
	uint32_t high = d->high;

	d->high = 0;
	if (unit >= 0xd800 && unit < 0xdc00) {
		d->high = unit;
		return high ? TAKEN_BAD : TAKEN_NOTHING;
	}
	if (unit >= 0xdc00 && unit < 0xe000) {
		*out = 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff);
		return high ? TAKEN_CHAR : TAKEN_BAD;
	}
	*out = unit;
	return TAKEN_CHAR;
}

enum taken
charset_take_utf16be(struct charset_decoder *d, uint32_t *out)
{
	if (d->held_count < 2)
		return TAKEN_MORE;
	return take_unit(d, (uint32_t)d->held[0] << 8 | d->held[1], out);
}

enum taken
charset_take_utf16le(struct charset_decoder *d, uint32_t *out)
{
	if (d->held_count < 2)
		return TAKEN_MORE;
	return take_unit(d, (uint32_t)d->held[1] << 8 | d->held[0], out);
}

/* Big-endian unless a byte order mark tells otherwise (RFC 2781 4.3). */
enum taken
charset_take_utf16(struct charset_decoder *d, uint32_t *out)
{
	enum { UNKNOWN, BIG, LITTLE };
	bool is_mark;

	if (d->held_count < 2)
		return TAKEN_MORE;
	if (d->mode == UNKNOWN) {
		is_mark = d->held[0] + d->held[1] == 0xff + 0xfe &&
		    (d->held[0] == 0xff || d->held[0] == 0xfe);
		d->mode = is_mark && d->held[0] == 0xff ? LITTLE : BIG;
		if (is_mark)
			return TAKEN_NOTHING;
	}
	return d->mode == BIG ? charset_take_utf16be(d, out) : charset_take_utf16le(d, out);
}

static int
base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 2152. d->mode: outside, just behind '+', inside. */
enum taken
charset_take_utf7(struct charset_decoder *d, uint32_t *out)
{
	enum { OUTSIDE, OPENED, INSIDE };
	unsigned char c = d->held[0];
	uint32_t mode = d->mode;
	int value = base64_value(c);

	*out = c;
	if (mode == OUTSIDE) {
		d->mode = c == '+' ? OPENED : OUTSIDE;
		return c == '+' ? TAKEN_NOTHING : c < 0x80 ? TAKEN_CHAR : TAKEN_BAD;
	}
	if (value >= 0) {
		d->mode = INSIDE;
		d->bits = d->bits << 6 | (uint32_t)value;
		d->bit_count += 6;
		if (d->bit_count < 16)
			return TAKEN_NOTHING;
		d->bit_count -= 16;
		return take_unit(d, d->bits >> d->bit_count & 0xffff, out);
	}
	d->mode = OUTSIDE;
	d->bits = d->bit_count = d->high = 0;
	if (c == '-') {
		*out = '+';
		return mode == OPENED ? TAKEN_CHAR : TAKEN_NOTHING;
	}
	return c < 0x80 ? TAKEN_CHAR : TAKEN_BAD;
}

/* --- the stream ---------------------------------------------------------------------------- */

void
charset_decoder_init(struct charset_decoder *d, const struct charset *charset)
{
	*d = (struct charset_decoder){ .charset = charset };
}

/* The first `n` held bytes are no character. */
static void
write_bad(struct charset_decoder *d, unsigned n, struct buf *out)
{
	if (!d->charset->is_guess) {
		d->bad++;
		utf8_write(out, CHARSET_BAD);
		return;
	}
	d->bad += d->charset->is_ascii;
	for (unsigned i = 0; i < n; i++)
		utf8_write(out,
		    d->held[i] < 0x80 ? d->held[i] : charset_windows_1252[d->held[i] & 0x7f]);
}

/* The run of ASCII at the start of `in` that stands for itself. */
static size_t
plain_run(const struct charset_decoder *d, struct str in)
{
	char shift = d->charset->shift;
	size_t i = 0;

	if (d->held_count > 0 || d->mode != 0 || d->charset->is_wide)
		return 0;
	while (i < in.n && in.p[i] != '\0' && !(in.p[i] & 0x80) && (in.p[i] != shift || !shift))
		i++;
	return i;
}

static void
take_byte(struct charset_decoder *d, unsigned char c, struct buf *out)
{
	const struct charset *charset = d->charset;
	uint32_t point = 0;
	enum taken taken;

	d->held[d->held_count++] = c;
	if (d->held_count == 1 && c < 0x80 && !charset->is_wide && !charset->shift) {
		taken = TAKEN_CHAR;
		point = c;
	} else {
		taken = charset->take(d, &point);
	}
	if (taken == TAKEN_MORE)
		return;
	if (taken == TAKEN_CHAR) {
		d->bad += point == 0 || (charset->is_ascii && point >= 0x80);
		utf8_write(out, point == 0 ? CHARSET_BAD : point);
	} else if (taken == TAKEN_BAD) {
		write_bad(d, d->held_count, out);
	} else if (taken == TAKEN_BAD_BEFORE) {
		write_bad(d, d->held_count - 1u, out);
		d->held_count = 0;
		take_byte(d, c, out);
		return;
	}
	d->held_count = 0;
}

void
charset_decode(struct charset_decoder *d, struct str in, struct buf *out)
{
	while (in.n > 0) {
		size_t run = plain_run(d, in);

		if (run > 0) {
			buf_add(out, str_head(in, run));
			in = str_from(in, run);
			continue;
		}
		take_byte(d, (unsigned char)in.p[0], out);
		in = str_from(in, 1);
	}
}

void
charset_decode_end(struct charset_decoder *d, struct buf *out)
{
	if (d->held_count > 0 || d->high != 0)
		write_bad(d, d->held_count, out);
	d->held_count = 0;
	d->high = 0;
}

struct str
charset_to_utf8(const struct charset *charset, struct str in, struct arena *a)
{
	struct charset_decoder d;
	struct str out;
	struct buf b;

	charset_decoder_init(&d, charset ? charset : charset_guess());
	if (plain_run(&d, in) == in.n)
		return in;
	buf_init(&b, CHARSET_WHOLE_MAX);
	charset_decode(&d, in, &b);
	charset_decode_end(&d, &b);
	out = arena_str(a, buf_str(&b));
	buf_release(&b);
	return out.p ? out : STR("");
}
