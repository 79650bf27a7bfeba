#include "envelope/xtext.h"

/* xchar = any CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "=" */
static bool
is_xchar(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

/* hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits; lower case is taken too */
static bool
take_hexchar(struct str *cur, char *out)
{
	struct str rest = *cur, digits;
	uint64_t value;

	if (!str_skip_char(&rest, '+') || !str_take(&rest, 2, &digits) ||
	    !str_hex(&digits, 255, &value) || digits.n > 0)
		return false;
	*out = (char)(unsigned char)value;
	*cur = rest;
	return true;
}

enum fail
xtext_parse(struct buf *out, struct str text)
{
	size_t before = out->n;

	while (text.n > 0) {
		char c = text.p[0];

		if (is_xchar(c)) {
			text = str_from(text, 1);
		} else if (!take_hexchar(&text, &c)) {
			buf_rewind(out, before);
			return FAIL_SYNTAX;
		}
		buf_add_char(out, c);
	}
	if (buf_ok(out))
		return FAIL_NONE;
	buf_rewind(out, before);
	return FAIL_LIMIT;
}

void
xtext_write(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (is_xchar(bytes.p[i]))
			buf_add_char(out, bytes.p[i]);
		else
			buf_add_escape(out, '+', bytes.p[i]);
	}
}

void
embedded_write(struct buf *out, uint32_t character)
{
	unsigned shift = 20;

	buf_add_c(out, "\\x{");
	while (shift > 4 && character >> shift == 0)
		shift -= 4;
	for (; shift > 0; shift -= 4)
		buf_add_char(out, char_hex_upper(character >> shift));
	buf_add_char(out, char_hex_upper(character));
	buf_add_char(out, '}');
}
