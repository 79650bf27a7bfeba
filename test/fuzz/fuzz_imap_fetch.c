/* FETCH attributes on arbitrary bytes: what parses can be written, and parses again. */
#include "imap/fetch.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_fetch_list list;
	struct arena arena;
	struct buf name;

	arena_init(&arena, 1 << 20);
	buf_init(&name, 4 << 20);
	struct imap_cursor c = { str_of(data, size), &arena, false };
	if (imap_fetch_parse(&c, &list)) {
		imap_fetch_add_uid(&list);
		imap_fetch_add_modseq(&list);
		invariant(list.items[0].kind == FETCH_UID || list.kinds & 1u << FETCH_UID);
		for (size_t i = 0; i < list.count; i++)
			imap_fetch_name_write(&name, &list.items[i]);
	}
	buf_release(&name);
	arena_release(&arena);
	return 0;
}
