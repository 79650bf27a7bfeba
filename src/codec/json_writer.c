#include "codec/json_writer.h"

/* system */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* rooms */
#include "codec/utf8.h"

static void
begin_value(struct json_writer *w)
{
	if (w->needs_comma)
		buf_add_char(w->out, ',');
	w->needs_comma = true;
}

static void
open_level(struct json_writer *w, char c)
{
	begin_value(w);
	buf_add_char(w->out, c);
	w->needs_comma = false;
}

static void
close_level(struct json_writer *w, char c)
{
	buf_add_char(w->out, c);
	w->needs_comma = true;
}

void
json_object_begin(struct json_writer *w)
{
	open_level(w, '{');
}

void
json_object_end(struct json_writer *w)
{
	close_level(w, '}');
}

void
json_array_begin(struct json_writer *w)
{
	open_level(w, '[');
}

void
json_array_end(struct json_writer *w)
{
	close_level(w, ']');
}

void
json_name(struct json_writer *w, struct str name)
{
	json_string(w, name);
	buf_add_char(w->out, ':');
	w->needs_comma = false;
}

static void
add_escape(struct buf *out, unsigned char c)
{
	char text[6] = { '\\', 'u', '0', '0', char_hex(c >> 4), char_hex(c) };

	switch (c) {
	case '"': buf_add(out, STR("\\\"")); break;
	case '\\': buf_add(out, STR("\\\\")); break;
	case '\n': buf_add(out, STR("\\n")); break;
	case '\r': buf_add(out, STR("\\r")); break;
	case '\t': buf_add(out, STR("\\t")); break;
	default: buf_add(out, str_of(text, 6)); break;
	}
}

static bool
must_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

#define EACH(byte) (0x0101010101010101u * (byte))

/* Is one of these eight bytes below `limit`, which is at most 0x80? */
static bool
has_below(uint64_t bytes, unsigned limit)
{
	return ((bytes - EACH(limit)) & ~bytes & EACH(0x80)) != 0;
}

/* The run of `text` that stands for itself; *is_ascii_out: without bytes above 0x7f. Eight bytes at a time. */
static size_t
plain_run(struct str text, bool *is_ascii_out)
{
	uint64_t bytes, seen = 0;
	size_t i = 0;

	for (; i + sizeof bytes <= text.n; i += sizeof bytes) {
		memcpy(&bytes, text.p + i, sizeof bytes);
		if (has_below(bytes, 0x20) || has_below(bytes ^ EACH('"'), 1) ||
		    has_below(bytes ^ EACH('\\'), 1))
			break;
		seen |= bytes;
	}
	for (; i < text.n && !must_escape((unsigned char)text.p[i]); i++)
		seen |= (unsigned char)text.p[i];
	*is_ascii_out = !(seen & EACH(0x80));
	return i;
}

void
json_string_begin(struct json_writer *w)
{
	begin_value(w);
	buf_add_char(w->out, '"');
}

void
json_string_piece(struct json_writer *w, struct str text)
{
	while (text.n > 0) {
		bool is_ascii;
		size_t run = plain_run(text, &is_ascii);

		if (is_ascii)
			buf_add(w->out, str_head(text, run));
		else
			utf8_write_valid(w->out, str_head(text, run));
		if (run < text.n)
			add_escape(w->out, (unsigned char)text.p[run++]);
		text = str_from(text, run);
	}
}

void
json_string_end(struct json_writer *w)
{
	buf_add_char(w->out, '"');
}

void
json_string(struct json_writer *w, struct str text)
{
	json_string_begin(w);
	json_string_piece(w, text);
	json_string_end(w);
}

void
json_int(struct json_writer *w, int64_t n)
{
	begin_value(w);
	buf_add_i64(w->out, n);
}

void
json_u64(struct json_writer *w, uint64_t n)
{
	begin_value(w);
	buf_add_u64(w->out, n);
}

/* The shortest text that reads back as the same double. */
void
json_double(struct json_writer *w, double n)
{
	char text[32];
	int length = 0;

	if (!isfinite(n)) {
		json_null(w);
		return;
	}
	begin_value(w);
	for (int precision = 15; precision <= 17; precision++) {
		length = snprintf(text, sizeof text, "%.*g", precision, n);
		if (!(strtod(text, NULL) < n) && !(strtod(text, NULL) > n))
			break;
	}
	buf_add(w->out, str_of(text, (size_t)length));
}

void
json_bool(struct json_writer *w, bool b)
{
	json_raw(w, b ? STR("true") : STR("false"));
}

void
json_null(struct json_writer *w)
{
	json_raw(w, STR("null"));
}

void
json_raw(struct json_writer *w, struct str json)
{
	begin_value(w);
	buf_add(w->out, json);
}

void
json_name_string(struct json_writer *w, struct str name, struct str text)
{
	json_name(w, name);
	json_string(w, text);
}

void
json_name_int(struct json_writer *w, struct str name, int64_t n)
{
	json_name(w, name);
	json_int(w, n);
}

void
json_name_bool(struct json_writer *w, struct str name, bool b)
{
	json_name(w, name);
	json_bool(w, b);
}

void
json_name_null(struct json_writer *w, struct str name)
{
	json_name(w, name);
	json_null(w);
}
