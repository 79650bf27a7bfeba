/* SEARCH keys on arbitrary bytes: a tree within its limits, or a reason. */
#include "imap/search.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_search search;
	struct arena arena;
	struct buf text;

	arena_init(&arena, 1 << 20);
	buf_init(&text, 4 << 20);
	struct imap_cursor c = { str_of(data, size), &arena, false };
	if (imap_search_parse(&c, &search) == FAIL_NONE) {
		imap_search_resolve(search.root, 100, 1000);
		imap_search_write(&text, search.root);
		invariant(text.n > 0);
	}
	buf_release(&text);
	arena_release(&arena);
	return 0;
}
