/*
 * EmailBodyValue (RFC 8621 4.1.4): text of parts as UTF-8, cut on request.
 */
#include "jmap/email.h"

/* rooms */
#include "codec/utf8.h"
#include "message/section.h"
#include "message/text.h"

/* What stands before a tag that the cut went through. */
static struct str
before_open_tag(struct str html)
{
	size_t open = str_rfind_char(html, '<'), close = str_rfind_char(html, '>');

	if (open == STR_NONE || (close != STR_NONE && close > open))
		return html;
	return str_head(html, open);
}

/* The whole text streams into the response. */
static void
write_whole(struct json_writer *w, struct body_reader *r, struct buf *piece)
{
	bool has_more = true;

	json_string_begin(w);
	while (has_more && buf_ok(w->out)) {
		struct str text;

		has_more = body_read(r, piece);
		text = buf_str(piece);
		if (has_more)
			text = utf8_cut(text, text.n);
		json_string_piece(w, text);
		buf_drop(piece, text.n);
	}
	json_string_end(w);
}

/* At most `max` bytes, cut between characters and outside tags. True when something was left out. */
static bool
write_cut(struct json_writer *w, struct body_reader *r, size_t max, bool is_html)
{
	struct buf text;
	struct str value;
	bool is_cut, has_more = true;

	buf_init(&text, JMAP_RESPONSE_MAX);
	while (has_more && buf_ok(&text) && buf_str(&text).n <= max)
		has_more = body_read(r, &text);
	value = buf_str(&text);
	is_cut = value.n > max;
	if (is_cut) {
		value = utf8_cut(value, max);
		if (is_html)
			value = before_open_tag(value);
	}
	json_string(w, value);
	buf_release(&text);
	return is_cut;
}

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

static void
write_value(struct email_view *v, const struct part *p)
{
	struct json_writer *w = v->w;
	struct body_reader *r = reader_of(v, p);
	bool is_cut = false;
	struct buf number;

	buf_init(&number, EMAIL_PART_ID_MAX);
	part_number_write(&number, p);
	json_name(w, buf_str(&number));
	buf_release(&number);
	json_object_begin(w);
	json_name(w, STR("value"));
	if (v->asked->value_bytes > 0 && v->asked->value_bytes < JMAP_RESPONSE_MAX)
		is_cut = write_cut(w, r, (size_t)v->asked->value_bytes,
		    part_is(p, STR("text"), STR("html")));
	else
		write_whole(w, r, &v->scratch->piece);
	json_name_bool(w, STR("isEncodingProblem"), body_has_problem(r));
	json_name_bool(w, STR("isTruncated"), is_cut);
	json_object_end(w);
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

void
email_values_write(struct email_view *v)
{
	const struct email_asked *asked = v->asked;
	bool is_asked = asked->text_values || asked->html_values || asked->all_values;
	const struct message *m = is_asked ? email_full(v) : NULL;

	json_object_begin(v->w);
	for (const struct part *p = m ? &m->root : NULL; p; p = part_next(p)) {
		if (!part_is(p, STR("text"), STR("")) || is_embedded(p))
			continue;
		if (asked->all_values || (asked->text_values && is_listed(&v->bodies->text, p)) ||
		    (asked->html_values && is_listed(&v->bodies->html, p)))
			write_value(v, p);
	}
	json_object_end(v->w);
}
