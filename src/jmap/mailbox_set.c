/*
 * Mailbox/set (RFC 8621 2.5).
 */
#include "mail/mailbox.h"

/* rooms */
#include "jmap/access_mailbox.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"
#include "jmap/patch.h"
#include "jmap/set.h"
#include "jmap/share.h"

struct arguments {
	bool removes_emails; /* onDestroyRemoveEmails */
};

static bool
begin(struct jmap_call *c, void **more_out)
{
	struct arguments *arguments = arena_alloc(&c->arena, 1, sizeof(*arguments));

	if (!arguments) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	*more_out = arguments;
	return jmap_arg_bool(c, STR("onDestroyRemoveEmails"), false, &arguments->removes_emails);
}

/* parentId: Id|null; a "#name" not created yet waits. */
static enum jmap_set_said
take_parent(struct jmap_call *c, const struct json *v, uint32_t *out, struct jmap_set_error *e)
{
	struct str text, id;
	uint64_t n;

	*out = 0;
	if (json_is(v, JSON_NULL))
		return SET_OK;
	if (!json_get_text(v, &text))
		return jmap_set_invalid(e, STR("parentId"), "parentId is no Id.");
	id = jmap_created_find(c->run, text);
	if (!id.p) {
		jmap_set_invalid(e, STR("parentId"), "There is no such parent.");
		return SET_LATER;
	}
	if (!id_parse(id, ID_MAILBOX, &n) || n > UINT32_MAX ||
	    !mailbox_get(c->account, (uint32_t)n))
		return jmap_set_invalid(e, STR("parentId"), "There is no such parent.");
	*out = (uint32_t)n;
	return SET_OK;
}

static enum jmap_set_said
take_role(const struct json *v, enum mailbox_role *out, struct jmap_set_error *e)
{
	struct str text;

	*out = MAILBOX_ROLE_NONE;
	if (json_is(v, JSON_NULL))
		return SET_OK;
	if (!json_get_text(v, &text) || str_empty(text) || !mailbox_role_parse(text, out))
		return jmap_set_invalid(e, STR("role"), "There is no such role.");
	return SET_OK;
}

/* What no client sets; `m` is NULL in a creation. */
static enum jmap_set_said
take_other(struct jmap_call *c, const struct mailbox *m, const struct json_member *member,
    struct jmap_set_error *e)
{
	static const char text[] = "The server sets this, or knows no such.";
	bool is_same;

	if (!m)
		return jmap_set_invalid(e, member->name, text);
	if (jmap_patch_is_same(c, member, jmap_mailbox_write, m->id, &is_same))
		return jmap_set_failed(c);
	return is_same ? SET_OK : jmap_patch_refuse(member, text, e);
}

/* One property of a creation or a patch. */
static enum jmap_set_said
take_property(struct jmap_call *c, const struct mailbox *m, const struct json_member *member,
    struct mailbox_new *to, unsigned *what, struct jmap_set_error *e)
{
	const struct json *v = &member->value;
	int64_t n;

	if (str_eq(member->name, STR("name"))) {
		*what |= MAILBOX_SET_NAME;
		if (!json_get_text(v, &to->name))
			return jmap_set_invalid(e, member->name, "The name is no text.");
	} else if (str_eq(member->name, STR("parentId"))) {
		*what |= MAILBOX_SET_PARENT;
		return take_parent(c, v, &to->parent, e);
	} else if (str_eq(member->name, STR("role"))) {
		*what |= MAILBOX_SET_ROLE;
		return take_role(v, &to->role, e);
	} else if (str_eq(member->name, STR("sortOrder"))) {
		*what |= MAILBOX_SET_SORT_ORDER;
		n = 0;
		if (!json_is(v, JSON_NULL) && /* which is the default, RFC 8621 2 */
		    (!json_get_int(v, &n) || n < 0 || n > INT32_MAX))
			return jmap_set_invalid(e, member->name, "sortOrder is 0 .. 2^31-1.");
		to->sort_order = (uint32_t)n;
	} else if (str_eq(member->name, STR("isSubscribed"))) {
		*what |= MAILBOX_SET_SUBSCRIBED;
		if (!json_get_bool(v, &to->is_subscribed))
			return jmap_set_invalid(e, member->name, "isSubscribed is a Boolean.");
	} else {
		return take_other(c, m, member, e);
	}
	return SET_OK;
}

