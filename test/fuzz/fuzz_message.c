/* The whole room on arbitrary messages: tree, structures, summary, texts. */
#include "message/mime_json.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "message/imap_structure.h"
#include "message/summary.h"
#include "message/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In slices it is the same message. */
static void
check_slices(struct str bytes, struct str record, struct arena *a)
{
	struct message m;
	struct message_parser *p = message_parse_begin(&m, bytes, a);
	struct buf again;

	if (!p)
		return;
	while (!message_parse_step(p, 1 + bytes.n % 100))
		;
	buf_init(&again, SUMMARY_MAX);
	message_summary_write(&m, &again);
	invariant(str_eq(buf_str(&again), record));
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message m, back;
	struct arena a;
	struct buf b, record;
	uint32_t count = 0;

	arena_init(&a, 64 << 20);
	buf_init(&b, 64 << 20);
	buf_init(&record, SUMMARY_MAX);
	message_parse(&m, str_of(data, size), &a);
	for (const struct part *p = &m.root; p; p = part_next(p)) {
		invariant(p->index == count++);
		invariant(p->body.start + p->body.n <= size);
	}
	invariant(count == m.part_count && count <= MESSAGE_PARTS_MAX);
	mime_json_write(&m, &b);
	message_contains(&m, STR("needle"), TEXT_ALL, STR(""));
	message_summary_write(&m, &record);
	invariant(buf_ok(&record));
	check_slices(str_of(data, size), buf_str(&record), &a);
	if (message_summary_read(buf_str(&record), &a, &back) == FAIL_NONE) {
		buf_clear(&b);
		bodystructure_write(&b, &back.root, true);
		invariant(back.part_count == m.part_count);
	}
	/* And the bytes themselves as a record. */
	if (message_summary_read(str_of(data, size), &a, &back) == FAIL_NONE)
		bodystructure_write(&b, &back.root, true);
	buf_release(&record);
	buf_release(&b);
	arena_release(&a);
	return 0;
}
