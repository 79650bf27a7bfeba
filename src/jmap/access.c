#include "jmap/access.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/id.h"

#define ACCESS_SHOWN (1u << ACL_RIGHTS_COUNT) /* beside the rights: the mailbox is shown */

/* What changes something. */
#define RIGHTS_TO_CHANGE (ACL_ALL & ~(unsigned)(ACL_LOOKUP | ACL_READ | ACL_POST))

struct acl_user
jmap_access_user(const struct jmap_access *x)
{
	return (struct acl_user){ .name = x->user->name, .groups = x->groups };
}

void
jmap_access_own(struct jmap_access *x, struct account *user, struct str groups)
{
	*x = (struct jmap_access){
		.account = account_ref(user),
		.user = user,
		.groups = groups,
		.is_owner = true,
	};
}

void
jmap_access_forget(struct jmap_access *x)
{
	x->is_known = false;
}

void
jmap_access_keep(struct jmap_access *x)
{
	x->modseq = x->account->modseq;
}

void
jmap_access_release(struct jmap_access *x)
{
	mem_free(x->rights);
	account_close(&x->account);
	*x = (struct jmap_access){ 0 };
}

enum fail
jmap_access_open(struct jmap_access *x, struct account *user, struct str groups,
    struct str account_id)
{
	struct acl_user who;
	uint64_t id;
	enum fail fail;

	*x = (struct jmap_access){ .user = user, .groups = groups };
	if (!id_parse(account_id, ID_ACCOUNT, &id))
		return FAIL_MISSING;
	if (id == user->id) {
		jmap_access_own(x, user, groups);
		return FAIL_NONE;
	}
	fail = account_find_id(user->mail, id, &x->account);
	if (fail)
		return fail;
	who = jmap_access_user(x);
	x->is_owner = acl_owns(x->account, &who);
	return x->is_owner || jmap_may_somewhere(x, ACCESS_SHOWN) ? FAIL_NONE : FAIL_MISSING;
}

/* --- rights -------------------------------------------------------------------------------------- */

/* A mailbox is shown with those above it. */
static void
show(struct jmap_access *x, const struct mailbox *m)
{
	for (unsigned depth = 0; m && depth < MAILBOX_DEPTH_MAX; depth++) {
		unsigned *rights = x->rights + mailbox_place(x->account, m->id);

		if (*rights & ACCESS_SHOWN)
			return;
		*rights |= ACCESS_SHOWN;
		m = m->parent ? mailbox_get(x->account, m->parent) : NULL;
	}
}

static void
load(struct jmap_access *x)
{
	struct account *a = x->account;
	struct acl_user who = jmap_access_user(x);

	x->count = a->mailbox_count;
	x->rights = mem_resize(x->rights, size_max(x->count, 1), sizeof(*x->rights));
	if (acl_rights_all(a, &who, x->rights) != FAIL_NONE)
		for (size_t i = 0; i < x->count; i++)
			x->rights[i] = 0;
	for (size_t i = 0; i < x->count; i++)
		if (x->rights[i] & (ACL_LOOKUP | ACL_READ))
			show(x, a->mailboxes[i]);
	x->modseq = a->modseq;
	x->is_known = true;
}

static void
look(struct jmap_access *x)
{
	if (!x->is_known || x->modseq != x->account->modseq ||
	    x->count != x->account->mailbox_count)
		load(x);
}

static unsigned
rights_and_shown(struct jmap_access *x, uint32_t mailbox)
{
	size_t at = mailbox_place(x->account, mailbox);

	if (at == x->account->mailbox_count || x->account->mailboxes[at]->id != mailbox)
		return 0;
	if (x->is_owner)
		return ACL_ALL | ACCESS_SHOWN;
	look(x);
	return x->rights[at];
}

unsigned
jmap_access_rights(struct jmap_access *x, uint32_t mailbox)
{
	return rights_and_shown(x, mailbox) & ACL_ALL;
}

bool
jmap_mailbox_is_shown(struct jmap_access *x, uint32_t mailbox)
{
	return rights_and_shown(x, mailbox) & ACCESS_SHOWN;
}

bool
jmap_may_somewhere(struct jmap_access *x, unsigned rights)
{
	if (x->is_owner)
		return true;
	look(x);
	for (size_t i = 0; i < x->count; i++)
		if ((x->rights[i] & rights) == rights)
			return true;
	return false;
}

bool
jmap_access_is_read_only(struct jmap_access *x)
{
	if (x->is_owner)
		return false;
	look(x);
	for (size_t i = 0; i < x->count; i++)
		if (x->rights[i] & RIGHTS_TO_CHANGE)
			return false;
	return true;
}

/* --- Emails -------------------------------------------------------------------------------------- */

bool
jmap_email_is_shown(struct jmap_access *x, const struct email *e)
{
	if (x->is_owner)
		return email_is_visible(e);
	for (size_t i = 0; i < e->member_count; i++)
		if (!e->members[i].is_deleted && jmap_may(x, e->members[i].mailbox, MAY_READ_ITEMS))
			return true;
	return false;
}

enum fail
jmap_email_look(struct jmap_access *x, uint64_t id, struct arena *arena)
{
	struct email *e;
	enum fail fail;

	if (x->is_owner)
		return FAIL_NONE;
	fail = email_get(x->account, id, arena, &e);
	if (fail)
		return fail;
	return jmap_email_is_shown(x, e) ? FAIL_NONE : FAIL_MISSING;
}
