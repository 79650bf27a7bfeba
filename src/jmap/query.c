#include "jmap/query.h"

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "jmap/sight.h"

/* --- /query ------------------------------------------------------------------------------------ */

bool
jmap_window_read(struct jmap_call *c, const struct jmap_query_type *type, struct jmap_window *w)
{
	bool has_limit = jmap_arg(c->args, STR("limit")) != NULL;
	struct str anchor;

	if (!jmap_arg_int(c, STR("position"), 0, &w->position) ||
	    !jmap_arg_int(c, STR("anchorOffset"), 0, &w->anchor_offset) ||
	    !jmap_arg_text(c, STR("anchor"), &anchor) ||
	    !jmap_arg_uint(c, STR("limit"), type->limit_max, &w->limit) ||
	    !jmap_arg_bool(c, STR("calculateTotal"), false, &w->has_total))
		return false;
	w->state_text = (struct str){ 0 };
	w->says_changes = false;
	w->state = type->change < CHANGE_TYPE_COUNT ? change_state(c->account, type->change) : 0;
	w->has_anchor = anchor.p != NULL;
	if (w->has_anchor && !id_parse(anchor, type->kind, &w->anchor))
		w->anchor = 0;
	w->is_unlimited = !has_limit;
	w->is_clamped = w->limit > type->limit_max;
	if (w->limit > type->limit_max)
		w->limit = type->limit_max;
	return true;
}

size_t
jmap_window_needs(const struct jmap_window *w)
{
	size_t enough;

	if (w->has_anchor || w->position < 0 ||
	    !size_add((size_t)w->position, (size_t)w->limit, &enough))
		return SIZE_MAX;
	return enough;
}

bool
jmap_window_start(const struct jmap_window *w, size_t anchor_at, size_t count, size_t *out)
{
	int64_t start = w->position;

	if (w->has_anchor && anchor_at == count)
		return false;
	if (w->has_anchor)
		start = (int64_t)anchor_at + w->anchor_offset;
	else if (start < 0)
		start += (int64_t)count;
	*out = start < 0 ? 0 : (size_t)start;
	return true;
}

enum jmap_step
jmap_query_answer(struct jmap_call *c, const struct jmap_query_type *type,
    const struct jmap_window *w, const uint64_t *ids, size_t count, size_t total)
{
	size_t start, end, anchor_at = 0;

	while (w->has_anchor && anchor_at < count && ids[anchor_at] != w->anchor)
		anchor_at++;
	if (!jmap_window_start(w, anchor_at, count, &start))
		return jmap_fail(c, "anchorNotFound", NULL);
	end = start < count ? start + size_min(count - start, (size_t)w->limit) : start;
	json_object_begin(&c->w);
	jmap_write_account(c);
	if (w->state_text.p)
		json_name_string(&c->w, STR("queryState"), w->state_text);
	else
		jmap_write_state(&c->w, STR("queryState"), w->state);
	json_name_bool(&c->w, STR("canCalculateChanges"),
	    type->change < CHANGE_TYPE_COUNT ? w->state == change_state(c->account, type->change)
					     : w->says_changes);
	json_name(&c->w, STR("position"));
	json_u64(&c->w, w->has_total ? size_min(start, total) : start);
	json_name(&c->w, STR("ids"));
	json_array_begin(&c->w);
	for (size_t i = start; i < end; i++)
		jmap_write_id(&c->w, type->kind, ids[i]);
	json_array_end(&c->w);
	if (w->has_total) {
		json_name(&c->w, STR("total"));
		json_u64(&c->w, total);
	}
	/* RFC 8620 5.5; where all was asked for and all is there, nobody set a limit */
	if (w->is_clamped || (w->is_unlimited && end - start == w->limit)) {
		json_name(&c->w, STR("limit"));
		json_u64(&c->w, w->limit);
	}
	json_object_end(&c->w);
	return JMAP_DONE;
}

/* --- /queryChanges ------------------------------------------------------------------------------ */

static bool
cannot(struct jmap_call *c, const char *text)
{
	jmap_fail(c, "cannotCalculateChanges", text);
	return false;
}

static bool
load_changes(struct jmap_call *c, enum change_type type, struct jmap_since *s)
{
	struct changes changes = { .max = JMAP_CHANGES_MAX };
	enum fail fail;

	changes.items = arena_alloc(&c->arena, changes.max, sizeof(*changes.items));
	if (!changes.items) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	fail = jmap_changes_seen(c, type, s->old_state, &changes);
	if (fail == FAIL_PERM)
		return cannot(c, "This state is too old, or not ours.");
	if (fail == FAIL_NONE && changes.has_more)
		return cannot(c, "Too much changed since.");
	if (fail) {
		jmap_fail_with(c, fail);
		return false;
	}
	/* What came into sight may have been in the list all the same: sight.h tells more rather than less. */
	for (size_t i = 0; i < changes.count && !c->access->is_owner; i++)
		if (changes.items[i].kind == CHANGE_CREATED)
			changes.items[i].kind = CHANGE_UPDATED;
	s->new_state = changes.state;
	s->items = changes.items;
	s->count = changes.count;
	s->cap = changes.max;
	return true;
}

