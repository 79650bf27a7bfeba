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
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (is_xchar(bytes.p[i])) {
			buf_add_char(out, bytes.p[i]);
			continue;
		}
		buf_add_char(out, '+');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}
