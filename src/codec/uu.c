#include "codec/uu.h"

/* "begin 644 name" (POSIX uuencode); the mode may have more digits. */
static bool
is_begin(struct str line)
{
	uint64_t mode;

	return str_skip(&line, STR("begin ")) && str_u64(&line, 777777, &mode) &&
	    str_skip_char(&line, ' ');
}

static unsigned
value_at(struct str line, size_t i)
{
	return i < line.n ? ((unsigned char)line.p[i] - 32u) & 63 : 0;
}

static void
decode_line(struct str line, size_t count, struct buf *out)
{
	for (size_t i = 1; count > 0; i += 4) {
		unsigned bits = value_at(line, i) << 18 | value_at(line, i + 1) << 12 |
		    value_at(line, i + 2) << 6 | value_at(line, i + 3);
		char group[3] = { (char)(bits >> 16 & 0xff), (char)(bits >> 8 & 0xff),
			(char)(bits & 0xff) };
		size_t n = count < 3 ? count : 3;

		buf_add(out, str_of(group, n));
		count -= n;
	}
}

static void
end_line(struct uu_decoder *d, struct buf *out)
{
	struct str line = str_of(d->line, d->n);

	d->n = 0;
	if (str_ends(line, STR("\r")))
		line.n--;
	if (d->state == UU_BEFORE && is_begin(line))
		d->state = UU_INSIDE;
	else if (d->state == UU_INSIDE && (line.n == 0 || str_eq(line, STR("end"))))
		d->state = UU_AFTER;
	else if (d->state == UU_INSIDE && value_at(line, 0) == 0)
		d->state = UU_AFTER;
	else if (d->state == UU_INSIDE)
		decode_line(line, value_at(line, 0), out);
}

void
uu_decoder_feed(struct uu_decoder *d, struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n && d->state != UU_AFTER; i++) {
		if (text.p[i] == '\n')
			end_line(d, out);
		else if (d->n < UU_LINE_MAX)
			d->line[d->n++] = text.p[i];
	}
}

void
uu_decoder_end(struct uu_decoder *d, struct buf *out)
{
	if (d->n > 0)
		end_line(d, out);
}
