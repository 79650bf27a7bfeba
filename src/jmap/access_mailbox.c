#include "jmap/access_mailbox.h"

/* rooms */
#include "mail/namespace.h"
#include "mail/subscription.h"

/* --- subscriptions: by path, with one's own account, where IMAP has them -------------------------- */

static void
path_write(struct jmap_call *c, const struct mailbox *m, struct buf *out)
{
	struct acl_user who = jmap_access_user(c->access);

	buf_init(out, 2 * ACCOUNT_NAME_MAX + (MAILBOX_NAME_MAX + 1) * (MAILBOX_DEPTH_MAX + 1));
	namespace_path_write(m, &who, out);
}

enum fail
jmap_mailbox_subscribed(struct jmap_call *c, const struct mailbox *m, bool *out)
{
	struct buf path;
	enum fail fail;

	*out = m->is_subscribed;
	if (c->access->account == c->access->user)
		return FAIL_NONE;
	path_write(c, m, &path);
	fail = subscription_find(c->access->user, buf_str(&path), out);
	buf_release(&path);
	return fail;
}

enum fail
jmap_mailbox_subscribe(struct jmap_call *c, const struct mailbox *m, bool is_subscribed)
{
	struct buf path;
	enum fail fail;

	path_write(c, m, &path);
	if (is_subscribed)
		fail = subscription_add(c->access->user, buf_str(&path));
	else
		fail = subscription_remove(c->access->user, buf_str(&path));
	buf_release(&path);
	return !is_subscribed && fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* --- rights -------------------------------------------------------------------------------------- */

static enum jmap_set_said
forbidden(struct jmap_set_error *e)
{
	return jmap_set_error(e, "forbidden", "Your rights do not allow that.");
}

enum jmap_set_said
jmap_may_create_below(struct jmap_call *c, uint32_t parent, struct jmap_set_error *e)
{
	if (c->access->is_owner)
		return SET_OK;
	if (parent && !jmap_mailbox_is_shown(c->access, parent))
		return jmap_set_invalid(e, STR("parentId"), "There is no such parent.");
	return parent && jmap_may(c->access, parent, MAY_CREATE_CHILD) ? SET_OK : forbidden(e);
}

enum jmap_set_said
jmap_may_give_role(struct jmap_call *c, struct jmap_set_error *e)
{
	return c->access->is_owner ? SET_OK : forbidden(e);
}

enum jmap_set_said
jmap_may_change(struct jmap_call *c, const struct mailbox *m, unsigned what,
    const struct mailbox_new *to, struct jmap_set_error *e)
{
	if (c->access->is_owner)
		return SET_OK;
	if (!jmap_mailbox_is_shown(c->access, m->id))
		return jmap_set_error(e, "notFound", NULL);
	if (what & ~(unsigned)MAILBOX_SET_SUBSCRIBED && !jmap_may(c->access, m->id, MAY_RENAME))
		return forbidden(e);
	if (what & MAILBOX_SET_ROLE && to->role != m->role)
		return jmap_may_give_role(c, e);
	if (what & MAILBOX_SET_PARENT && to->parent != m->parent)
		return jmap_may_create_below(c, to->parent, e);
	return SET_OK;
}

enum jmap_set_said
jmap_may_delete(struct jmap_call *c, const struct mailbox *m, struct jmap_set_error *e)
{
	if (!jmap_mailbox_is_shown(c->access, m->id))
		return jmap_set_error(e, "notFound", NULL);
	return jmap_may(c->access, m->id, MAY_DELETE) ? SET_OK : forbidden(e);
}
