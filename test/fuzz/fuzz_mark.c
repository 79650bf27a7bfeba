/* Words marked in a text: tags are closed, nothing of the text is HTML, and without tags and entities it is the text. */
#include "message/mark.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text again; false when a tag stands in the wrong place. */
static bool
unmark(struct str html, struct buf *out)
{
	bool is_open = false;

	while (html.n > 0) {
		if (str_skip(&html, STR("<mark>"))) {
			if (is_open)
				return false;
			is_open = true;
		} else if (str_skip(&html, STR("</mark>"))) {
			if (!is_open)
				return false;
			is_open = false;
		} else if (str_skip(&html, STR("&lt;"))) {
			buf_add_char(out, '<');
		} else if (str_skip(&html, STR("&gt;"))) {
			buf_add_char(out, '>');
		} else if (str_skip(&html, STR("&amp;"))) {
			buf_add_char(out, '&');
		} else if (html.p[0] == '<' || html.p[0] == '>' || html.p[0] == '&') {
			return false;
		} else {
			buf_add_char(out, html.p[0]);
			html = str_from(html, 1);
		}
	}
	return !is_open;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size), words[4] = { { 0 } };
	struct buf html, plain;
	size_t count = 0, first;

	buf_init(&html, SIZE_MAX);
	buf_init(&plain, SIZE_MAX);
	while (count < ARRAY_LEN(words) && str_take_until(&text, '\0', &words[count]))
		count++;
	first = mark_find(text, words, count);
	invariant(mark_write(&html, text, words, count, SIZE_MAX));
	invariant(unmark(buf_str(&html), &plain) && str_eq(buf_str(&plain), text));
	invariant((first == STR_NONE) == (str_find(buf_str(&html), STR("<mark>")) == STR_NONE));
	buf_clear(&html);
	buf_clear(&plain);
	(void)mark_write(&html, text, words, count, 40);
	invariant(html.n <= 40 && unmark(buf_str(&html), &plain));
	invariant(str_starts(text, buf_str(&plain)));
	buf_release(&html);
	buf_release(&plain);
	return 0;
}
