#include "jmap/id_set.h"

/* base */
#include "base/mem.h"

#define SLOTS_MIN 64 /* a power of two, as every size */

/* Where it is, or the free slot where it belongs. */
static size_t
slot_of(const struct id_set *s, uint64_t id)
{
	size_t at = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (s->size - 1);

	while (s->slots[at] && s->slots[at] != id)
		at = (at + 1) & (s->size - 1);
	return at;
}

static void
grow(struct id_set *s)
{
	struct id_set more = { .size = s->size ? 2 * s->size : SLOTS_MIN, .count = s->count };

	more.slots = mem_new(more.size, sizeof(*more.slots));
	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i])
			more.slots[slot_of(&more, s->slots[i])] = s->slots[i];
	mem_free(s->slots);
	*s = more;
}

bool
id_set_add(struct id_set *s, uint64_t id)
{
	size_t at;

	if (2 * s->count >= s->size)
		grow(s);
	at = slot_of(s, id);
	if (s->slots[at])
		return false;
	s->slots[at] = id;
	s->count++;
	return true;
}

void
id_set_release(struct id_set *s)
{
	mem_free(s->slots);
	*s = (struct id_set){ .slots = NULL };
}
