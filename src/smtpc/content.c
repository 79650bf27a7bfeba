#include "smtpc/content.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/utf8.h"

#define LOOK_BYTES (256 * 1024) /* seen per slice: well under a millisecond */
#define PIECE_MAX  (16 * 1024)  /* bytes: one piece of a conversion, or of our fields */

void
content_init(struct content *c, struct str fields, struct str content)
{
	*c = (struct content){ .fields = fields, .rest = content, .unseen = content };
	buf_init(&c->piece, PIECE_MAX);
	c->size = (uint64_t)fields.n + content.n;
	if (c->size > 0 && !str_ends(str_empty(content) ? fields : content, STR("\r\n")))
		c->size += 2;
	if (!utf8_is_ascii(fields))
		c->needs |= SEVEN_NEEDS_8BIT;
}

void
content_release(struct content *c)
{
	if (c->has_seven)
		seven_release(&c->seven);
	buf_release(&c->piece);
	*c = (struct content){ 0 };
}

/* --- looking -------------------------------------------------------------------------------- */

bool
content_look(struct content *c)
{
	struct str slice = str_head(c->unseen, LOOK_BYTES);

	if (slice.n < c->unseen.n) { /* whole lines, so that none is judged by its halves */
		size_t at = str_rfind_char(slice, '\n');

		if (at == STR_NONE)
			c->needs |= SEVEN_NEEDS_BINARY; /* no text has such lines */
		else
			slice = str_head(slice, at + 1);
	}
	c->needs |= seven_needs(slice);
	c->unseen = str_from(c->unseen, slice.n);
	return str_empty(c->unseen);
}

/* --- handing out ---------------------------------------------------------------------------- */

enum content_form
content_form(unsigned needs, unsigned takes)
{
	/* Who takes binary takes 8-bit text (RFC 3030 3). */
	if ((needs & ~takes) == 0 || (takes & SEVEN_NEEDS_BINARY))
		return CONTENT_AS_IS;
	return (takes & SEVEN_NEEDS_8BIT) ? CONTENT_FOR_8BIT : CONTENT_FOR_7BIT;
}

static enum envelope_body
body_of(unsigned needs, unsigned takes, enum content_form form)
{
	if (form == CONTENT_FOR_7BIT)
		return BODY_7BIT;
	if (form == CONTENT_AS_IS && ((needs & SEVEN_NEEDS_BINARY) || (needs & ~takes)))
		return BODY_BINARYMIME;
	return (needs & SEVEN_NEEDS_8BIT) ? BODY_8BITMIME : BODY_7BIT;
}

enum fail
content_begin(struct content *c, unsigned takes)
{
	c->form = content_form(c->needs, takes);
	c->body = body_of(c->needs, takes, c->form);
	if (c->form == CONTENT_AS_IS)
		return FAIL_NONE;
	c->has_seven = true;
	return seven_init(&c->seven, c->rest,
	    c->form == CONTENT_FOR_7BIT ? SEVEN_FOR_7BIT : SEVEN_FOR_8BIT);
}

static struct str
hand_out(struct content *c, struct str piece)
{
	c->has_begun = c->has_begun || piece.n > 0;
	if (piece.n > 1)
		c->last[0] = piece.p[piece.n - 2];
	else if (piece.n == 1)
		c->last[0] = c->last[1];
	if (piece.n > 0)
		c->last[1] = piece.p[piece.n - 1];
	return piece;
}

/* Our own fields are ASCII, but for names that came in UTF-8. */
static struct str
next_of_fields(struct content *c, size_t most)
{
	struct str piece = str_head(c->fields, size_min(most, PIECE_MAX));

	c->fields = str_from(c->fields, piece.n);
	if (c->form != CONTENT_FOR_7BIT || utf8_is_ascii(piece))
		return piece;
	for (size_t i = 0; i < piece.n; i++)
		buf_add_char(&c->piece, (piece.p[i] & 0x80) ? '?' : piece.p[i]);
	c->used = piece.n;
	return buf_str(&c->piece);
}

/* See that converted bytes are there, unless there are no more. */
static void
fill(struct content *c)
{
	buf_consume(&c->piece, c->used);
	c->used = 0;
	while (c->has_seven && !c->is_dry && c->piece.n == 0)
		c->is_dry = !seven_next(&c->seven, &c->piece);
	invariant(buf_ok(&c->piece));
}

static bool
has_line_end(const struct content *c)
{
	return !c->has_begun || (c->last[0] == '\r' && c->last[1] == '\n');
}

struct str
content_next(struct content *c, size_t most)
{
	struct str piece;

	invariant(most >= 2);
	buf_consume(&c->piece, c->used);
	c->used = 0;
	if (!str_empty(c->fields))
		return hand_out(c, next_of_fields(c, most));
	if (c->has_seven) {
		fill(c);
		piece = str_head(buf_str(&c->piece), most);
		c->used = piece.n;
	} else {
		piece = str_head(c->rest, most);
		c->rest = str_from(c->rest, piece.n);
	}
	if (str_empty(piece) && !has_line_end(c))
		piece = STR("\r\n");
	return hand_out(c, piece);
}

bool
content_is_done(struct content *c)
{
	if (!str_empty(c->fields))
		return false;
	fill(c);
	return (c->has_seven ? c->piece.n == 0 : str_empty(c->rest)) && has_line_end(c);
}
