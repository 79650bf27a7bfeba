#include "codec/base64.h"

/* base */
#include "base/num.h"

#define BASE64_LINE_MAX 76   /* characters per MIME line (RFC 2045 6.8) */
#define BASE64_PIECE    3072 /* bytes worked on at a time */

static const char alphabet_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The value of a character: 0..63, or one of the marks. */
enum { NOT_BASE64 = 64, PADDING = 65, BLANK = 66 };

#define X 64
/* clang-format off */
static const unsigned char value_standard[256] = {
	X, X, X, X, X, X, X, X, X,66,66, X, X,66, X, X,  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	66,X, X, X, X, X, X, X, X, X, X,62, X, X, X,63, 52,53,54,55,56,57,58,59,60,61, X, X, X,65, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,10,11,12,13,14, 15,16,17,18,19,20,21,22,23,24,25, X, X, X, X, X,
	X,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40, 41,42,43,44,45,46,47,48,49,50,51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */
#undef X

static unsigned
value_url(unsigned char c)
{
	switch (c) {
	case '-': return 62;
	case '_': return 63;
	case '+':
	case '/': return NOT_BASE64;
	default: return value_standard[c];
	}
}

/* --- writing ------------------------------------------------------------------------------- */

/* Encode whole groups of three. */
static void
write_groups(const unsigned char *in, size_t groups, const char *alphabet, char *to)
{
	for (size_t i = 0; i < groups; i++, in += 3, to += 4) {
		uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

		to[0] = alphabet[bits >> 18];
		to[1] = alphabet[bits >> 12 & 63];
		to[2] = alphabet[bits >> 6 & 63];
		to[3] = alphabet[bits & 63];
	}
}

/* Encode one or two bytes; returns the characters, padding included. */
static size_t
write_rest(const unsigned char *in, size_t n, const char *alphabet, bool is_padded, char to[4])
{
	uint32_t bits = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);

	to[0] = alphabet[bits >> 18];
	to[1] = alphabet[bits >> 12 & 63];
	to[2] = n == 2 ? alphabet[bits >> 6 & 63] : '=';
	to[3] = '=';
	return is_padded ? 4 : n + 1;
}

static void
write_all(struct buf *out, struct str bytes, const char *alphabet, bool is_padded)
{
	while (bytes.n >= 3) {
		char piece[BASE64_PIECE / 3 * 4];
		size_t groups = size_min(bytes.n, BASE64_PIECE) / 3;

		write_groups((const unsigned char *)bytes.p, groups, alphabet, piece);
		buf_add(out, str_of(piece, groups * 4));
		bytes = str_from(bytes, groups * 3);
	}
	if (bytes.n > 0) {
		char rest[4];
		size_t n =
		    write_rest((const unsigned char *)bytes.p, bytes.n, alphabet, is_padded, rest);

		buf_add(out, str_of(rest, n));
	}
}

void
base64_write(struct buf *out, struct str bytes)
{
	write_all(out, bytes, alphabet_standard, true);
}

void
base64url_write(struct buf *out, struct str bytes)
{
	write_all(out, bytes, alphabet_url, false);
}

/* Append characters (a multiple of four) and break the lines. */
static void
add_lines(struct base64_encoder *e, struct str text, struct buf *out)
{
	while (text.n > 0) {
		size_t n = size_min(text.n, BASE64_LINE_MAX - e->column);

		buf_add(out, str_head(text, n));
		text = str_from(text, n);
		e->column += (unsigned)n;
		if (e->column == BASE64_LINE_MAX) {
			buf_add(out, STR("\r\n"));
			e->column = 0;
		}
	}
}

void
base64_encoder_feed(struct base64_encoder *e, struct str bytes, struct buf *out)
{
	while (e->rest_count > 0 && e->rest_count < 3 && bytes.n > 0) {
		e->rest[e->rest_count++] = (unsigned char)bytes.p[0];
		bytes = str_from(bytes, 1);
	}
	if (e->rest_count == 3) {
		char group[4];

		write_groups(e->rest, 1, alphabet_standard, group);
		add_lines(e, str_of(group, 4), out);
		e->rest_count = 0;
	}
	while (bytes.n >= 3) {
		char piece[BASE64_PIECE / 3 * 4];
		size_t groups = size_min(bytes.n, BASE64_PIECE) / 3;

		write_groups((const unsigned char *)bytes.p, groups, alphabet_standard, piece);
		add_lines(e, str_of(piece, groups * 4), out);
		bytes = str_from(bytes, groups * 3);
	}
	for (; bytes.n > 0; bytes = str_from(bytes, 1))
		e->rest[e->rest_count++] = (unsigned char)bytes.p[0];
}

void
base64_encoder_end(struct base64_encoder *e, struct buf *out)
{
	if (e->rest_count > 0) {
		char rest[4];

		write_rest(e->rest, e->rest_count, alphabet_standard, true, rest);
		add_lines(e, str_of(rest, 4), out);
	}
	if (e->column > 0)
		buf_add(out, STR("\r\n"));
	*e = (struct base64_encoder){ 0 };
}

/* --- reading ------------------------------------------------------------------------------- */

