/*
 * SearchSnippet/get (RFC 8621 5): what of the subject and of the body a filter's words are in, as HTML.
 *
 * Words below NOT are not looked for, since what has them does not match. The body is the parts that textBody and
 * htmlBody list, as plain text with each run of blanks as one; of a long one only the beginning is looked at.
 */
#include "jmap/filter.h"
#include "jmap/methods.h"

/* rooms */
#include "codec/utf8.h"
#include "message/body.h"
#include "message/header.h"
#include "message/mark.h"
#include "message/text.h"

#define SNIPPET_ARENA_MAX (16 * 1024 * 1024) /* bytes one Email may need */
#define PREVIEW_MAX       255                /* RFC 8621 5 */
#define BEFORE_MAX        60                 /* bytes shown before the first word found */
#define SUBJECT_MAX       (8 * 1024)         /* bytes of a subject; more is nobody's */
#define READ_MAX          (256 * 1024)       /* bytes of the body's text; a few milliseconds */
#define DOTS              STR("...")

struct words {
	struct str *items; /* arena */
	size_t count;
};

struct snippets {
	const struct json *ids;
	uint32_t at;
	struct words subject, body;
	bool *is_missing;           /* arena */
	bool is_cut;                /* the Email at hand comes again in the next slice */
	struct arena arena;         /* own; of one Email */
	struct candidate_file file; /* .. the same */
};

static void
snippet_release(struct jmap_call *c)
{
	struct snippets *x = c->state;

	candidate_file_release(&x->file);
	arena_release(&x->arena);
}

/* The filter's words; a null filter has none. */
static bool
take_filter(struct jmap_call *c, struct snippets *x)
{
	const struct json *v = jmap_arg(c->args, STR("filter"));
	const struct filter *f = v ? filter_read(c, v) : NULL;

	if (v && !f)
		return false;
	x->subject.items = arena_alloc(&c->arena, JMAP_FILTER_MAX, sizeof(*x->subject.items));
	x->body.items = arena_alloc(&c->arena, JMAP_FILTER_MAX, sizeof(*x->body.items));
	if (!x->subject.items || !x->body.items) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!f)
		return true;
	x->subject.count = filter_words(f, FILTER_IN_SUBJECT, x->subject.items, JMAP_FILTER_MAX);
	x->body.count = filter_words(f, FILTER_IN_BODY, x->body.items, JMAP_FILTER_MAX);
	return true;
}

static bool
snippet_begin(struct jmap_call *c)
{
	struct snippets *x = arena_alloc(&c->arena, 1, sizeof(*x));

	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&x->arena, SNIPPET_ARENA_MAX);
	c->state = x;
	c->release = snippet_release;
	if (!jmap_arg_texts(c, STR("emailIds"), &x->ids) || !take_filter(c, x))
		return false;
	if (!x->ids) {
		jmap_invalid(c, "emailIds is missing.");
		return false;
	}
	x->is_missing = arena_alloc(&c->arena, x->ids->count + 1, sizeof(*x->is_missing));
	if (x->ids->count > JMAP_GET_MAX || !x->is_missing) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
		return false;
	}
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name(&c->w, STR("list"));
	json_array_begin(&c->w);
	return true;
}

/* --- the subject ----------------------------------------------------------------------------------- */

static void
write_subject(struct jmap_call *c, struct snippets *x, const struct candidate *who)
{
	const struct message *m = who->full ? who->full : who->summary;
	struct str raw = message_field(&m->root, FIELD_SUBJECT), text = { 0 };
	struct buf html;

	if (raw.p)
		text = utf8_cut(header_text(raw, &x->arena), SUBJECT_MAX);
	if (mark_find(text, x->subject.items, x->subject.count) == STR_NONE) {
		json_null(&c->w);
		return;
	}
	buf_init(&html, SIZE_MAX);
	(void)mark_write(&html, text, x->subject.items, x->subject.count, SIZE_MAX);
	json_string(&c->w, buf_str(&html));
	buf_release(&html);
}

/* --- the body -------------------------------------------------------------------------------------- */

/* Append s with each run of blanks and line ends as one blank; none at the start. */
static void
add_words(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_blank = s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r';

		if (!is_blank)
			buf_add_char(out, s.p[i]);
		else if (out->n > 0 && buf_str(out).p[out->n - 1] != ' ')
			buf_add_char(out, ' ');
	}
}

static void
add_part(struct buf *out, const struct message *m, const struct part *p)
{
	struct body_reader *r;
	struct buf piece;

	if (!part_is(p, STR("text"), STR("")) || out->n >= READ_MAX)
		return;
	buf_init(&piece, 8 * BODY_PIECE_BYTES);
	r = body_reader_new(m, p, BODY_PLAIN);
	while (out->n < READ_MAX && body_read(r, &piece)) {
		add_words(out, buf_str(&piece));
		buf_clear(&piece);
	}
	body_reader_free(&r);
	buf_release(&piece);
	add_words(out, STR("\n"));
}