bool
jmap_since_args(struct jmap_call *c, struct jmap_since *s)
{
	*s = (struct jmap_since){ .count = 0 };
	if (!jmap_arg_text(c, STR("sinceQueryState"), &s->state_text) ||
	    !jmap_arg_uint(c, STR("maxChanges"), UINT64_MAX, &s->max) ||
	    !jmap_arg_text(c, STR("upToId"), &s->up_to_text) ||
	    !jmap_arg_bool(c, STR("calculateTotal"), false, &s->has_total))
		return false;
	if (s->state_text.p)
		return true;
	jmap_invalid(c, "sinceQueryState is missing.");
	return false;
}

bool
jmap_since_read(struct jmap_call *c, const struct jmap_query_type *type, struct jmap_since *s)
{
	if (!jmap_since_args(c, s))
		return false;
	if (!id_parse(s->state_text, ID_STATE, &s->old_state))
		return cannot(c, "This state is not ours.");
	if (s->up_to_text.p && !id_parse(s->up_to_text, type->kind, &s->up_to))
		s->up_to = 0;
	return load_changes(c, type->change, s);
}

bool
jmap_since_add(struct jmap_call *c, struct jmap_since *s, uint64_t id)
{
	if (s->count >= JMAP_MOVES_MAX)
		return cannot(c, "Too much changed since.");
	if (s->count == s->cap) {
		struct change *more = arena_alloc(&c->arena, 2 * s->cap, sizeof(*more));

		if (!more) {
			jmap_fail_with(c, FAIL_LIMIT);
			return false;
		}
		memcpy(more, s->items, s->count * sizeof(*more));
		s->items = more;
		s->cap *= 2;
	}
	s->items[s->count++] = (struct change){ .id = id, .kind = CHANGE_UPDATED };
	return true;
}

/* By id; of the same one, what the log says stands before what was added. */
static int
by_id(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->modseq == 0) - (y->modseq == 0);
}

/* Sort them, each once, without what does not matter to a list of things that do not change. */
static void
settle_changes(struct jmap_since *s, bool is_immutable)
{
	size_t kept = 0;

	qsort(s->items, s->count, sizeof(*s->items), by_id);
	for (size_t i = 0; i < s->count; i++) {
		if (kept > 0 && s->items[kept - 1].id == s->items[i].id)
			continue;
		if (!is_immutable || s->items[i].kind != CHANGE_UPDATED)
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

static const struct change *
find_change(const struct jmap_since *s, uint64_t id)
{
	struct change wanted = { .id = id };
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->items[middle].id < wanted.id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->items[low].id == id ? &s->items[low] : NULL;
}

/* How much of the list the client has: up to and with upToId, when the list cannot be shuffled. */
static size_t
known_length(const struct jmap_since *s, bool is_immutable, const uint64_t *ids, size_t count)
{
	for (size_t i = 0; is_immutable && s->up_to && i < count; i++)
		if (ids[i] == s->up_to)
			return i + 1;
	return count;
}

/* Both lists into the response; how many ids they have. */
static size_t
write_moves(struct jmap_call *c, const struct jmap_query_type *type, const struct jmap_since *s,
    const uint64_t *ids, size_t length)
{
	size_t moves = 0;

	json_name(&c->w, STR("removed"));
	json_array_begin(&c->w);
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].kind == CHANGE_CREATED)
			continue;
		jmap_write_id(&c->w, type->kind, s->items[i].id);
		moves++;
	}
	json_array_end(&c->w);
	json_name(&c->w, STR("added"));
	json_array_begin(&c->w);
	for (size_t i = 0; i < length && s->count > 0; i++) {
		if (!find_change(s, ids[i]))
			continue;
		json_object_begin(&c->w);
		json_name(&c->w, STR("id"));
		jmap_write_id(&c->w, type->kind, ids[i]);
		json_name(&c->w, STR("index"));
		json_u64(&c->w, i);
		json_object_end(&c->w);
		moves++;
	}
	json_array_end(&c->w);
	return moves;
}

void
jmap_query_changes_begin(struct jmap_call *c, const struct jmap_since *s, struct str new_state,
    size_t total)
{
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldQueryState"), s->state_text);
	json_name_string(&c->w, STR("newQueryState"), new_state);
	if (!s->has_total)
		return;
	json_name(&c->w, STR("total"));
	json_u64(&c->w, total);
}

enum jmap_step
jmap_query_changes_answer(struct jmap_call *c, const struct jmap_query_type *type,
    struct jmap_since *s, bool is_immutable, const uint64_t *ids, size_t count)
{
	struct id_text new_state = id_text(ID_STATE, s->new_state);

	if (s->new_state != change_state(c->account, type->change))
		return jmap_fail(c, "cannotCalculateChanges", "Too much changes just now.");
	settle_changes(s, is_immutable);
	jmap_query_changes_begin(c, s, id_str(&new_state), count);
	if (write_moves(c, type, s, ids, known_length(s, is_immutable, ids, count)) > s->max)
		return jmap_fail(c, "tooManyChanges", NULL);
	json_object_end(&c->w);
	return JMAP_DONE;
}
