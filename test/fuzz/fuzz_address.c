/* Address lists on arbitrary bytes. */
#include "message/address.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_list list;
	struct arena a;
	size_t groups = 0;

	arena_init(&a, 16 << 20);
	address_parse(str_of(data, size), &a, &list);
	invariant(list.count <= ADDRESS_MAX + 1);
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].kind == ADDRESS_GROUP)
			groups++;
		if (list.items[i].kind == ADDRESS_GROUP_END)
			groups--;
		invariant(groups <= 1);
		address_name(&list.items[i], &a);
		address_spec(&list.items[i], &a);
	}
	invariant(groups == 0 || list.is_cut);
	arena_release(&a);
	return 0;
}
