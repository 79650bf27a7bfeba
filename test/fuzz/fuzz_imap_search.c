/* The arguments of SEARCH and its relatives on arbitrary bytes: a tree within its limits, or a reason. */
#include "imap/search.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fail (*const parsers[])(struct imap_cursor *c, struct imap_search *out) = {
	imap_search_parse,
	imap_sort_parse,
	imap_thread_parse,
	imap_esearch_parse,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_search search;
	struct arena arena;
	struct buf text;

	arena_init(&arena, 1 << 20);
	buf_init(&text, 4 << 20);
	for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
		struct imap_cursor c = { str_of(data, size), &arena, false };

		if (parsers[i](&c, &search) != FAIL_NONE)
			continue;
		invariant(!(search.returns & SEARCH_PARTIAL) ||
		    (search.partial.first > 0 && search.partial.first <= search.partial.last));
		imap_search_resolve(search.root, 100, 1000);
		imap_search_write(&text, search.root);
		invariant(text.n > 0);
	}
	buf_release(&text);
	arena_release(&arena);
	return 0;
}