static enum jmap_set_said
take_properties(struct jmap_call *c, const struct mailbox *m, const struct json *object,
    struct mailbox_new *to, unsigned *what, struct share *share, struct jmap_set_error *e)
{
	bool has_share = c->run->request->using & CAPABILITY_SHARE;
	enum jmap_set_said said = SET_OK;

	for (uint32_t i = 0; i < object->count && jmap_set_goes_on(said, e); i++) {
		const struct json_member *member = &object->members[i];
		enum jmap_set_said one;

		if (has_share && share_is_asked(member->name))
			one = share_take(c, m, member, share, e);
		else
			one = take_property(c, m, member, to, what, e);
		said = jmap_set_both(said, one);
	}
	return said;
}

/* What the room below refused, in JMAP's words; `m` is NULL in a creation. */
static enum jmap_set_said
refused(struct jmap_call *c, const struct mailbox *m, enum fail fail, const struct mailbox_new *to,
    struct jmap_set_error *e)
{
	const struct mailbox *twin;

	switch (fail) {
	case FAIL_SYNTAX: return jmap_set_invalid(e, STR("name"), "This name is not allowed.");
	case FAIL_MISSING: return jmap_set_error(e, "notFound", NULL);
	case FAIL_PERM:
		if (m && m->role != MAILBOX_ROLE_INBOX)
			return jmap_set_invalid(e, STR("parentId"), "Nothing goes below itself.");
		return jmap_set_error(e, "forbidden", "The Inbox stays as it is.");
	case FAIL_LIMIT: return jmap_set_error(e, "overQuota", "Too many mailboxes, or too deep.");
	case FAIL_DENIED:
		twin = mailbox_child(c->account, to->parent, to->name);
		if (!twin)
			return jmap_set_invalid(e, STR("role"), "Another mailbox has this role.");
		e->existing_kind = ID_MAILBOX;
		e->existing_id = jmap_mailbox_is_shown(c->access, twin->id) ? twin->id : 0;
		jmap_set_invalid(e, STR("name"), NULL);
		return jmap_set_error(e, "alreadyExists", "Another mailbox there has this name.");
	case FAIL_NONE:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return jmap_set_failed(c);
}

/* It has the rights of its parent (RFC 4314 4), when the owner says nothing else. The subscription is the user's own. */
static enum fail
create_here(struct jmap_call *c, struct mailbox_new *to, bool inherits, uint32_t *id_out)
{
	bool is_own = c->account == c->access->user, is_subscribed = to->is_subscribed;
	enum fail fail;

	to->is_subscribed = is_own && is_subscribed;
	fail = mailbox_create(c->account, to, id_out);
	if (fail == FAIL_NONE && to->parent && inherits)
		fail = acl_inherit(c->account, to->parent, *id_out);
	if (fail == FAIL_NONE && !is_own && is_subscribed)
		fail = jmap_mailbox_subscribe(c, mailbox_get(c->account, *id_out), true);
	return fail;
}

static enum jmap_set_said
create(struct jmap_call *c, void *more, const struct json *object, uint64_t *id_out,
    struct jmap_set_error *e)
{
	struct mailbox_new to = { 0 };
	struct share share = { 0 };
	unsigned what = 0;
	uint32_t id;
	enum jmap_set_said said = take_properties(c, NULL, object, &to, &what, &share, e);
	enum fail fail;

