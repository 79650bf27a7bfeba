#include "jmap/access_email.h"

static enum jmap_set_said
forbidden(struct jmap_set_error *e)
{
	return jmap_set_error(e, "forbidden", "Your rights in this mailbox do not allow that.");
}

/* The rights that changing these keywords needs. */
static unsigned
keyword_rights(uint64_t keywords)
{
	return (keywords & FLAG_SEEN ? MAY_SET_SEEN : 0) |
	    (keywords & ~FLAG_SEEN ? MAY_SET_KEYWORDS : 0);
}

/* One mailbox that an Email is to be added to. */
static enum jmap_set_said
add_check(struct jmap_call *c, uint32_t mailbox, unsigned rights, struct jmap_set_error *e)
{
	if (!jmap_mailbox_is_shown(c->access, mailbox))
		return jmap_set_invalid(e, STR("mailboxIds"), "There is no such mailbox.");
	return jmap_may(c->access, mailbox, rights) ? SET_OK : forbidden(e);
}

enum jmap_set_said
jmap_may_add(struct jmap_call *c, const struct email_new *new, struct jmap_set_error *e)
{
	unsigned rights = MAY_ADD_ITEMS | keyword_rights(new->flags);
	enum jmap_set_said said = SET_OK;

	for (size_t i = 0; !c->access->is_owner && said == SET_OK && i < new->mailbox_count; i++)
		said = add_check(c, new->mailboxes[i], rights, e);
	return said;
}

/* The Email, when it is shown to the user. */
static enum jmap_set_said
load(struct jmap_call *c, uint64_t id, struct email **out, struct jmap_set_error *e)
{
	enum fail fail = email_get(c->account, id, &c->arena, out);

	if (fail == FAIL_MISSING || (fail == FAIL_NONE && !jmap_email_is_shown(c->access, *out)))
		return jmap_set_error(e, "notFound", NULL);
	if (fail == FAIL_NONE)
		return SET_OK;
	return jmap_set_failed(c);
}

static bool
has(const uint32_t *ids, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool
is_in(const struct email *email, uint32_t mailbox)
{
	for (size_t i = 0; i < email->member_count; i++)
		if (email->members[i].mailbox == mailbox && !email->members[i].is_deleted)
			return true;
	return false;
}

/* .. and the user may know that. */
static bool
is_seen_in(struct jmap_call *c, const struct email *email, uint32_t mailbox)
{
	return is_in(email, mailbox) && jmap_may(c->access, mailbox, MAY_READ_ITEMS);
}

/* One that it is to be taken out of: the answer does not tell whether it is in a mailbox that the user may not read. */
static enum jmap_set_said
remove_check(struct jmap_call *c, const struct email *email, uint32_t mailbox,
    struct jmap_set_error *e)
{
	if (!jmap_mailbox_is_shown(c->access, mailbox))
		return jmap_set_invalid(e, STR("mailboxIds"), "There is no such mailbox.");
	if (jmap_may(c->access, mailbox, MAY_READ_ITEMS) && !is_in(email, mailbox))
		return SET_OK;
	return jmap_may(c->access, mailbox, MAY_REMOVE_ITEMS) ? SET_OK : forbidden(e);
}

/* "mailboxIds" as a whole names what is shown: what it leaves out is removed from there. */
static enum jmap_set_said
spare_hidden(struct jmap_call *c, const struct email *email, struct email_update *update)
{
	uint32_t *remove = arena_alloc(&c->arena, email->member_count + 1, sizeof(*remove));
	size_t count = 0;

	if (!remove) {
		jmap_fail_with(c, FAIL_LIMIT);
		return SET_FAIL;
	}
	for (size_t i = 0; i < email->member_count; i++) {
		uint32_t mailbox = email->members[i].mailbox;

		if (!email->members[i].is_deleted && !has(remove, count, mailbox) &&
		    jmap_may(c->access, mailbox, MAY_READ_ITEMS) &&
		    !has(update->mailboxes_add, update->mailboxes_add_count, mailbox))
			remove[count++] = mailbox;
	}
	update->replace_mailboxes = false;
	update->mailboxes_remove = remove;
	update->mailboxes_remove_count = count;
	return SET_OK;
}

/* Keywords belong to the Email: the right is needed in all its mailboxes, also in those not shown. */
static enum jmap_set_said
keywords_check(struct jmap_call *c, const struct email *email, const struct email_update *update,
    struct jmap_set_error *e)
{
	uint64_t now = (email->keywords & ~update->keywords_remove) | update->keywords_add;
	unsigned rights = keyword_rights(now ^ email->keywords);

	for (size_t i = 0; i < email->member_count; i++)
		if (!email->members[i].is_deleted &&
		    !jmap_may(c->access, email->members[i].mailbox, rights))
			return forbidden(e);
	return SET_OK;
}

enum jmap_set_said
jmap_may_update(struct jmap_call *c, uint64_t id, struct email_update *update,
    struct jmap_set_error *e)
{
	enum jmap_set_said said;
	struct email *email;

	if (c->access->is_owner)
		return SET_OK;
	said = load(c, id, &email, e);
	if (said == SET_OK && update->replace_mailboxes)
		said = spare_hidden(c, email, update);
	for (size_t i = 0; said == SET_OK && i < update->mailboxes_add_count; i++)
		if (!is_seen_in(c, email, update->mailboxes_add[i]))
			said = add_check(c, update->mailboxes_add[i], MAY_ADD_ITEMS, e);
	for (size_t i = 0; said == SET_OK && i < update->mailboxes_remove_count; i++)
		said = remove_check(c, email, update->mailboxes_remove[i], e);
	return said == SET_OK ? keywords_check(c, email, update, e) : said;
}

enum jmap_set_said
jmap_may_destroy(struct jmap_call *c, uint64_t id, struct jmap_set_error *e)
{
	enum jmap_set_said said;
	struct email *email;

	if (c->access->is_owner)
		return SET_OK;
	said = load(c, id, &email, e);
	for (size_t i = 0; said == SET_OK && i < email->member_count; i++)
		if (!jmap_may(c->access, email->members[i].mailbox, MAY_REMOVE_ITEMS))
			said = forbidden(e);
	return said;
}
