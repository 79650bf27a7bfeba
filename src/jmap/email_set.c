/*
 * Email/set (RFC 8621 4.6): Emails are created, their keywords and mailboxes change, Emails go.
 */
#include "jmap/access_email.h"
#include "jmap/email_create.h"
#include "jmap/email.h"
#include "jmap/email_patch.h"
#include "jmap/methods.h"
#include "jmap/patch.h"

static enum jmap_set_said
refused(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	switch (fail) {
	case FAIL_MISSING: return jmap_set_error(e, "notFound", NULL);
	case FAIL_PERM: return jmap_set_invalid(e, STR("mailboxIds"), "There is no such mailbox.");
	case FAIL_DENIED:
		return jmap_set_invalid(e, STR("mailboxIds"),
		    "An Email is in at least one mailbox.");
	case FAIL_LIMIT: return jmap_set_error(e, "tooManyMailboxes", NULL);
	case FAIL_NONE:
	case FAIL_SYNTAX:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return jmap_set_failed(c);
}

static bool
may_change(struct str path)
{
	struct str property = path;

	(void)!str_take_until(&path, '/', &property);
	return str_eq(property, STR("keywords")) || str_eq(property, STR("mailboxIds"));
}

/* The patch without what it says as it is; of what is different the first is enough to refuse all. */
static enum jmap_set_said
without_same(struct jmap_call *c, uint64_t id, const struct json *patch, struct json *out,
    struct jmap_set_error *e)
{
	struct json_member *members =
	    arena_alloc(&c->arena, (size_t)patch->count + 1, sizeof(*members));
	bool is_same = true;
	enum fail fail;

	*out = (struct json){ .type = JSON_OBJECT, .members = members };
	if (!members)
		return jmap_set_failed(c);
	for (uint32_t i = 0; i < patch->count; i++) {
		const struct json_member *m = &patch->members[i];

		if (is_same && !may_change(m->name)) {
			fail = jmap_patch_is_same(c, m, email_write_outline, id, &is_same);
			if (fail)
				return fail == FAIL_MISSING ? refused(c, fail, e)
							    : jmap_set_failed(c);
			if (is_same)
				continue;
		}
		members[out->count++] = *m;
	}
	return SET_OK;
}

static bool
is_missing(struct jmap_call *c, uint64_t id)
{
	struct email *email;
	enum fail fail = email_get(c->account, id, &c->arena, &email);

	return fail == FAIL_MISSING || (!fail && !jmap_email_is_shown(c->access, email));
}

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	struct email_update change;
	struct json rest;
	enum jmap_set_said said = without_same(c, id, patch, &rest, e);
	enum fail fail;

	(void)more;
	if (said == SET_OK)
		said = jmap_email_patch(c, &rest, &change, e);
	if (said == SET_ERROR && is_missing(c, id)) { /* whatever the patch (RFC 8620 5.3) */
		*e = (struct jmap_set_error){ .type = NULL };
		return refused(c, FAIL_MISSING, e);
	}
	if (said == SET_OK)
		said = jmap_may_update(c, id, &change, e);
	if (said != SET_OK)
		return said;
	fail = email_update(c->account, id, &change);
	return fail ? refused(c, fail, e) : SET_OK;
}

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	enum jmap_set_said said = jmap_may_destroy(c, id, e);
	enum fail fail;

	(void)more;
	if (said != SET_OK)
		return said;
	fail = email_destroy(c->account, id);
	return fail ? refused(c, fail, e) : SET_OK;
}

static const struct jmap_set_type email_set_type = {
	.kind = ID_EMAIL,
	.change = CHANGE_EMAIL,
	.begin = email_create_begin,
	.create = email_create,
	.created = email_created,
	.update = update,
	.destroy = destroy,
	.end = email_create_end,
};

enum jmap_step
jmap_email_set(struct jmap_call *c)
{
	return jmap_set(c, &email_set_type);
}
