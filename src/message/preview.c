#include "message/preview.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"
#include "message/body.h"
#include "message/text.h"

#define PREVIEW_READ_BYTES (32 * 1024)         /* of text: beyond it nobody sees the first words */
#define PREVIEW_WORK_BYTES (4 * PREVIEW_BYTES) /* of collected words */
#define PREVIEW_BUFFER     (1024 * 1024)

/* The first text that is no attachment, though it is not shown by the rules of RFC 8621. */
static const struct part *
any_text(const struct message *m)
{
	for (const struct part *p = &m->root; p; p = part_next(p))
		if (p->kind == PART_LEAF && part_is(p, STR("text"), STR("")) && !p->is_attachment)
			return p;
	return NULL;
}

/* The part to read: the first plain text that is shown, else the first HTML. */
static const struct part *
choose(const struct message *m, struct arena *a)
{
	const struct part *html = NULL;
	struct bodies bodies;

	bodies_find(m, a, &bodies);
	for (size_t i = 0; i < bodies.text.count; i++) {
		const struct part *p = bodies.text.items[i];

		if (part_is(p, STR("text"), STR("plain")) && p->body.n > 0)
			return p;
	}
	for (size_t i = 0; i < bodies.html.count && html == NULL; i++)
		if (part_is(bodies.html.items[i], STR("text"), STR("html")))
			html = bodies.html.items[i];
	return html ? html : any_text(m);
}

static bool
has_word(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (char_is_alpha(line.p[i]) || char_is_digit(line.p[i]) || (line.p[i] & 0x80))
			return true;
	return false;
}

/* Append the words of a line, one blank between them. */
static void
add_words(struct buf *out, struct str line)
{
	struct str word;

	while (str_next_part(&line, ' ', &word)) {
		word = str_trim(word);
		if (word.n == 0)
			continue;
		if (out->n > 0)
			buf_add_char(out, ' ');
		buf_add(out, word);
	}
}

static bool
is_end(struct str line)
{
	return str_eq(line, STR("-- ")) || str_eq(line, STR("--")) ||
	    str_starts_nocase(line, STR("-----Original Message")) ||
	    str_starts(line, STR("________________________________"));
}

/* The words of the text; with is_choosy without quotations, their introductions, signatures. */
static void
collect(struct str text, bool is_choosy, struct buf *out)
{
	size_t before_last = 0; /* where the last line's words begin in out */
	bool ends_in_colon = false;
	struct str line;

	while (out->n < PREVIEW_WORK_BYTES && str_next_part(&text, '\n', &line)) {
		struct str words = str_trim(line);

		if (is_choosy && is_end(line))
			return;
		if (words.n == 0 || (is_choosy && !has_word(words)))
			continue;
		if (is_choosy && words.p[0] == '>') {
			/* "Ann wrote:" before a quotation goes with it. */
			if (ends_in_colon)
				buf_truncate(out, before_last);
			ends_in_colon = false;
			continue;
		}
		before_last = out->n;
		add_words(out, words);
		ends_in_colon = words.p[words.n - 1] == ':';
	}
}

void
preview_write(const struct message *m, struct buf *out)
{
	const struct part *p;
	struct body_reader *r;
	struct buf text, words;
	struct arena a;

	if (m->is_summary) {
		buf_add(out, m->preview);
		return;
	}
	arena_init(&a, 4 * (MESSAGE_PARTS_MAX + 1) * sizeof(void *));
	p = choose(m, &a);
	arena_release(&a);
	if (p == NULL)
		return;
	buf_init(&text, PREVIEW_BUFFER);
	buf_init(&words, PREVIEW_BUFFER);
	r = body_reader_new(m, p, BODY_PLAIN);
	while (text.n < PREVIEW_READ_BYTES && body_read(r, &text))
		continue;
	body_reader_free(&r);
	collect(buf_str(&text), true, &words);
	if (words.n == 0)
		collect(buf_str(&text), false, &words);
	buf_add(out, utf8_head(buf_str(&words), PREVIEW_CHARS));
	buf_release(&text);
	buf_release(&words);
}
