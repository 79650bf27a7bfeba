#include "delivery/author.h"

/* rooms */
#include "message/address.h"
#include "message/header.h"

#define ARENA_MAX \
	(1024 * 1024) /* bytes: the list of a field that fills AUTHORS_MAX is far smaller */

static void
write_list(struct buf *out, struct str value)
{
	struct address_list list;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	address_parse(value, &arena, &list);
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].kind != ADDRESS_MAILBOX)
			continue;
		address_spec_write(out, &list.items[i]);
		buf_add_char(out, '\n');
	}
	if (list.is_cut) /* who is not seen is not known: no address is empty */
		buf_add_char(out, '\n');
	arena_release(&arena);
}

void
authors_write(struct buf *out, struct str head)
{
	struct header field;

	while (header_next_any(&head, &field)) {
		if (str_eq_nocase(field.name, STR("From")) ||
		    str_eq_nocase(field.name, STR("Sender")))
			write_list(out, field.value);
	}
}
