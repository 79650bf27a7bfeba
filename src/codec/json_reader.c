#include "codec/json_reader.h"

/* system */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/utf8.h"

#define JSON_NUMBER_MAX 128 /* characters; a double is written exactly in far fewer */

static_assert(JSON_DEPTH_MAX <= 64, "json_reader keeps one bit per level");

/* What may come next. */
enum {
	WANT_VALUE,
	WANT_FIRST_ITEM, /* a value or "]" */
	WANT_FIRST_NAME, /* a name or "}" */
	WANT_NAME,
	WANT_STRING, /* the rest of a string */
	WANT_COLON,
	WANT_COMMA, /* "," or the end of what is open */
	WANT_END    /* nothing but blanks */
};

void
json_reader_init(struct json_reader *r, struct str text)
{
	*r = (struct json_reader){ .text = text, .pause = SIZE_MAX, .expect = WANT_VALUE };
}

static bool
is_paused(const struct json_reader *r)
{
	return r->at >= r->pause && r->at < r->text.n;
}

/* The next byte, or -1 at the end; blanks (RFC 8259 section 2: ws) are skipped, up to the pause. */
static int
peek(struct json_reader *r)
{
	for (; r->at < r->text.n; r->at++) {
		char c = r->text.p[r->at];

		if ((c != ' ' && c != '\t' && c != '\n' && c != '\r') || is_paused(r))
			return (unsigned char)c;
	}
	return -1;
}

static bool
in_object(const struct json_reader *r)
{
	return r->depth > 0 && (r->objects >> (r->depth - 1) & 1);
}

