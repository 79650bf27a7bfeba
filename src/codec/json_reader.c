#include "codec/json_reader.h"

/* system */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define JSON_NUMBER_MAX 128 /* characters; a double is written exactly in far fewer */

static_assert(JSON_DEPTH_MAX <= 64, "json_reader keeps one bit per level");

/* What may come next. */
enum {
	WANT_VALUE,
	WANT_FIRST_ITEM, /* a value or "]" */
	WANT_FIRST_NAME, /* a name or "}" */
	WANT_COMMA,      /* "," or the end of what is open */
	WANT_END         /* nothing but blanks */
};

void
json_reader_init(struct json_reader *r, struct str text)
{
	*r = (struct json_reader){ .text = text, .expect = WANT_VALUE };
}

/* The next byte, or -1 at the end; blanks (RFC 8259 section 2: ws) are skipped. */
static int
peek(struct json_reader *r)
{
	for (; r->at < r->text.n; r->at++) {
		char c = r->text.p[r->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return (unsigned char)c;
	}
	return -1;
}

static bool
in_object(const struct json_reader *r)
{
	return r->depth > 0 && (r->objects >> (r->depth - 1) & 1);
}

/* --- strings ------------------------------------------------------------------------------- */

static int
hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = char_lower(p[i]);

		if (char_is_digit(c))
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* An escape at r->at (the backslash): check it and move past. */
static enum fail
skip_escape(struct json_reader *r)
{
	const char *p = r->text.p + r->at;
	size_t left = r->text.n - r->at;
	int unit;

	if (left < 2)
		return FAIL_SYNTAX;
	if (p[1] != 'u') {
		if (memchr("\"\\/bfnrt", p[1], 8) == NULL)
			return FAIL_SYNTAX;
		r->at += 2;
		return FAIL_NONE;
	}
	unit = left < 6 ? -1 : hex4(p + 2);
	if (unit < 0)
		return FAIL_SYNTAX;
	if (unit >= 0xd800 && unit < 0xe000) {
		int low = left >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;

		if (unit >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
			return FAIL_PERM; /* a lone surrogate (RFC 7493 2.1) */
		r->at += 6;
	}
	r->at += 6;
	return FAIL_NONE;
}

/* Bytes from p that need no look: eight at a time, no quote, backslash, control or high byte. */
static size_t
plain_run(const char *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t w, quote, backslash;

		memcpy(&w, p + i, 8);
		quote = w ^ (ones * '"');
		backslash = w ^ (ones * '\\');
		if (((w | (w - ones * 0x20) | (quote - ones) | (backslash - ones)) & highs) != 0)
			break;
	}
	return i;
}

/*
 * The string at r->at (after the quote), up to its closing quote. Liberal: noncharacters such as
 * U+FFFE are taken, though RFC 7493 2.1 forbids them, because messages may hold them.
 */
static enum fail
take_string(struct json_reader *r, struct json_token *out)
{
	size_t start = r->at;
	bool has_high = false;

	out->has_escapes = false;
	for (;;) {
		unsigned char c;

		r->at += plain_run(r->text.p + r->at, r->text.n - r->at);
		if (r->at >= r->text.n)
			return FAIL_SYNTAX;
		c = (unsigned char)r->text.p[r->at];
		if (c == '"')
			break;
		if (c < 0x20)
			return FAIL_SYNTAX;
		if (c == '\\') {
			enum fail fail = skip_escape(r);

			if (fail != FAIL_NONE)
				return fail;
			out->has_escapes = true;
			continue;
		}
		has_high |= c >= 0x80;
		r->at++;
	}
	out->raw = str_slice(r->text, start, r->at - start);
	r->at++;
	return has_high && !utf8_is_valid(out->raw) ? FAIL_PERM : FAIL_NONE;
}

static size_t
put_utf8(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static char
short_escape(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

size_t
json_unescape(struct str raw, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		uint32_t c;

		if (raw.p[i] != '\\') {
			to[n++] = raw.p[i];
			continue;
		}
		i++;
		if (raw.p[i] != 'u') {
			to[n++] = short_escape(raw.p[i]);
			continue;
		}
		c = (uint32_t)hex4(raw.p + i + 1);
		i += 4;
		if (c >= 0xd800 && c < 0xe000) {
			c = 0x10000 + ((c & 0x3ff) << 10) + ((uint32_t)hex4(raw.p + i + 3) & 0x3ff);
			i += 6;
		}
		n += put_utf8(c, to + n);
	}
	return n;
}

/* --- numbers and words ----------------------------------------------------------------------- */

static bool
skip_digits(struct json_reader *r)
{
	size_t start = r->at;

	while (r->at < r->text.n && char_is_digit(r->text.p[r->at]))
		r->at++;
	return r->at > start;
}

static bool
skip_one_of(struct json_reader *r, char a, char b)
{
	if (r->at >= r->text.n || (r->text.p[r->at] != a && r->text.p[r->at] != b))
		return false;
	r->at++;
	return true;
}

/* number = [ minus ] int [ frac ] [ exp ] (RFC 8259 section 6); true: it is an integer's form. */
static bool
skip_number(struct json_reader *r, bool *is_whole_out)
{
	*is_whole_out = true;
	skip_one_of(r, '-', '-');
	if (!skip_one_of(r, '0', '0') && !skip_digits(r))
		return false;
	if (skip_one_of(r, '.', '.')) {
		*is_whole_out = false;
		if (!skip_digits(r))
			return false;
	}
	if (skip_one_of(r, 'e', 'E')) {
		*is_whole_out = false;
		skip_one_of(r, '+', '-');
		if (!skip_digits(r))
			return false;
	}
	return true;
}

static bool
whole_value(struct str text, int64_t *out)
{
	bool is_negative = str_skip_char(&text, '-');
	uint64_t value;

	if (!str_u64(&text, (uint64_t)INT64_MAX + is_negative, &value))
		return false;
	*out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static enum fail
take_number(struct json_reader *r, struct json_token *out)
{
	char text[JSON_NUMBER_MAX + 1];
	size_t start = r->at;
	struct str number;
	bool is_whole;

	if (!skip_number(r, &is_whole))
		return FAIL_SYNTAX;
	number = str_slice(r->text, start, r->at - start);
	out->type = JSON_TOKEN_INT;
	if (is_whole && whole_value(number, &out->integer))
		return FAIL_NONE;
	if (number.n > JSON_NUMBER_MAX)
		return FAIL_PERM;
	memcpy(text, number.p, number.n);
	text[number.n] = '\0';
	out->type = JSON_TOKEN_DOUBLE;
	out->number = strtod(text, NULL);
	return isfinite(out->number) ? FAIL_NONE : FAIL_PERM;
}

static enum fail
take_word(struct json_reader *r, struct json_token *out)
{
	struct str rest = str_from(r->text, r->at), cur = rest;

	out->type = JSON_TOKEN_BOOL;
	out->is_true = false;
	if (str_skip(&cur, STR("true")))
		out->is_true = true;
	else if (str_skip(&cur, STR("null")))
		out->type = JSON_TOKEN_NULL;
	else if (!str_skip(&cur, STR("false")))
		return FAIL_SYNTAX;
	r->at += rest.n - cur.n;
	return FAIL_NONE;
}

/* --- structure ------------------------------------------------------------------------------- */

static void
after_value(struct json_reader *r)
{
	r->expect = r->depth > 0 ? WANT_COMMA : WANT_END;
}

static enum fail
open_level(struct json_reader *r, bool is_object, struct json_token *out)
{
	uint64_t bit;

	if (r->depth >= JSON_DEPTH_MAX)
		return FAIL_PERM;
	bit = UINT64_C(1) << r->depth++;
	r->objects = is_object ? r->objects | bit : r->objects & ~bit;
	r->expect = is_object ? WANT_FIRST_NAME : WANT_FIRST_ITEM;
	out->type = is_object ? JSON_TOKEN_OBJECT_BEGIN : JSON_TOKEN_ARRAY_BEGIN;
	r->at++;
	return FAIL_NONE;
}

static void
close_level(struct json_reader *r, struct json_token *out)
{
	out->type = in_object(r) ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END;
	r->depth--;
	r->at++;
	after_value(r);
}

static enum fail
take_name(struct json_reader *r, struct json_token *out)
{
	enum fail fail;

	if (peek(r) != '"')
		return FAIL_SYNTAX;
	r->at++;
	out->type = JSON_TOKEN_NAME;
	fail = take_string(r, out);
	if (fail != FAIL_NONE)
		return fail;
	if (peek(r) != ':')
		return FAIL_SYNTAX;
	r->at++;
	r->expect = WANT_VALUE;
	return FAIL_NONE;
}

static enum fail
take_value(struct json_reader *r, struct json_token *out)
{
	int c = peek(r);
	enum fail fail;

	if (c == '{' || c == '[')
		return open_level(r, c == '{', out);
	if (c == '"') {
		r->at++;
		out->type = JSON_TOKEN_STRING;
		fail = take_string(r, out);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		fail = take_number(r, out);
	} else {
		fail = c < 0 ? FAIL_SYNTAX : take_word(r, out);
	}
	after_value(r);
	return fail;
}

enum fail
json_next(struct json_reader *r, struct json_token *out)
{
	int c = peek(r);

	switch (r->expect) {
	case WANT_END: out->type = JSON_TOKEN_END; return c < 0 ? FAIL_NONE : FAIL_SYNTAX;
	case WANT_VALUE: return take_value(r, out);
	case WANT_FIRST_ITEM:
		if (c != ']')
			return take_value(r, out);
		break;
	case WANT_FIRST_NAME:
		if (c != '}')
			return take_name(r, out);
		break;
	case WANT_COMMA:
		if (c == ',') {
			r->at++;
			return in_object(r) ? take_name(r, out) : take_value(r, out);
		}
		if (c != (in_object(r) ? '}' : ']'))
			return FAIL_SYNTAX;
		break;
	}
	close_level(r, out);
	return FAIL_NONE;
}
