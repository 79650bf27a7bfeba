#include "mailauth/dkim_header.h"

/* base */
#include "base/mem.h"

/* The size of the line end that begins here: it goes away, and the blanks behind it stay (unfolding). */
static size_t
line_end_size(struct str s, size_t at)
{
	return s.p[at] == '\r' && at + 1 < s.n && s.p[at + 1] == '\n' ? 2 : 0;
}

/* Runs of blanks become one, none at both ends (RFC 6376 3.4.2). */
static void
write_relaxed_value(struct buf *out, struct str value)
{
	bool has_blank = false, has_text = false;
	size_t i = 0, begin, end;

	while (i < value.n) {
		end = line_end_size(value, i);
		if (end > 0 || char_is_space(value.p[i])) {
			has_blank = has_blank || end == 0;
			i += end > 0 ? end : 1;
			continue;
		}
		if (has_blank && has_text)
			buf_add_char(out, ' ');
		has_blank = false;
		has_text = true;
		begin = i;
		while (i < value.n && !char_is_space(value.p[i]) && line_end_size(value, i) == 0)
			i++;
		buf_add(out, str_slice(value, begin, i - begin));
	}
}

static void
write_field(struct buf *out, enum dkim_canon canon, const struct header *field, struct str value)
{
	if (canon == DKIM_SIMPLE) {
		buf_add(out, str_head(field->whole, (size_t)(field->value.p - field->whole.p)));
		buf_add(out, value);
		return;
	}
	for (size_t i = 0; i < field->name.n; i++)
		buf_add_char(out, char_lower(field->name.p[i]));
	buf_add_char(out, ':');
	write_relaxed_value(out, value);
}

void
dkim_header_write(struct buf *out, enum dkim_canon canon, const struct header *field)
{
	write_field(out, canon, field, field->value);
	buf_add_c(out, "\r\n");
}

/* The value of b= with all blanks around it is deleted, as if it were empty (3.5, 3.7). */
static void
write_without_b(struct buf *out, struct str value)
{
	struct str part;
	bool is_first = true;

	while (str_next_part(&value, ';', &part)) {
		size_t equals = str_find_char(part, '=');

		if (!is_first)
			buf_add_char(out, ';');
		is_first = false;
		if (equals != STR_NONE && str_eq(str_trim(str_head(part, equals)), STR("b")))
			part = str_head(part, equals + 1);
		buf_add(out, part);
	}
}

void
dkim_header_write_own(struct buf *out, enum dkim_canon canon, const struct header *field)
{
	struct buf value;

	buf_init(&value, DKIM_HEADER_MAX);
	write_without_b(&value, field->value);
	write_field(out, canon, field, buf_str(&value));
	buf_release(&value);
}

void
dkim_header_write_named(struct buf *out, const struct dkim_content *content, enum dkim_canon canon,
    struct str names)
{
	uint32_t *taken = mem_new(content->count + 1, sizeof *taken);
	struct header field;
	struct str name;

	while (dkim_next_name(&names, &name)) {
		if (dkim_content_take(content, taken, name, &field))
			dkim_header_write(out, canon, &field);
	}
	mem_free(taken);
}
