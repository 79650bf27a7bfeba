/* Messages that ask for a disposition notification: whoever is told is a whole address, and not many are. */
#include "message/mdn.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "message/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the message says stays in the fields that it was written to. */
static void
check_fields(const struct mdn_request *r)
{
	const struct mdn_fields fields = { .original_recipient = r->original_recipient,
		.final_recipient = STR("rfc822; ann@example.org"),
		.message_id = r->message_id,
		.action = mdn_actions[0],
		.sending = mdn_sendings[0],
		.type = mdn_types[0] };
	size_t want = 2;
	struct header h;
	struct buf out;
	struct str cur;

	want += r->original_recipient.p != NULL;
	want += r->message_id.p != NULL;
	buf_init(&out, 1 << 22);
	if (mdn_fields_write(&out, &fields) == FAIL_NONE) {
		cur = buf_str(&out);
		while (header_next(&cur, &h))
			want--;
		if (want != 0 || cur.n != 0)
			abort();
	}
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdn_request r;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	if (mdn_request_read(str_of(data, size), &arena, &r) == FAIL_NONE) {
		if (r.to_count == 0 || r.to_count > MDN_TO_MAX)
			abort();
		for (size_t i = 0; i < r.to_count; i++)
			if (str_empty(r.to[i].local) || str_empty(r.to[i].domain))
				abort();
		check_fields(&r);
	}
	arena_release(&arena);
	return 0;
}
