/* Parameters of SELECT, FETCH and STORE on arbitrary bytes: what parses keeps what modifier.h says. */
#include "imap/modifier.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_select_params select;
	struct imap_fetch_modifiers fetch;
	struct imap_store_modifiers store;
	struct arena arena;
	struct imap_cursor c;

	arena_init(&arena, 1 << 20);
	c = (struct imap_cursor){ str_of(data, size), &arena, false };
	if (imap_select_params(&c, &select)) {
		invariant(select.modseq <= IMAP_MODSEQ_MAX);
		for (size_t i = 0; i < select.match_uids.count; i++)
			invariant(
			    select.match_uids.ranges[i].first <= select.match_uids.ranges[i].last);
	}
	c.at = str_of(data, size);
	if (imap_fetch_modifiers(&c, &fetch))
		invariant(fetch.changed_since <= IMAP_MODSEQ_MAX);
	c.at = str_of(data, size);
	if (imap_store_modifiers(&c, &store))
		invariant(store.unchanged_since <= IMAP_MODSEQ_MAX);
	arena_release(&arena);
	return 0;
}
