/* What stands around the messages of APPEND, and URLs, on arbitrary bytes. */
#include "imap/append_parse.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "imap/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct append_parser p = { true, true, true, APPEND_AT_FIRST };
	struct str rest = str_of(data, size), line;
	enum append_what what = APPEND_BEGIN;
	struct append_item item;
	struct imap_url url;
	struct arena arena;
	struct buf out;

	arena_init(&arena, 1 << 20);
	buf_init(&out, size * 3 + 1);
	if (imap_url_parse(&arena, rest, &url))
		invariant(url.uid > 0);
	imap_url_write(&out, rest);
	invariant(buf_ok(&out) && str_find_char(buf_str(&out), ']') == STR_NONE);
	while (what != APPEND_WRONG && what != APPEND_OVER && str_next_part(&rest, '\n', &line)) {
		struct imap_cursor c = { line, &arena, false };
		struct imap_literal literal;
		size_t mark = imap_literal_suffix(line, &literal) ? literal.mark : 0;

		do {
			size_t before = c.at.n;

			what = append_next(&p, &c, mark, &item);
			/* nothing goes on for ever: each thing takes bytes, or is the end of a message */
			invariant(what != APPEND_URL || c.at.n < before);
		} while (what == APPEND_BEGIN || what == APPEND_URL || what == APPEND_COMPLETE);
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
