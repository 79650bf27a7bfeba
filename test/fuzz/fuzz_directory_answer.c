/* A child's line, for every kind of question: the first byte picks it. */
#include "directory/answer.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct directory_query q = { .kind = DIRECTORY_LOGIN };
	uint64_t id;
	enum fail fail;

	if (size == 0)
		return 0;
	q.kind = (enum directory_kind)(data[0] % DIRECTORY_KIND_COUNT);
	arena_init(&q.arena, 1 << 24);
	fail = answer_parse(str_of(data + 1, size - 1), &q);
	invariant(fail != FAIL_NONE || q.kind != DIRECTORY_RESOLVE || q.target_count > 0);
	if (!answer_id(str_of(data + 1, size - 1), &id))
		id = 0;
	arena_release(&q.arena);
	return 0;
}
