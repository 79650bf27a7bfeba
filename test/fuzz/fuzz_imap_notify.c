/* What NOTIFY asks for, on arbitrary bytes. */
#include "imap/notify_parse.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_request r;
	struct arena arena;
	size_t names = 0;

	arena_init(&arena, 1 << 20);
	struct imap_cursor c = { str_of(data, size), &arena, false };
	if (imap_notify_parse(&c, NOTIFY_ALL, &r) == FAIL_NONE) {
		invariant(c.at.n == 0 && r.is_set == (r.group_count > 0));
		for (size_t i = 0; i < r.group_count; i++)
			names += r.groups[i].name_count;
		invariant(names <= NOTIFY_NAMES_MAX && names < size);
	}
	arena_release(&arena);
	return 0;
}
