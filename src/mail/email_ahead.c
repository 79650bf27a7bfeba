/*
 * The records of the Emails that a batch will change, read before the first of them is changed (inner.h). They have an
 * arena of their own, so that they take no room from the change; those that do not fit are looked up later.
 */
/* rooms */
#include "mail/id_walk.h"
#include "mail/inner.h"

struct email_ahead {         /* arena: the edit's ahead_arena, as all it has */
	uint64_t *ids;       /* ascending */
	struct str *records; /* p is NULL: it did not fit */
	size_t count, next;
};

static bool
records_room(struct edit *e, struct email_ahead *ahead, size_t count)
{
	ahead->ids = arena_alloc(&e->ahead_arena, count, sizeof(*ahead->ids));
	ahead->records = arena_alloc(&e->ahead_arena, count, sizeof(*ahead->records));
	return ahead->ids && ahead->records;
}

/*
 * Only those whose id is above all before it: so none was changed before its turn comes, in however many mailboxes it
 * is. And only those that lie close together; others are looked up when their turn comes.
 */
static enum fail
records_read(struct edit *e, struct email_ahead *ahead, const uint64_t *ids, size_t count)
{
	uint64_t highest = 0;
	struct id_walk w;

	id_walk_init(&w, e->txn, SPACE_EMAIL, e->account->id);
	for (size_t i = 0; i < count; i++) {
		bool is_next = w.is_open && id_walk_is_near(w.id, ids[i]);
		bool has_next = i + 1 < count && id_walk_is_near(ids[i], ids[i + 1]);

		if (ids[i] <= highest)
			continue;
		highest = ids[i];
		if (!(is_next || has_next) || !id_walk_to(&w, ids[i]))
			continue;
		ahead->ids[ahead->count] = ids[i];
		ahead->records[ahead->count++] = arena_str(&e->ahead_arena, w.value);
	}
	return id_walk_end(&w);
}

enum fail
email_edit_ahead(struct edit *e, uint32_t mailbox, const uint32_t *uids, size_t count)
{
	uint64_t *ids;

	if (count < 2) /* one is looked up as fast */
		return FAIL_NONE;
	ids = arena_alloc(&e->ahead_arena, count, sizeof(*ids));
	e->ahead = arena_alloc(&e->ahead_arena, 1, sizeof(*e->ahead));
	if (!ids || !e->ahead || !records_room(e, e->ahead, count))
		return FAIL_LIMIT;
	for (size_t i = 0; i < count; i++)
		ids[i] = views_email(e->p, mailbox, uids[i]);
	return records_read(e, e->ahead, ids, count);
}

struct str
email_ahead_take(struct edit *e, uint64_t id)
{
	struct email_ahead *ahead = e->ahead;

	while (ahead && ahead->next < ahead->count && ahead->ids[ahead->next] <= id)
		if (ahead->ids[ahead->next++] == id)
			return ahead->records[ahead->next - 1];
	return str_of(NULL, 0);
}
