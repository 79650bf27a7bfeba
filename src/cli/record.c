#include "cli/record.h"

/* base */
#include "base/mem.h"

#define ARENA_MAX (1024 * 1024) /* bytes: some 2 KB for each record, and what is found in DNS */

void
records_init(struct records *rs, struct str host)
{
	*rs = (struct records){ 0 };
	arena_init(&rs->arena, ARENA_MAX);
	rs->host = arena_str(&rs->arena, host);
}

void
records_release(struct records *rs)
{
	arena_release(&rs->arena);
}

struct str
records_keep(struct records *rs, const struct buf *text)
{
	return arena_str(&rs->arena, buf_str(text));
}

struct record *
records_add(struct records *rs, enum record_rule rule, struct str name, struct str data,
    struct str why)
{
	struct record *r;

	invariant(rs->count < RECORDS_MAX);
	r = &rs->items[rs->count++];
	*r = (struct record){ .rule = rule,
		.name = arena_str(&rs->arena, name),
		.data = arena_str(&rs->arena, data),
		.why = arena_str(&rs->arena, why),
		.is_needed = true,
		.but = "" };
	return r;
}

bool
records_have_trouble(const struct records *rs)
{
	for (size_t i = 0; i < rs->count; i++) {
		const struct record *r = &rs->items[i];

		if (r->state == RECORD_WRONG || r->state == RECORD_UNKNOWN ||
		    (r->state == RECORD_MISSING && r->is_needed))
			return true;
	}
	return false;
}
