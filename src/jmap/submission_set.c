/*
 * EmailSubmission/set (RFC 8621 7.5), and the Email/set that follows from it.
 */
#include "mail/submission.h"

/* rooms */
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/patch.h"
#include "jmap/private.h"
#include "jmap/submission.h"

struct success { /* a submission that was created, updated or destroyed, and its Email */
	uint64_t id, email_id;
};

struct arguments {
	struct jmap_submitting submitting;
	const struct json *update,
	    *destroy;              /* onSuccessUpdateEmail, onSuccessDestroyEmail; or NULL */
	struct success *successes; /* arena */
	size_t success_count;
};

/* What follows may not be more than one call may ask for. */
static bool
is_allowed(struct jmap_call *c, const struct json *v)
{
	if (!v || v->count <= JMAP_SET_MAX)
		return true;
	jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
	return false;
}

static bool
begin(struct jmap_call *c, void **more_out)
{
	struct arguments *a = arena_alloc(&c->arena, 1, sizeof(*a));

	if (a)
		a->successes = arena_alloc(&c->arena, JMAP_SET_MAX, sizeof(*a->successes));
	if (!a || !a->successes) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	*more_out = a;
	a->update = jmap_arg(c->args, STR("onSuccessUpdateEmail"));
	if (a->update && !json_is(a->update, JSON_OBJECT)) {
		jmap_invalid(c, "onSuccessUpdateEmail is no object.");
		return false;
	}
	for (uint32_t i = 0; a->update && i < a->update->count; i++)
		if (!json_is(&a->update->members[i].value, JSON_OBJECT)) {
			jmap_invalid(c, "A patch of onSuccessUpdateEmail is no object.");
			return false;
		}
	return jmap_arg_texts(c, STR("onSuccessDestroyEmail"), &a->destroy) &&
	    is_allowed(c, a->update) && is_allowed(c, a->destroy);
}

static void
note(struct arguments *a, uint64_t id, uint64_t email_id)
{
	if (a->success_count < JMAP_SET_MAX)
		a->successes[a->success_count++] = (struct success){ id, email_id };
}

static enum jmap_set_said
refused(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	if (fail == FAIL_MISSING)
		return jmap_set_error(e, "notFound", NULL);
	if (fail == FAIL_DENIED)
		return jmap_set_error(e, "cannotUnsend",
		    "Somebody has it already, or is about to.");
	return jmap_set_failed(c);
}

/* --- create ---------------------------------------------------------------------------------------------- */

static enum jmap_set_said
create(struct jmap_call *c, void *more, const struct json *object, uint64_t *id_out,
    struct jmap_set_error *e)
{
	struct arguments *a = more;

	return jmap_submitting_run(c, &a->submitting, object, id_out, e);
}

static enum fail
created(struct jmap_call *c, void *more, uint64_t id)
{
	struct submission *s;
	enum fail fail = submission_get(c->account, id, &c->arena, &s);

	if (fail)
		return fail;
	note(more, id, s->email_id);
	return jmap_submission_write_new(c, id);
}

/* --- update ---------------------------------------------------------------------------------------------- */

static enum fail
cancel(struct jmap_call *c, const struct submission *s)
{
	const struct jmap *j = c->run->host.jmap;
	uint64_t ids[2];
	size_t count = 0;
	enum fail fail;

	if (s->undo != SUBMISSION_PENDING || !j || !j->house.queue)
		return FAIL_DENIED;
	for (size_t i = 0; i < 2; i++)
		if (s->queue_ids[i] != 0)
			ids[count++] = s->queue_ids[i];
	fail = queue_withdraw(j->house.queue, ids, count);
	if (fail) /* gone from the queue means that it is settled */
		return fail == FAIL_MISSING ? FAIL_DENIED : fail;
	return submission_cancel(c->account, s->id);
}

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	struct submission *s;
	bool is_canceled = false, is_same;
	struct str text;
	enum fail fail = submission_get(c->account, id, &c->arena, &s);

	if (fail)
		return refused(c, fail, e);
	for (uint32_t i = 0; i < patch->count; i++) {
		const struct json_member *m = &patch->members[i];

		fail = jmap_patch_is_same(c, m, jmap_submission_write, id, &is_same);
		if (fail)
			return refused(c, fail, e);
		if (is_same)
			continue;
		if (!str_eq(m->name, STR("undoStatus")) || !json_get_text(&m->value, &text) ||
		    !str_eq(text, STR("canceled")))
			return jmap_patch_refuse(m, "Only undoStatus may become canceled.", e);
		is_canceled = true;
	}
	if (is_canceled)
		fail = cancel(c, s);
	if (fail)
		return refused(c, fail, e);
	note(more, id, s->email_id);
	return SET_OK;
}

