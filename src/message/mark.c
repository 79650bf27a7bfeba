#include "message/mark.h"

/* system */
#include <stdint.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define OPEN  STR("<mark>")
#define CLOSE STR("</mark>")

/* A text in the form that is compared, and for each byte of that where its character is in the text. */
struct folded {
	struct buf form;
	size_t *at; /* own: form.n + 1 of them */
	size_t room;
};

static void
note(struct folded *f, size_t from, size_t place)
{
	if (f->form.n + 1 > f->room) {
		f->room = 2 * f->form.n + 64;
		f->at = mem_resize(f->at, f->room, sizeof(*f->at));
	}
	for (size_t i = from; i <= f->form.n; i++)
		f->at[i] = place;
}

static void
fold(struct folded *f, struct str text)
{
	struct str rest = text;

	*f = (struct folded){ 0 };
	buf_init(&f->form, SIZE_MAX);
	note(f, 0, 0);
	while (rest.n > 0) {
		struct str before = rest;
		size_t from = f->form.n;

		utf8_take(&rest);
		utf8_casemap(&f->form, str_head(before, before.n - rest.n));
		note(f, from, text.n - before.n);
	}
	f->at[f->form.n] = text.n;
}

static void
folded_release(struct folded *f)
{
	buf_release(&f->form);
	mem_free(f->at);
}

/* Where the form of the word is from `from` on, and its length. */
static size_t
find_form(const struct folded *f, struct str word, size_t from, size_t *length_out)
{
	struct buf form;
	size_t at = STR_NONE;

	buf_init(&form, SIZE_MAX);
	utf8_casemap(&form, word);
	*length_out = form.n;
	if (form.n > 0)
		at = str_find(str_from(buf_str(&f->form), from), buf_str(&form));
	buf_release(&form);
	return at == STR_NONE ? at : from + at;
}

size_t
mark_find(struct str text, const struct str *words, size_t count)
{
	size_t first = STR_NONE, length;
	struct folded f;

	fold(&f, text);
	for (size_t i = 0; i < count; i++) {
		size_t at = find_form(&f, words[i], 0, &length);

		first = at < first ? at : first;
	}
	first = first == STR_NONE ? first : f.at[first];
	folded_release(&f);
	return first;
}

/* The bytes of the text that are in some word. */
static bool *
marked_bytes(struct str text, const struct str *words, size_t count)
{
	bool *is_marked = mem_new(text.n + 1, sizeof(*is_marked));
	struct folded f;

	fold(&f, text);
	for (size_t i = 0; i < count; i++) {
		size_t length, at = find_form(&f, words[i], 0, &length);

		while (at != STR_NONE) {
			size_t end = at + length;

			while (end < f.form.n && f.at[end] == f.at[end - 1])
				end++; /* the rest of its last character */
			memset(is_marked + f.at[at], true, f.at[end] - f.at[at]);
			at = find_form(&f, words[i], end, &length);
		}
	}
	folded_release(&f);
	return is_marked;
}

static struct str
escape(struct str character)
{
	switch (character.p[0]) {
	case '&': return STR("&amp;");
	case '<': return STR("&lt;");
	case '>': return STR("&gt;");
	default: return character;
	}
}

bool
mark_write(struct buf *out, struct str text, const struct str *words, size_t count, size_t max)
{
	bool *is_marked = marked_bytes(text, words, count);
	struct str rest = text;
	size_t start = out->n;
	bool is_open = false, fits = true;

	while (rest.n > 0) {
		struct str before = rest, character;
		bool opens = is_marked[text.n - before.n] && !is_open;
		bool closes = !is_marked[text.n - before.n] && is_open;

		utf8_take(&rest);
		character = escape(str_head(before, before.n - rest.n));
		fits = out->n - start + character.n + (opens ? OPEN.n : 0) +
			(is_open || opens ? CLOSE.n : 0) <=
		    max;
		if (!fits)
			break;
		if (closes)
			buf_add(out, CLOSE);
		if (opens)
			buf_add(out, OPEN);
		is_open = (is_open || opens) && !closes;
		buf_add(out, character);
	}
	if (is_open)
		buf_add(out, CLOSE);
	mem_free(is_marked);
	return fits;
}