static void
after_value(struct json_reader *r)
{
	r->expect = r->depth > 0 ? WANT_COMMA : WANT_END;
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

static bool
is_plain(char c)
{
	return c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* Bytes from p that need no look, eight at a time and a few more: no quote, backslash, control or high byte. */
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
	for (unsigned more = 0; more < 8 && i < n && is_plain(p[i]); more++)
		i++;
	return i;
}

/* The character at r->at, which is no quote: check it and move past. */
static enum fail
take_character(struct json_reader *r)
{
	struct str cur = str_from(r->text, r->at);
	uint32_t code_point;

	if ((unsigned char)cur.p[0] < 0x20)
		return FAIL_SYNTAX;
	if (cur.p[0] == '\\') {
		r->string.has_escapes = true;
		return skip_escape(r);
	}
	if (!utf8_next(&cur, &code_point))
		return FAIL_PERM;
	r->at = r->text.n - cur.n;
	return FAIL_NONE;
}

/*
 * The rest of the string under way, up to its closing quote or to the pause. Liberal: noncharacters such as
 * U+FFFE are taken, though RFC 7493 2.1 forbids them, because messages may hold them.
 */
static enum fail
take_string(struct json_reader *r, struct json_token *out)
{
	size_t end = size_min(r->pause, r->text.n);

	r->expect = WANT_STRING;
	while (!is_paused(r)) {
		enum fail fail;

		if (r->at < end)
			r->at += plain_run(r->text.p + r->at, end - r->at);
		if (r->at >= r->text.n)
			return FAIL_SYNTAX;
		if (r->text.p[r->at] == '"') {
			r->string.raw =
			    str_slice(r->text, r->string.start + 1, r->at++ - r->string.start - 1);
			*out = r->string;
			if (out->type == JSON_TOKEN_NAME)
				r->expect = WANT_COLON;
			else
				after_value(r);
			return FAIL_NONE;
		}
		fail = take_character(r);
		if (fail != FAIL_NONE)
			return fail;
	}
	out->type = JSON_TOKEN_PAUSE;
	return FAIL_NONE;
}

/* The string whose quote stands at r->at. */
static enum fail
begin_string(struct json_reader *r, enum json_token_type type, struct json_token *out)
{
	r->string = (struct json_token){ .type = type, .start = r->at++ };
	return take_string(r, out);
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

/* The escape at p: what it stands for goes to *to, which moves; the bytes read. */
static size_t
unescape_one(const char *p, char **to)
{
	uint32_t c;
	size_t n = 6;

	if (p[1] != 'u') {
		*(*to)++ = short_escape(p[1]);
		return 2;
	}
	c = (uint32_t)hex4(p + 2);
	if (c >= 0xd800 && c < 0xe000) {
		c = 0x10000 + ((c & 0x3ff) << 10) + ((uint32_t)hex4(p + 8) & 0x3ff);
		n = 12;
	}
	*to += put_utf8(c, *to);
	return n;
}

size_t
json_unescape(struct str *raw, size_t n, char *to)
{
	char *start = to;
	size_t at = 0;

	while (at < n && at < raw->n) {
		struct str rest = str_from(*raw, at);
		size_t run = size_min(str_find_char(rest, '\\'), rest.n);

		run = size_min(run, n - at);
		memcpy(to, rest.p, run);
		to += run;
		at += run;
		if (run < rest.n && rest.p[run] == '\\')
			at += unescape_one(rest.p + run, &to);
	}
	*raw = str_from(*raw, at);
	return (size_t)(to - start);
}

/* --- numbers and words ----------------------------------------------------------------------- */

static bool
skip_digits(struct json_reader *r)
{
	size_t start = r->at;

	while (r->at < r->text.n && char_is_digit(r->text.p[r->at]) &&
	    r->at - start <= JSON_NUMBER_MAX)
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

static enum fail
close_level(struct json_reader *r, int c, struct json_token *out)
{
	if (c != (in_object(r) ? '}' : ']'))
		return FAIL_SYNTAX;
	out->type = in_object(r) ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END;
	r->depth--;
	r->at++;
	after_value(r);
	return FAIL_NONE;
}

static enum fail
take_value(struct json_reader *r, int c, struct json_token *out)
{
	enum fail fail;

	if (c == '{' || c == '[')
		return open_level(r, c == '{', out);
	if (c == '"')
		return begin_string(r, JSON_TOKEN_STRING, out);
	if (c == '-' || (c >= '0' && c <= '9'))
		fail = take_number(r, out);
	else
		fail = c < 0 ? FAIL_SYNTAX : take_word(r, out);
	after_value(r);
	return fail;
}

static enum fail
take_name(struct json_reader *r, int c, struct json_token *out)
{
	return c == '"' ? begin_string(r, JSON_TOKEN_NAME, out) : FAIL_SYNTAX;
}

/* A colon or a comma: what comes behind it is wanted then. */
static void
take_mark(struct json_reader *r)
{
	bool is_name = r->expect == WANT_COMMA && in_object(r);

	r->at++;
	r->expect = is_name ? WANT_NAME : WANT_VALUE;
}

enum fail
json_next(struct json_reader *r, struct json_token *out)
{
	int c;

	if (r->expect == WANT_STRING)
		return take_string(r, out);
	c = peek(r);
	if ((r->expect == WANT_COLON && c == ':') || (r->expect == WANT_COMMA && c == ',')) {
		take_mark(r);
		c = peek(r);
	}
	if (is_paused(r)) {
		out->type = JSON_TOKEN_PAUSE;
		return FAIL_NONE;
	}
	out->start = r->at;
	switch (r->expect) {
	case WANT_FIRST_ITEM:
		if (c == ']')
			return close_level(r, c, out);
		return take_value(r, c, out);
	case WANT_VALUE: return take_value(r, c, out);
	case WANT_FIRST_NAME:
		if (c == '}')
			return close_level(r, c, out);
		return take_name(r, c, out);
	case WANT_NAME: return take_name(r, c, out);
	case WANT_COMMA: return close_level(r, c, out);
	case WANT_END: out->type = JSON_TOKEN_END; return c < 0 ? FAIL_NONE : FAIL_SYNTAX;
	default: return FAIL_SYNTAX; /* no colon behind a name */
	}
}
