/*
 * Email/set (RFC 8621 4.6): Emails are created, their keywords and mailboxes change, Emails go.
 */
#include "jmap/access_email.h"
#include "jmap/email_create.h"
#include "jmap/email_patch.h"
#include "jmap/methods.h"

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

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	struct email_update change;
	enum jmap_set_said said = jmap_email_patch(c, patch, &change, e);
	enum fail fail;

	(void)more;
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