	(void)more;
	if (!(what & MAILBOX_SET_NAME) && jmap_set_goes_on(said, e))
		said = jmap_set_both(said, jmap_set_invalid(e, STR("name"), "A name is needed."));
	if (said != SET_OK)
		return said;
	said = jmap_may_create_below(c, to.parent, e);
	if (said == SET_OK && to.role != MAILBOX_ROLE_NONE)
		said = jmap_may_give_role(c, e);
	if (said == SET_OK)
		said = share_check(c, to.parent, &share, e);
	if (said != SET_OK)
		return said;
	fail = create_here(c, &to, !share.entries || !c->access->is_owner, &id);
	if (fail)
		return refused(c, NULL, fail, &to, e);
	*id_out = id;
	return share_apply(c, id, &share, e);
}

static enum fail
created(struct jmap_call *c, void *more, uint64_t id)
{
	(void)more;
	return jmap_mailbox_write(c, id);
}

/* A patch that is the whole Mailbox asks for no more rights than for what is different in it. */
static unsigned
changed(const struct mailbox *m, unsigned what, const struct mailbox_new *to)
{
	unsigned same = 0;

	if (to->parent == m->parent)
		same |= MAILBOX_SET_PARENT;
	if (what & MAILBOX_SET_NAME && str_eq(to->name, m->name))
		same |= MAILBOX_SET_NAME;
	if (to->role == m->role)
		same |= MAILBOX_SET_ROLE;
	if (to->sort_order == m->sort_order)
		same |= MAILBOX_SET_SORT_ORDER;
	return what & ~same;
}

/* Whatever may be refused comes first: all of it is done or nothing. */
static enum fail
update_here(struct jmap_call *c, const struct mailbox *m, unsigned what,
    const struct mailbox_new *to)
{
	bool subscribes = c->account != c->access->user && what & MAILBOX_SET_SUBSCRIBED;
	uint32_t id = m->id;
	enum fail fail = FAIL_NONE;

	if (subscribes)
		what &= ~(unsigned)MAILBOX_SET_SUBSCRIBED;
	if (what)
		fail = mailbox_update(c->account, id, what, to);
	if (fail == FAIL_NONE && subscribes)
		fail = jmap_mailbox_subscribe(c, mailbox_get(c->account, id), to->is_subscribed);
	return fail;
}

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	const struct mailbox *m = id <= UINT32_MAX ? mailbox_get(c->account, (uint32_t)id) : NULL;
	struct mailbox_new to;
	struct share share = { 0 };
	unsigned what = 0;
	enum jmap_set_said said;
	enum fail fail;

	(void)more;
	if (!m || !jmap_mailbox_is_shown(c->access, m->id))
		return jmap_set_error(e, "notFound", NULL);
	to = (struct mailbox_new){ .parent = m->parent, .name = m->name, .role = m->role };
	said = take_properties(c, m, patch, &to, &what, &share, e);
	what = changed(m, what, &to);
	if (said == SET_OK)
		said = jmap_may_change(c, m, what, &to, e);
	if (said == SET_OK)
		said = share_check(c, (uint32_t)id, &share, e);
	if (said != SET_OK)
		return said;
	fail = what ? update_here(c, m, what, &to) : FAIL_NONE;
	if (fail == FAIL_NONE)
		return share_apply(c, (uint32_t)id, &share, e);
	said = refused(c, m, fail, &to, e);
	/* patches have no order: another one of this call may make way, a name, a role or a place */
	return fail == FAIL_DENIED || fail == FAIL_PERM ? SET_LATER : said;
}

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	const struct arguments *arguments = more;
	const struct mailbox *m = id <= UINT32_MAX ? mailbox_get(c->account, (uint32_t)id) : NULL;
	enum jmap_set_said said;
	enum fail fail;

	if (!m || m->is_dead)
		return jmap_set_error(e, "notFound", NULL);
	said = jmap_may_delete(c, m, e);
	if (said != SET_OK)
		return said;
	if (mailbox_has_children(c->account, (uint32_t)id)) {
		jmap_set_error(e, "mailboxHasChild", NULL);
		return SET_LATER; /* the child may go in the same call */
	}
	fail = mailbox_delete(c->account, (uint32_t)id, arguments->removes_emails);
	if (fail == FAIL_DENIED)
		return jmap_set_error(e, "mailboxHasEmail", NULL);
	return fail ? refused(c, m, fail, &(struct mailbox_new){ 0 }, e) : SET_OK;
}

static const struct jmap_set_type mailbox_set_type = {
	.kind = ID_MAILBOX,
	.change = CHANGE_MAILBOX,
	.begin = begin,
	.create = create,
	.created = created,
	.update = update,
	.destroy = destroy,
};

enum jmap_step
jmap_mailbox_set(struct jmap_call *c)
{
	return jmap_set(c, &mailbox_set_type);
}