/* The strict tail: two or three characters that make one or two bytes with zero bits behind. */
static enum fail
parse_rest(struct buf *out, const unsigned *value, size_t n)
{
	unsigned bits = value[0] << 12 | value[1] << 6 | (n == 3 ? value[2] : 0);

	if (n < 2 || (bits & (n == 2 ? 0x3ff : 3)) != 0)
		return FAIL_SYNTAX;
	buf_add_char(out, (char)(bits >> 10));
	if (n == 3)
		buf_add_char(out, (char)(bits >> 2 & 0xff));
	return FAIL_NONE;
}

/* Drop "=" or "==" that fill the last group of four; false when there are too many of them. */
static bool
drop_padding(struct str *text)
{
	for (int i = 0; i < 2 && text->n % 4 == (size_t)(i ? 3 : 0); i++) {
		if (!str_ends(*text, STR("=")))
			break;
		text->n--;
	}
	return !str_ends(*text, STR("="));
}

static enum fail
parse_all(struct buf *out, struct str text, unsigned (*value_of)(unsigned char))
{
	while (text.n >= 4) {
		char piece[BASE64_PIECE];
		size_t n = 0;

		for (; text.n >= 4 && n < sizeof piece; text = str_from(text, 4), n += 3) {
			const unsigned char *c = (const unsigned char *)text.p;
			unsigned v0 = value_of(c[0]), v1 = value_of(c[1]);
			unsigned v2 = value_of(c[2]), v3 = value_of(c[3]);

			if ((v0 | v1 | v2 | v3) > 63)
				return FAIL_SYNTAX;
			piece[n] = (char)(v0 << 2 | v1 >> 4);
			piece[n + 1] = (char)((v1 << 4 & 0xff) | v2 >> 2);
			piece[n + 2] = (char)((v2 << 6 & 0xff) | v3);
		}
		buf_add(out, str_of(piece, n));
	}
	if (text.n > 0) {
		unsigned value[3] = { 0 };
		enum fail fail;

		for (size_t i = 0; i < text.n; i++) {
			value[i] = value_of((unsigned char)text.p[i]);
			if (value[i] > 63)
				return FAIL_SYNTAX;
		}
		fail = parse_rest(out, value, text.n);
		if (fail != FAIL_NONE)
			return fail;
	}
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}

static unsigned
value_of_standard(unsigned char c)
{
	return value_standard[c];
}

enum fail
base64_parse(struct buf *out, struct str text)
{
	if (text.n % 4 != 0 || !drop_padding(&text))
		return FAIL_SYNTAX;
	return parse_all(out, text, value_of_standard);
}

enum fail
base64url_parse(struct buf *out, struct str text)
{
	if (!drop_padding(&text))
		return FAIL_SYNTAX;
	return parse_all(out, text, value_url);
}

/* --- the stream ---------------------------------------------------------------------------- */

/* The bytes of a group that padding or the end of the text cut short. */
static size_t
cut_group(struct base64_decoder *d, char *to)
{
	size_t n = 0;

	if (d->count >= 2)
		to[n++] = (char)(d->bits >> (6 * d->count - 8) & 0xff);
	if (d->count == 3)
		to[n++] = (char)(d->bits >> 2 & 0xff);
	d->bits = 0;
	d->count = 0;
	return n;
}

/* One character by itself; returns the bytes it completed. */
static size_t
feed_one(struct base64_decoder *d, unsigned char c, char *to)
{
	unsigned value = value_standard[c];

	if (value == PADDING)
		return cut_group(d, to);
	if (value > 63) {
		d->is_damaged |= value == NOT_BASE64;
		return 0;
	}
	d->bits = d->bits << 6 | value;
	if (++d->count < 4)
		return 0;
	to[0] = (char)(d->bits >> 16 & 0xff);
	to[1] = (char)(d->bits >> 8 & 0xff);
	to[2] = (char)(d->bits & 0xff);
	d->bits = 0;
	d->count = 0;
	return 3;
}

void
base64_decoder_feed(struct base64_decoder *d, struct str text, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)text.p;
	const unsigned char *end = text.n ? at + text.n : at;
	char piece[BASE64_PIECE];
	size_t n = 0;

	while (at < end) {
		if (n > sizeof piece - 4) {
			buf_add(out, str_of(piece, n));
			n = 0;
		}
		if (d->count == 0 && end - at >= 4) {
			unsigned v0 = value_standard[at[0]], v1 = value_standard[at[1]];
			unsigned v2 = value_standard[at[2]], v3 = value_standard[at[3]];

			if ((v0 | v1 | v2 | v3) <= 63) {
				piece[n] = (char)(v0 << 2 | v1 >> 4);
				piece[n + 1] = (char)((v1 << 4 & 0xff) | v2 >> 2);
				piece[n + 2] = (char)((v2 << 6 & 0xff) | v3);
				n += 3;
				at += 4;
				continue;
			}
		}
		n += feed_one(d, *at++, piece + n);
	}
	buf_add(out, str_of(piece, n));
}

void
base64_decoder_end(struct base64_decoder *d, struct buf *out)
{
	char rest[2];

	d->is_damaged |= d->count != 0;
	buf_add(out, str_of(rest, cut_group(d, rest)));
}
