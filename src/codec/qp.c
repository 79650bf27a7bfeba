#include "codec/qp.h"

/* base */
#include "base/num.h"

#define QP_LINE_MAX 75 /* characters before the "=" of a soft break (RFC 2045 6.7 rule 5) */

static int
hex_value(char c)
{
	c = char_upper(c);
	if (char_is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* --- encoder ------------------------------------------------------------------------------- */

static void
soft_break(struct qp_encoder *e, unsigned width, struct buf *out)
{
	if (e->column + width <= QP_LINE_MAX)
		return;
	buf_add(out, STR("=\r\n"));
	e->column = 0;
}

static void
add_escaped(struct qp_encoder *e, char c, struct buf *out)
{
	soft_break(e, 3, out);
	buf_add_escape(out, '=', c);
	e->column += 3;
}

/* A line that begins with "--" could be the delimiter of a multipart around it (RFC 2045 6.7). */
static void
add_plain(struct qp_encoder *e, char c, struct buf *out)
{
	soft_break(e, 1, out);
	if (c == '-' && e->column == 0) {
		add_escaped(e, c, out);
		return;
	}
	buf_add_char(out, c);
	e->column++;
}

/* What was held turned out not to stand before a line end. */
static void
add_held(struct qp_encoder *e, struct buf *out)
{
	if (e->held == '\r')
		add_escaped(e, '\r', out);
	else if (e->held != 0)
		add_plain(e, e->held, out);
	e->held = 0;
}

static void
line_end(struct qp_encoder *e, struct buf *out)
{
	if (e->held != '\r' && e->held != 0)
		add_escaped(e, e->held, out);
	e->held = 0;
	buf_add(out, STR("\r\n"));
	e->column = 0;
}

static void
encode_one(struct qp_encoder *e, char c, struct buf *out)
{
	if (c == '\n' && !e->is_binary) {
		line_end(e, out);
		return;
	}
	if (c == '\r' && !e->is_binary) {
		if (e->held == ' ' || e->held == '\t')
			add_escaped(e, e->held, out);
		else
			add_held(e, out);
		e->held = c;
		return;
	}
	add_held(e, out);
	if (char_is_space(c))
		e->held = c;
	else if (c > ' ' && c <= '~' && c != '=')
		add_plain(e, c, out);
	else
		add_escaped(e, c, out);
}

void
qp_encoder_feed(struct qp_encoder *e, struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++)
		encode_one(e, text.p[i], out);
}

void
qp_encoder_end(struct qp_encoder *e, struct buf *out)
{
	if (e->held != 0)
		add_escaped(e, e->held, out);
	*e = (struct qp_encoder){ .is_binary = e->is_binary };
}

/* --- decoder ------------------------------------------------------------------------------- */

static void
put_held(struct qp_decoder *d, struct buf *out)
{
	buf_add(out, str_of(d->held, d->held_count));
	d->held_count = 0;
}

/* A blank may be padding at the end of its line. */
static void
hold(struct qp_decoder *d, char c, struct buf *out)
{
	if (d->held_count == QP_HELD_MAX)
		put_held(d, out);
	d->held[d->held_count++] = c;
}

static void
decode_text(struct qp_decoder *d, char c, struct buf *out)
{
	if (char_is_space(c)) {
		hold(d, c, out);
		return;
	}
	if (c == '\r' || c == '\n')
		d->held_count = 0;
	else if (d->held_count > 0)
		put_held(d, out);
	if (c == '=')
		d->state = QP_EQUALS;
	else
		buf_add_char(out, c);
}

/* What decode_text() does, up to the next "=" or end of a line at once: how many bytes that were. */
static size_t
decode_run(struct qp_decoder *d, struct str text, struct buf *out)
{
	size_t n = 0, end;

	while (n < text.n && text.p[n] != '=' && text.p[n] != '\r' && text.p[n] != '\n')
		n++;
	for (end = n; end > 0 && char_is_space(text.p[end - 1]);)
		end--;
	if (end > 0) {
		put_held(d, out);
		buf_add(out, str_head(text, end));
	}
	for (size_t i = end; i < n; i++)
		hold(d, text.p[i], out);
	return n;
}

/* An "=" that began nothing: it is text, as is what followed it. */
static void
give_up(struct qp_decoder *d, char c, struct buf *out)
{
	d->is_damaged = true;
	buf_add_char(out, '=');
	if (d->state == QP_EQUALS_HEX)
		buf_add_char(out, d->first);
	d->state = QP_TEXT;
	decode_text(d, c, out);
}

static void
decode_escape(struct qp_decoder *d, char c, struct buf *out)
{
	switch (d->state) {
	case QP_TEXT: break;
	case QP_EQUALS:
		if (c == '\r') {
			d->state = QP_EQUALS_CR;
		} else if (c == '\n') {
			d->state = QP_TEXT;
		} else if (char_is_space(c)) {
			d->state = QP_EQUALS_BLANK;
		} else if (hex_value(c) >= 0) {
			d->state = QP_EQUALS_HEX;
			d->first = c;
		} else {
			give_up(d, c, out);
		}
		break;
	case QP_EQUALS_HEX:
		if (hex_value(c) < 0) {
			give_up(d, c, out);
			break;
		}
		buf_add_char(out, (char)(hex_value(d->first) << 4 | hex_value(c)));
		d->state = QP_TEXT;
		break;
	case QP_EQUALS_BLANK: /* padding that a gateway added behind the "=" */
		if (c == '\r')
			d->state = QP_EQUALS_CR;
		else if (c == '\n')
			d->state = QP_TEXT;
		else if (!char_is_space(c))
			give_up(d, c, out);
		break;
	case QP_EQUALS_CR:
		d->state = QP_TEXT;
		if (c != '\n')
			decode_text(d, c, out);
		break;
	}
}

void
qp_decoder_feed(struct qp_decoder *d, struct str text, struct buf *out)
{
	while (text.n > 0) {
		if (d->state == QP_TEXT)
			text = str_from(text, decode_run(d, text, out));
		if (text.n == 0)
			break;
		if (d->state == QP_TEXT)
			decode_text(d, text.p[0], out);
		else
			decode_escape(d, text.p[0], out);
		text = str_from(text, 1);
	}
}

void
qp_decoder_end(struct qp_decoder *d, struct buf *out)
{
	if (d->state == QP_EQUALS_HEX) {
		buf_add_char(out, '=');
		buf_add_char(out, d->first);
	}
	*d = (struct qp_decoder){ .is_damaged = d->is_damaged || d->state == QP_EQUALS_HEX };
}

/* --- encoded words --------------------------------------------------------------------------- */

void
qp_word_parse(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '=' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 &&
		    hex_value(text.p[i + 2]) >= 0) {
			c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		buf_add_char(out, c);
	}
}

/* Only what RFC 2047 5 (3) allows in a phrase stays plain, so that the word fits everywhere. */
void
qp_word_write(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char c = bytes.p[i];

		if (c == ' ') {
			buf_add_char(out, '_');
		} else if (char_is_alpha(c) || char_is_digit(c) ||
		    str_find_char(STR("!*+-/"), c) != STR_NONE) {
			buf_add_char(out, c);
		} else {
			buf_add_escape(out, '=', c);
		}
	}
}
