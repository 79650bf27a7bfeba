/*
 * EmailBodyValue (RFC 8621 4.1.4): text of parts as UTF-8, cut on request.
 */
#include "jmap/email.h"

/* rooms */
#include "codec/utf8.h"
#include "message/section.h"
#include "message/text.h"

/* The reader of the value before, if there was one. */
static struct body_reader *
reader_of(struct email_view *v, const struct part *p)
{
	struct email_scratch *s = v->scratch;

	if (s->reader) {
		body_reader_renew(s->reader, v->full, p, BODY_TEXT);
	} else {
		s->reader = body_reader_new(v->full, p, BODY_TEXT);
		buf_init(&s->piece, 8 * BODY_PIECE_BYTES);
	}
	buf_clear(&s->piece);
	return s->reader;
}

void
email_scratch_release(struct email_scratch *s)
{
	buf_release(&s->piece);
	body_reader_free(&s->reader);
}

/* The next bytes of the text; of HTML it is noted where a tag begins that has no end yet. */
static void
put_text(struct email_view *v, struct str text)
{
	struct email_values *x = &v->values;
	size_t open = str_rfind_char(text, '<'), close = str_rfind_char(text, '>');
	bool is_open = open != STR_NONE && (close == STR_NONE || close < open);

	json_string_piece(v->w, str_head(text, is_open ? open : text.n));
	if (is_open)
		x->open_tag = buf_str(v->w->out).n;
	else if (close != STR_NONE)
		x->open_tag = STR_NONE;
	if (is_open)
		json_string_piece(v->w, str_from(text, open));
	x->left -= text.n;
}

/* A piece, cut between characters where no more may follow; true: the text ended. */
static bool
put_piece(struct email_view *v)
{
	struct email_values *x = &v->values;
	struct buf *piece = &v->scratch->piece;
	bool has_more = body_read(v->scratch->reader, piece);
	struct str text = buf_str(piece);

	if (has_more)
		text = utf8_cut(text, text.n);
	x->is_cut = text.n > x->left;
	put_text(v, x->is_cut ? utf8_cut(text, (size_t)x->left) : text);
	buf_drop(piece, text.n);
	return !has_more || x->is_cut || !buf_ok(v->w->out);
}

static void
value_begin(struct email_view *v)
{
	const struct part *p = v->values.part;
	struct buf number;

	(void)reader_of(v, p);
	v->values.is_open = true;
	v->values.left = v->asked->value_bytes ? v->asked->value_bytes : UINT64_MAX;
	v->values.open_tag = STR_NONE;
	buf_init(&number, EMAIL_PART_ID_MAX);
	part_number_write(&number, p);
	json_name(v->w, buf_str(&number));
	buf_release(&number);
	json_object_begin(v->w);
	json_name(v->w, STR("value"));
	json_string_begin(v->w);
}

static void
value_end(struct email_view *v)
{
	struct email_values *x = &v->values;

	if (x->is_cut && x->open_tag != STR_NONE && part_is(x->part, STR("text"), STR("html")))
		buf_truncate(v->w->out, x->open_tag);
	json_string_end(v->w);
	json_name_bool(v->w, STR("isEncodingProblem"), body_has_problem(v->scratch->reader));
	json_name_bool(v->w, STR("isTruncated"), x->is_cut);
	json_object_end(v->w);
	x->is_open = false;
}

/* One EmailBodyValue; false when the slice is over. */
static bool
write_value(struct email_view *v)
{
	if (!v->values.is_open)
		value_begin(v);
	while (!put_piece(v))
		if (jmap_slice_over(v->call))
			return false;
	value_end(v);
	return true;
}

static bool
is_listed(const struct body_list *list, const struct part *p)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i]->index == p->index)
			return true;
	return false;
}

/* Parts of embedded messages are not this message's. */
static bool
is_embedded(const struct part *p)
{
	for (const struct part *q = p->parent; q; q = q->parent)
		if (q->kind == PART_MESSAGE)
			return true;
	return false;
}

static bool
is_asked(struct email_view *v, const struct part *p)
{
	const struct email_asked *asked = v->asked;
	const struct bodies *bodies;

	if (!part_is(p, STR("text"), STR("")) || is_embedded(p))
		return false;
	if (asked->all_values)
		return true;
	bodies = email_bodies(v);
	return bodies &&
	    ((asked->text_values && is_listed(&bodies->text, p)) ||
		(asked->html_values && is_listed(&bodies->html, p)));
}

static void
values_begin(struct email_view *v)
{
	const struct email_asked *asked = v->asked;
	bool is_any = asked->text_values || asked->html_values || asked->all_values;
	const struct message *m = is_any ? email_full(v) : NULL;

	v->values = (struct email_values){ .part = m ? &m->root : NULL, .is_begun = true };
	json_name(v->w, STR("bodyValues"));
	json_object_begin(v->w);
}

bool
email_values_write(struct email_view *v)
{
	struct email_values *x = &v->values;

	if (!x->is_begun)
		values_begin(v);
	for (; x->part; x->part = part_next(x->part)) {
		if (!x->is_open && !is_asked(v, x->part))
			continue;
		if (!write_value(v))
			return false;
	}
	json_object_end(v->w);
	return true;
}