static bool
is_listed(const struct body_list *list, const struct part *p)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == p)
			return true;
	return false;
}

static void
add_body(struct buf *out, const struct message *m, struct arena *a)
{
	struct bodies bodies;

	bodies_find(m, a, &bodies);
	for (size_t i = 0; i < bodies.text.count; i++)
		add_part(out, m, bodies.text.items[i]);
	for (size_t i = 0; i < bodies.html.count; i++)
		if (!is_listed(&bodies.text, bodies.html.items[i]))
			add_part(out, m, bodies.html.items[i]);
}

/* Where the preview begins: some words before `first`. */
static size_t
preview_start(struct str text, size_t first)
{
	size_t start = first > BEFORE_MAX ? first - BEFORE_MAX : 0, blank;

	if (start == 0)
		return 0;
	blank = str_find_char(str_slice(text, start, first - start), ' ');
	if (blank != STR_NONE)
		return start + blank + 1;
	while (start < first && ((unsigned char)text.p[start] & 0xc0) == 0x80)
		start++;
	return start;
}

static void
write_preview_of(struct jmap_call *c, struct snippets *x, struct str text)
{
	size_t first = mark_find(text, x->body.items, x->body.count), start;
	struct buf html;

	if (first == STR_NONE) {
		json_null(&c->w);
		return;
	}
	start = preview_start(text, first);
	text = str_trim(utf8_cut(str_from(text, start), PREVIEW_MAX + 1));
	buf_init(&html, PREVIEW_MAX);
	if (start > 0)
		buf_add(&html, DOTS);
	if (!mark_write(&html, text, x->body.items, x->body.count, PREVIEW_MAX - 2 * DOTS.n))
		buf_add(&html, DOTS);
	json_string(&c->w, buf_str(&html));
	buf_release(&html);
}

static enum fail
write_preview(struct jmap_call *c, struct snippets *x, struct candidate *who)
{
	struct buf text;
	enum fail fail;

	if (x->body.count == 0) {
		json_null(&c->w);
		return FAIL_NONE;
	}
	fail = candidate_load(who, LEVEL_FILE);
	if (fail || who->is_cut)
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	buf_init(&text, READ_MAX + 8 * BODY_PIECE_BYTES);
	add_body(&text, who->full, &x->arena);
	write_preview_of(c, x, buf_str(&text));
	buf_release(&text);
	return FAIL_NONE;
}

/* --- all ------------------------------------------------------------------------------------------- */

static enum fail
write_snippet(struct jmap_call *c, struct snippets *x, struct candidate *who)
{
	enum fail fail;

	json_object_begin(&c->w);
	json_name(&c->w, STR("emailId"));
	jmap_write_id(&c->w, ID_EMAIL, who->id);
	json_name(&c->w, STR("subject"));
	write_subject(c, x, who);
	json_name(&c->w, STR("preview"));
	fail = write_preview(c, x, who);
	json_object_end(&c->w);
	return fail;
}

static enum fail
one(struct jmap_call *c, struct snippets *x, struct str text)
{
	struct candidate who = { .account = c->account,
		.access = c->access,
		.a = &x->arena,
		.call = c,
		.file = &x->file };
	struct json_writer before = c->w;
	size_t mark = c->w.out->n;
	enum fail fail;

	arena_reset(&x->arena);
	text = jmap_created_find(c->run, text);
	if (!text.p || !id_parse(text, ID_EMAIL, &who.id))
		return FAIL_MISSING;
	fail = candidate_load(&who, LEVEL_SUMMARY);
	if (!fail && !jmap_email_is_shown(c->access, who.email))
		fail = FAIL_MISSING;
	if (!fail && !who.is_cut)
		fail = write_snippet(c, x, &who);
	candidate_end(&who);
	x->is_cut = who.is_cut;
	if (fail != FAIL_PERM && !who.is_cut)
		return fail;
	buf_truncate(c->w.out,
	    mark); /* its file is lost, as Email/get says it; or not read to its end */
	c->w = before;
	return FAIL_MISSING;
}

enum jmap_step
jmap_snippet_get(struct jmap_call *c)
{
	struct snippets *x;

	if (!c->state && !snippet_begin(c))
		return JMAP_DONE;
	x = c->state;
	while (x->at < x->ids->count) {
		struct str id = { 0 };
		uint32_t at = x->at;
		enum fail fail =
		    json_get_text(&x->ids->items[at], &id) ? one(c, x, id) : FAIL_MISSING;

		if (x->is_cut)
			return JMAP_YIELD;
		x->at++;
		x->is_missing[at] = fail == FAIL_MISSING;
		if (fail && fail != FAIL_MISSING)
			return jmap_fail_with(c, fail);
		if (x->at < x->ids->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	json_array_end(&c->w);
	jmap_write_texts_or_null(c, STR("notFound"), x->ids, x->is_missing);
	json_object_end(&c->w);
	return JMAP_DONE;
}
