/*
 * Email/get (RFC 8621 4.2).
 */
#include "jmap/email.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#define EMAIL_ARENA_MAX (16 * 1024 * 1024) /* bytes one Email may need while it is written */

struct email_getting {
	struct email_asked asked;
	struct arena arena; /* one Email at a time */
	struct email_scratch scratch;
	struct blob_wait wait;
	/* the one at hand */
	struct email_view view;
	bool is_open;
	struct json_writer before; /* what it began with .. */
	size_t mark;               /* .. and where */
};

/* ids null means all (RFC 8620 5.1), where they are not too many. */
static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	size_t max = JMAP_GET_MAX + 1;
	struct email_order *order = arena_alloc(&c->arena, max, sizeof(*order));
	enum fail fail;

	*ids_out = arena_alloc(&c->arena, max, sizeof(**ids_out));
	if (!order || !*ids_out)
		return FAIL_LIMIT;
	fail = email_ordered(c->account, true, NULL, order, max, count_out);
	if (fail)
		return fail;
	if (*count_out == max)
		return FAIL_LIMIT;
	max = *count_out;
	*count_out = 0;
	for (size_t i = 0; i < max && !fail; i++) {
		fail = jmap_email_look(c->access, order[i].id, &c->arena);
		if (fail == FAIL_NONE)
			(*ids_out)[(*count_out)++] = order[i].id;
		else if (fail == FAIL_MISSING)
			fail = FAIL_NONE;
	}
	return fail;
}

static bool
begin(struct jmap_call *c, const struct json *properties, void **more_out)
{
	struct email_getting *g = arena_alloc(&c->arena, 1, sizeof(*g));

	if (!g) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&g->arena, EMAIL_ARENA_MAX);
	*more_out = g;
	return email_asked_read(c, properties, false, &g->asked);
}

static void
one_begin(struct jmap_call *c, struct email_getting *g, uint64_t id)
{
	arena_reset(&g->arena);
	g->is_open = true;
	g->before = c->w;
	g->mark = buf_str(c->w.out).n;
	g->view = (struct email_view){
		.account = c->account,
		.access = c->access,
		.asked = &g->asked,
		.w = &c->w,
		.scratch = &g->scratch,
		.a = &g->arena,
		.id = id,
		.call = c,
		.wait = &g->wait,
	};
}

static void
one_end(struct email_getting *g)
{
	blob_unmap(&g->view.map);
	g->is_open = false;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	struct email_getting *g = more;
	enum fail fail;

	if (!g->is_open)
		one_begin(c, g, id);
	fail = email_write(&g->view);
	c->is_unfinished = fail == FAIL_NONE && g->view.is_unfinished;
	if (c->is_unfinished)
		return FAIL_NONE;
	one_end(g);
	if (!jmap_waits(c, &g->wait))
		blob_wait_release(&g->wait);
	if (fail != FAIL_PERM && !c->is_waiting)
		return fail;
	/*
	 * Its file is on its way: again then. Or it is lost or damaged: `staunch check` tells the owner, the client
	 * goes on.
	 */
	buf_truncate(c->w.out, g->mark);
	c->w = g->before;
	return FAIL_MISSING;
}

static void
end(void *more)
{
	struct email_getting *g = more;

	if (g->is_open)
		one_end(g);
	arena_release(&g->arena);
	email_scratch_release(&g->scratch);
	blob_wait_release(&g->wait);
}

static const struct jmap_get_type email_type = {
	.kind = ID_EMAIL,
	.change = CHANGE_EMAIL,
	.all = all,
	.begin = begin,
	.one = one,
	.end = end,
};

enum jmap_step
jmap_email_get(struct jmap_call *c)
{
	return jmap_get(c, &email_type);
}