/* --- destroy --------------------------------------------------------------------------------------------- */

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	struct submission *s;
	enum fail fail = submission_get(c->account, id, &c->arena, &s);
	uint64_t email_id = fail ? 0 : s->email_id;

	if (fail == FAIL_NONE || fail == FAIL_PERM) /* a damaged one may go, too */
		fail = submission_remove(c->account, id);
	if (fail)
		return refused(c, fail, e);
	note(more, id, email_id);
	return SET_OK;
}

/* --- the Email/set behind it ----------------------------------------------------------------------------- */

/* The Email of a submission ("#name" too) that this call had success with, or 0. */
static uint64_t
email_of(const struct jmap_call *c, const struct arguments *a, struct str text)
{
	struct str id = jmap_created_find(c->run, text);
	uint64_t n;

	if (!id.p || !id_parse(id, ID_SUBMISSION, &n))
		return 0;
	for (size_t i = 0; i < a->success_count; i++)
		if (a->successes[i].id == n)
			return a->successes[i].email_id;
	return 0;
}

static struct json
email_value(struct arena *arena, uint64_t id)
{
	struct id_text text = id_text(ID_EMAIL, id);

	return (struct json){ .type = JSON_STRING, .text = arena_str(arena, id_str(&text)) };
}

/* update: Id[PatchObject]; two submissions of one Email with a patch each: the first one counts. */
static struct json
make_update(struct jmap_call *c, const struct arguments *a)
{
	struct arena *arena = &c->run->arena;
	struct json v = { .type = JSON_OBJECT };
	uint32_t max = a->update ? a->update->count : 0;
	struct json_member *members = arena_alloc(arena, (size_t)max + 1, sizeof(*members));
	uint64_t *seen = arena_alloc(&c->arena, (size_t)max + 1, sizeof(*seen));

	for (uint32_t i = 0; members && seen && i < max; i++) {
		uint64_t email = email_of(c, a, a->update->members[i].name);
		bool is_new = email != 0;

		for (uint32_t k = 0; k < v.count; k++)
			is_new &= seen[k] != email;
		if (!is_new)
			continue;
		seen[v.count] = email;
		members[v.count].name = email_value(arena, email).text;
		members[v.count++].value = a->update->members[i].value;
	}
	v.members = members;
	return v;
}

static struct json
make_destroy(struct jmap_call *c, const struct arguments *a)
{
	struct arena *arena = &c->run->arena;
	struct json v = { .type = JSON_ARRAY };
	uint32_t max = a->destroy ? a->destroy->count : 0;
	struct json *items = arena_alloc(arena, (size_t)max + 1, sizeof(*items));

	for (uint32_t i = 0; items && i < max; i++) {
		uint64_t email = email_of(c, a, a->destroy->items[i].text);

		if (email != 0)
			items[v.count++] = email_value(arena, email);
	}
	v.items = items;
	return v;
}

/* --- the method ------------------------------------------------------------------------------------------ */

/* RFC 8621 7.5: one implicit call for both arguments; none when nothing came of them, or the arena is full. */
static void
done(struct jmap_call *c, void *more)
{
	struct json update = make_update(c, more), destroy = make_destroy(c, more);

	if (update.count + destroy.count > 0)
		(void)!jmap_follow_email_set(c, update, destroy);
}

static void
end(void *more)
{
	struct arguments *a = more;

	jmap_submitting_reset(&a->submitting);
}

static const struct jmap_set_type submission_set_type = {
	.kind = ID_SUBMISSION,
	.change = CHANGE_SUBMISSION,
	.begin = begin,
	.create = create,
	.created = created,
	.update = update,
	.destroy = destroy,
	.done = done,
	.end = end,
};

enum jmap_step
jmap_submission_set(struct jmap_call *c)
{
	if (!c->state && !jmap_identities_ready(c))
		return JMAP_DONE;
	return jmap_set(c, &submission_set_type);
}
