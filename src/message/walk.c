/* All texts of a message that can be searched, piece by piece (text.h). */
#include "message/text.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "message/header.h"

#define TEXT_MAX (32 * MESSAGE_HEADER_MAX) /* bytes of one piece: a decoded field at its longest */

void
text_walk_init(struct text_walk *w, const struct message *m, enum text_where where, struct str name)
{
	*w = (struct text_walk){ .message = m, .where = where, .name = name, .part = &m->root };
	buf_init(&w->text, TEXT_MAX);
	if (where != TEXT_BODY)
		w->header = part_header(m, w->part);
}

void
text_walk_release(struct text_walk *w)
{
	body_reader_free(&w->reader);
	buf_release(&w->text);
}

/*
 * The next field of the header that is under way: those called `name`, or all of them with their names. Or a pause,
 * which is as long as a piece of a body.
 */
static bool
next_field(struct text_walk *w)
{
	struct str name = w->where == TEXT_HEADER ? w->name : STR("");
	size_t before = w->header.n;
	struct header h;

	buf_clear(&w->text);
	while (header_next(&w->header, &h)) {
		w->bytes = before - w->header.n;
		w->is_pause = name.n > 0 && !str_eq_nocase(h.name, name);
		if (w->is_pause && w->bytes < BODY_PIECE_BYTES)
			continue;
		w->goes_on = false;
		if (w->is_pause)
			return true;
		if (name.n == 0) {
			buf_add(&w->text, h.name);
			buf_add_c(&w->text, ": ");
		}
		header_text_write(&w->text, h.value);
		w->is_body = w->part->parent != NULL;
		return true;
	}
	return false;
}

static bool
next_of_body(struct text_walk *w)
{
	bool is_first = w->reader == NULL;

	if (is_first)
		w->reader = body_reader_new(w->message, w->part, BODY_TEXT);
	buf_clear(&w->text);
	w->is_body = true;
	w->goes_on = !is_first;
	w->is_pause = false;
	w->bytes = BODY_PIECE_BYTES;
	return body_read(w->reader, &w->text);
}

static bool
has_text(const struct part *p)
{
	return p->kind == PART_LEAF &&
	    (part_is(p, STR("text"), STR("")) || part_is(p, STR("message"), STR("")));
}

bool
text_walk_next(struct text_walk *w, struct str *text_out)
{
	while (w->part) {
		if (next_field(w) ||
		    (w->where != TEXT_HEADER && has_text(w->part) && next_of_body(w))) {
			*text_out = buf_str(&w->text);
			return true;
		}
		body_reader_free(&w->reader);
		w->part = w->where == TEXT_HEADER ? NULL : part_next(w->part);
		/* Headers of parts belong to the body of the message, file names for example. */
		if (w->part && (w->part->kind != PART_MULTIPART || w->part->fields))
			w->header = part_header(w->message, w->part);
	}
	return false;
}
